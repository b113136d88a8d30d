import type { CallTimes } from "../connectors/connector.ts";
import { readNow } from "../store/clock.ts";
import type { Db } from "../store/database.ts";

/** Apart by less than this, in ms, two clocks are taken for one. */
const SAME_CLOCK_MS = 50;

/**
 * Turns the times of calls, told by the clock of this process, into the database's, by which all readings are compared
 * (rules R6, R35): another process's clock, or one that a test has set, makes no reading older or newer than it is.
 * Asked for after the calls.
 */
export async function databaseTimes(sql: Db): Promise<(times: CallTimes) => { beganAt: number; receivedAt: number }> {
  const before = Date.now();
  const now = await readNow(sql);
  const after = Date.now();
  const apart = now - (before + after) / 2;
  const offset = Math.abs(apart) <= SAME_CLOCK_MS + after - before ? 0 : apart;
  return ({ beganAt, endedAt }) => ({ beganAt: beganAt.getTime() + offset, receivedAt: endedAt.getTime() + offset });
}

import { ConnectionError, RetryableError } from "../lib/errors.ts";
import { noteAnswer, noteFault } from "../store/connections.ts";
import { findStale } from "../store/refreshing.ts";
import type { Deps } from "./deps.ts";
import { followFeed } from "./follow-feed.ts";
import { readLinked } from "./read-linked.ts";
import { callsLeft } from "./spending.ts";
import { termsOf } from "./terms.ts";

const BATCH = 50;
const IN_TIME = 0.8;

/**
 * Reads the objects of a directory again that records are linked to: what its feed says is loaded anew, then the rest,
 * oldest and most valuable first, within the budget of the day: calls really made, and what they cost (S80). What they show
 * is decided like every reading: `maaOpdateresAutomatisk` and manual edits are respected there, and what is not taken is a
 * proposal (rule R15). A spent budget, a quota or an outage ends it for now; the next turn goes on.
 */
export async function refresh(
  deps: Deps,
  connection: string,
  object: string,
  runId: number,
): Promise<{ read: number }> {
  const { sql } = deps.db;
  const terms = termsOf(deps, connection);
  const { afterMs: wished } = deps.connection(connection).refresh;
  // What may be stored for a time only is read again well before it ends.
  const storeMs = terms?.storeMs ?? Number.POSITIVE_INFINITY;
  const afterMs = Math.min(wished, storeMs * IN_TIME);
  const feed = await followFeed(deps, { connection, object, runId });
  let read = feed.read;
  let stopped = feed.stopped;
  const limit = stopped === undefined ? await callsLeft(deps, connection) : 0;
  const stale = limit <= 0 ? [] : await findStale(sql, { connection, object, afterMs, limit });
  for (let at = 0; at < stale.length && stopped === undefined; at += BATCH) {
    const externalIds = stale.slice(at, at + BATCH).map(({ externalId }) => externalId);
    const part = await readLinked(deps, { connection, object, runId, externalIds });
    read += part.answered;
    stopped = part.stopped;
  }
  if (stopped !== undefined) {
    // A budget that is spent is no fault: status shows what was spent.
    const isSpent = stopped instanceof RetryableError && stopped.code === "budget_used_up";
    if (!isSpent) await noteFault(sql, connection, "code" in stopped ? String(stopped.code) : "fault");
    if (stopped instanceof ConnectionError) throw stopped;
    deps.log.info("refresh.postponed", { connection, object, read, error: stopped });
    return { read };
  }
  if (read > 0) await noteAnswer(sql, connection, null);
  return { read };
}

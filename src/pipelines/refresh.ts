import { ConnectionError, RetryableError } from "../lib/errors.ts";
import { loadWriteCountsOf } from "../store/absence.ts";
import { readNow } from "../store/clock.ts";
import { noteAnswer, noteFault } from "../store/connections.ts";
import { findStale, noteRead } from "../store/refreshing.ts";
import { confirmGone } from "./absence.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";
import { receive } from "./receive.ts";
import { callsLeft } from "./spending.ts";
import { termsOf } from "./terms.ts";

const BATCH = 50;
const IN_TIME = 0.8;

/**
 * Reads the objects of a directory again that records are linked to, oldest and most valuable first, within the budget of
 * the day: calls really made, and what they cost (S80). What they show is decided like every reading: `maaOpdateresAutomatisk` and manual edits are respected
 * there, and what is not taken is a proposal (rule R15). A spent budget, a quota or an outage ends it for now; the next turn goes on.
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
  const left = await callsLeft(deps, connection);
  if (left <= 0) return { read: 0 };
  const stale = await findStale(sql, { connection, object, afterMs, limit: left });
  let read = 0;
  for (let at = 0; at < stale.length; at += BATCH) {
    const part = stale.slice(at, at + BATCH).map(({ externalId }) => externalId);
    const { answered, stopped } = await readPart(deps, { connection, object, runId, externalIds: part });
    read += answered;
    if (stopped === undefined) continue;
    // A budget that is spent is no fault: status shows what was spent.
    const isSpent = stopped instanceof RetryableError && stopped.code === "budget_used_up";
    if (!isSpent) await noteFault(sql, connection, "code" in stopped ? String(stopped.code) : "fault");
    if (stopped instanceof ConnectionError) throw stopped;
    deps.log.info("refresh.postponed", { connection, object, read, left: stale.length - read, error: stopped });
    return { read };
  }
  if (read > 0) await noteAnswer(sql, connection, null);
  return { read };
}

async function readPart(
  deps: Deps,
  wanted: { connection: string; object: string; runId: number; externalIds: readonly string[] },
): Promise<{ answered: number; stopped: Error | undefined }> {
  const { connection, object, runId, externalIds } = wanted;
  const { sql } = deps.db;
  const client = deps.clientOf(connection, "budgeted");
  const writeCounts = await loadWriteCountsOf(sql, connection, object, externalIds);
  const beganAt = new Date(await readNow(sql));
  const shown: { externalId: string; data: Record<string, unknown>; version?: string }[] = [];
  const gone: string[] = [];
  const unreadable: string[] = [];
  let stopped: Error | undefined;
  await eachAtOnce(
    deps,
    connection,
    externalIds,
    async (externalId) => {
      if (stopped !== undefined) return;
      const answer = await client.get(object, externalId);
      if ("gone" in answer) gone.push(externalId);
      else {
        const { image, version } = answer.object;
        shown.push({ externalId, data: image, ...(version === undefined ? {} : { version }) });
      }
    },
    (externalId, error) => {
      if (error instanceof RetryableError || error instanceof ConnectionError) stopped ??= error;
      else {
        // This one alone cannot be read: it waits its time like the others, and holds nobody up.
        unreadable.push(externalId);
        deps.log.warn("refresh.unreadable", { connection, object, error });
      }
    },
  );
  if (shown.length > 0) await receive(deps, { connection, object, via: "read", runId, beganAt, writeCounts }, shown);
  await confirmGone(deps, connection, object, gone, runId);
  const answered = [...shown.map(({ externalId }) => externalId), ...gone, ...unreadable];
  await noteRead(sql, connection, object, answered);
  return { answered: answered.length, stopped };
}

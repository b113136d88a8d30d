import { ConnectionError, RetryableError } from "../lib/errors.ts";
import { loadWriteCountsOf } from "../store/absence.ts";
import { readNow } from "../store/clock.ts";
import { noteRead } from "../store/refreshing.ts";
import { confirmGone } from "./absence.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";
import { receive } from "./receive.ts";

/**
 * Reads linked objects of a directory by their ids, within the budget of the day, and takes what they show in. A budget that
 * is spent, a quota or an outage is `stopped`: the rest was not asked for.
 */
export async function readLinked(
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

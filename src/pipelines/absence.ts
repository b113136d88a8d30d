import { readNow } from "../store/clock.ts";
import { addRunCounts } from "../store/runs.ts";
import type { Incoming } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";

const BATCH = 200;

/**
 * Asks the remote for objects that listings have missed, by id: an answer takes the suspicion back, "gone" settles it,
 * and a replacement (renumbered, merged) moves the link (rule R9). What cannot be asked now stays suspected.
 */
export async function confirmGone(
  deps: Deps,
  connection: string,
  object: string,
  externalIds: readonly string[],
  runId: number | null,
  /** `replaced`: a first suspicion, of which only the word that another id stands for it now is taken. */
  taking: "gone" | "replaced" = "gone",
): Promise<void> {
  if (externalIds.length === 0) return;
  const client = deps.clientOf(connection);
  for (let at = 0; at < externalIds.length; at += BATCH) {
    const gone: Incoming[] = [];
    const began = await readNow(deps.db.sql);
    await eachAtOnce(
      deps,
      connection,
      externalIds.slice(at, at + BATCH),
      async (externalId) => {
        const answer = await client.get(object, externalId);
        if (!("gone" in answer)) return;
        if (taking === "replaced" && answer.replacedBy === undefined) return;
        gone.push(goneReading(object, externalId, runId, answer.replacedBy, began, began));
      },
      (externalId, error) => deps.log.warn("absence.not_confirmed", { connection, object, externalId, error }),
    );
    if (gone.length === 0) continue;
    const due = await deps.db.sql.begin(async (tx) => {
      const batch = await decideBatch(deps, tx, connection, gone, {
        alsoLinks: gone.flatMap(({ replacedBy }) =>
          replacedBy === undefined ? [] : [{ object, externalId: replacedBy }],
        ),
      });
      if (runId !== null) await addRunCounts(tx, new Map([[runId, { read: gone.length, updated: gone.length }]]));
      return new Set(batch.due.map((each) => each.connection));
    });
    for (const name of due) await deps.queue.due("deliver", name);
  }
}

/** A reading that says: not there any more. */
export function goneReading(
  object: string,
  externalId: string,
  runId: number | null,
  replacedBy: string | undefined,
  beganAt: number,
  receivedAt: number,
): Incoming {
  return {
    object,
    externalId,
    changeId: null,
    runId,
    deleted: true,
    ...(replacedBy === undefined ? {} : { replacedBy }),
    body: null,
    hash: "deleted",
    counter: null,
    lastDelivery: null,
    remoteVersion: null,
    changedAt: null,
    beganAt,
    receivedAt,
    writeCount: null,
    whole: true,
    pushed: false,
    confirmed: true,
    certain: true,
  };
}

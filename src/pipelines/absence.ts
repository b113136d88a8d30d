import { keepChanges } from "../store/changes.ts";
import { readNow } from "../store/clock.ts";
import type { Tx } from "../store/database.ts";
import { addRunCounts } from "../store/runs.ts";
import { type Incoming, iso } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";
import { guard } from "./guard.ts";
import { LaneStopped } from "./lane-stopped.ts";
import { stopLaneFor } from "./stop-lane.ts";

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
  const client = deps.clientOf(connection, "budgeted");
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
    if (!(await decideGone(deps, connection, gone, runId))) return;
  }
}

/** Decides that objects are gone; false: a guard has tripped, and they wait in the inbox (rule R30). */
async function decideGone(
  deps: Deps,
  connection: string,
  gone: readonly Incoming[],
  runId: number | null,
): Promise<boolean> {
  try {
    const due = await deps.db.sql.begin(async (tx) => {
      const batch = await decideBatch(deps, tx, connection, gone, {});
      if (runId !== null) await addRunCounts(tx, new Map([[runId, { read: gone.length, updated: gone.length }]]));
      await guard(batch);
      return new Set(batch.due.map((each) => each.connection));
    });
    for (const name of due) await deps.queue.due("deliver", name);
    return true;
  } catch (error) {
    if (!(error instanceof LaneStopped)) throw error;
    const isGone = (each: Incoming): boolean => each.replacedBy === undefined;
    // A renumbered object is no delete: it goes on under its new number.
    const renumbered = gone.filter((each) => !isGone(each));
    if (renumbered.length > 0) await decideGone(deps, connection, renumbered, runId);
    await deps.db.sql.begin((tx) => keepGone(tx, connection, gone.filter(isGone), runId));
    await stopLaneFor(deps, connection, error);
    return false;
  }
}

/** Keeps in the inbox that objects are gone, to be decided once a person has (rule R30). */
export async function keepGone(
  tx: Tx,
  connection: string,
  gone: readonly Incoming[],
  runId: number | null,
): Promise<void> {
  const [first] = gone;
  if (first === undefined) return;
  const told = { connection, via: "confirm", runId, hadBaseAt: null, whole: true } as const;
  const times = { beganAt: iso(first.beganAt), receivedAt: iso(first.receivedAt) };
  const changes = gone.map(({ object, externalId, hash }) => ({ object, externalId, hash, body: null, deleted: true }));
  await keepChanges(tx, { ...told, ...times }, changes);
  if (runId !== null) await addRunCounts(tx, new Map([[runId, { read: gone.length }]]));
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

import { RejectedError } from "../lib/errors.ts";
import { asLanes, findMissing, markMissing } from "../store/absence.ts";
import { readNow } from "../store/clock.ts";
import { addRunCounts, addRunItems, dropRunItems, endRun, openRun } from "../store/runs.ts";
import {
  clearMissing,
  closeSnapshot,
  countRunItems,
  insertSnapshot,
  lockSnapshot,
  markVerified,
  snapshotBegan,
} from "../store/snapshots.ts";
import { goneReading, keepGone } from "./absence.ts";
import { type Incoming, iso } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { guard } from "./guard.ts";
import { LaneStopped } from "./lane-stopped.ts";
import { suspectShort } from "./missing.ts";
import { stopLaneFor } from "./stop-lane.ts";

const BATCH = 200;

/**
 * Opens a snapshot of an object: everything the remote has of it is pushed, then it is completed (rule R21). One is open
 * at a time; opening another abandons it. Throws RejectedError `not_found` for an object that is not configured.
 */
export async function openSnapshot(
  deps: Deps,
  { connection, object, by }: { connection: string; object: string; by: Actor },
): Promise<{ snapshot: string }> {
  if (deps.config.connections[connection]?.objects[object] === undefined)
    throw new RejectedError("not_found", "This object is not configured", { context: { connection, object } });
  const snapshot = deps.newId();
  await deps.db.sql.begin(async (tx) => {
    const runId = await openRun(tx, { connection, object, kind: "snapshot", by: by.name, state: "running" });
    await insertSnapshot(tx, { id: snapshot, connection, object, runId });
  });
  return { snapshot };
}

/**
 * Notes what a push of a snapshot has shown, before it is kept; gives when the snapshot began, in ms: as a reading it is
 * as old as that. Throws RejectedError `conflict` when the snapshot is closed by now.
 */
export async function noteShown(
  deps: Deps,
  object: string,
  runId: number,
  externalIds: readonly string[],
): Promise<number> {
  const began = await snapshotBegan(deps.db.sql, runId);
  if (began === undefined) throw new RejectedError("conflict", "The snapshot is closed", { context: { runId } });
  await addRunItems(deps.db.sql, runId, object, externalIds);
  return began;
}

/**
 * Concludes a snapshot: what it did not hold is suspected, and gone when a snapshot begun before had missed it already
 * (rule R9). Throws RejectedError `conflict`, and leaves it open, when the count is not that of the objects that came.
 * May be called again after a failure.
 */
export async function completeSnapshot(
  deps: Deps,
  asked: { connection: string; object: string; snapshot: string; count: number },
): Promise<{ state: string; missing: number }> {
  const { connection, object, snapshot: id, count } = asked;
  const due = new Set<string>();
  let stopped: LaneStopped | undefined;
  const missing = await deps.db.sql.begin(async (tx) => {
    const snapshot = await lockSnapshot(tx, id);
    if (snapshot === undefined || snapshot.connection !== connection || snapshot.object !== object)
      throw new RejectedError("not_found", "There is no such snapshot", { context: { snapshot: id } });
    if (snapshot.state !== "open")
      throw new RejectedError("conflict", "The snapshot is closed", {
        context: { snapshot: id, state: snapshot.state },
      });
    const { runId } = snapshot;
    const came = await countRunItems(tx, runId, object);
    if (came !== count)
      throw new RejectedError("conflict", "The count is not that of the objects that came: push what is missing", {
        context: { snapshot: id, count, came },
      });
    const began = iso(snapshot.openedAt);
    const found = await findMissing(tx, connection, object, runId, began);
    const listing = { connection, object, began: snapshot.openedAt, missing: found.first.length + found.second.length };
    // It cannot be asked by id: a second snapshot as short as the first is believed as far as any is (rule R9).
    const isSuspect = (await suspectShort(deps, tx, listing)) === "first";
    const { first, second } = isSuspect ? { first: [], second: [] } : found;
    await clearMissing(tx, connection, object, runId);
    await markMissing(tx, first, began);
    const now = await readNow(tx);
    const goneOf = (externalId: string): Incoming =>
      goneReading(object, externalId, runId, undefined, snapshot.openedAt, now);
    for (let at = 0; at < second.length; at += BATCH) {
      const gone = second.slice(at, at + BATCH).map(goneOf);
      try {
        await tx.savepoint(async (inner) => {
          const batch = await decideBatch(deps, inner, connection, gone);
          await guard(batch);
          for (const each of batch.due) due.add(each.connection);
        });
      } catch (error) {
        // They wait in the inbox until a person has decided (rule R30).
        if (!(error instanceof LaneStopped)) throw error;
        stopped = error;
        const waiting = second.slice(at).map(goneOf);
        await keepGone(tx, connection, waiting, runId);
        break;
      }
    }
    await asLanes(tx, connection, object, began, []);
    await markVerified(tx, connection, object);
    await closeSnapshot(tx, id);
    await dropRunItems(tx, runId);
    await addRunCounts(tx, new Map([[runId, { missing: first.length, gone: second.length }]]));
    await endRun(tx, runId, stopped === undefined ? "done" : "stopped");
    // What it has shown is decided by a worker, which then finds what is owed, as after any reading of the whole.
    await openRun(tx, { connection, object, kind: "reconcile", by: "snapshot" });
    return listing.missing;
  });
  if (stopped !== undefined) await stopLaneFor(deps, connection, stopped);
  await deps.queue.due("run", connection);
  for (const name of due) await deps.queue.due("deliver", name);
  return { state: "complete", missing };
}

import { RejectedError } from "../lib/errors.ts";
import { isDatabaseDown } from "../store/faults.ts";
import { addRunCounts, endRun, findRun } from "../store/runs.ts";
import {
  findOpenUndos,
  lockUndo,
  nextOfUndo,
  openUndo,
  seedUndo,
  type UndoTarget,
  writeUndoItems,
} from "../store/undo.ts";
import type { Batch } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { openBatch } from "./load.ts";
import { undoNext } from "./undo-batch.ts";

export interface UndoAct {
  readonly target: UndoTarget;
  /** Writes nothing but the list of what would be done. */
  readonly preview?: boolean;
  /** Pins what a remote holds and may not be given, so that it can be undone. */
  readonly pin?: boolean;
  readonly by: Actor;
}

/** All undos share one queue: they work on records, whatever the state of their connection. */
export const UNDO_KEY = "kobling";

/**
 * Orders an undo (rule R33): a run of kind `undo`, which a worker takes up, also while the connection is paused. Throws
 * RejectedError `not_found` for a run or connection that is not there, `busy` for a run that is not over.
 */
export async function startUndo(deps: Deps, { target, preview, pin, by }: UndoAct): Promise<{ id: number }> {
  const { sql } = deps.db;
  let { connection, object } = target;
  if (target.run !== undefined) {
    const run = await findRun(sql, target.run);
    if (run === undefined)
      throw new RejectedError("not_found", "There is no run with this id", { context: { run: target.run } });
    if (run.state === "waiting" || run.state === "running")
      throw new RejectedError("busy", "The run is not over yet", { context: { run: run.id, state: run.state } });
    connection = run.connection;
    object = run.object ?? undefined;
  } else if (target.mapping === undefined && target.from === undefined) {
    throw new RejectedError("bad_value", "An undo names a mapping version, or the time from which on", {
      context: { field: "mapping" },
    });
  }
  if (connection === undefined || (target.run === undefined && deps.config.connections[connection] === undefined))
    throw new RejectedError("not_found", "There is no connection of this name", { context: { connection } });
  const detail = { undoes: target, preview: preview === true, pin: pin === true, actor: by };
  const id = await openUndo(sql, { connection, object: object ?? null, by: by.name, detail });
  await deps.queue.due("undo", UNDO_KEY);
  return { id };
}

/** Carries out the undos that are open, oldest first. Safe to run again after a crash, and to run twice at once. */
export async function workUndos(deps: Deps, batchSize = BATCH_SIZE): Promise<void> {
  for (const id of await findOpenUndos(deps.db.sql)) {
    const began = performance.now();
    await workUndo(deps, id, batchSize);
    deps.log.info("undo.finished", { runId: id, durationMs: Math.round(performance.now() - began) });
  }
}

const BATCH_SIZE = 300;
const FEWER = 8;

/** Batch by batch; one that fails is taken in smaller ones until the guilty record stands alone and is put aside (promise 7). */
async function workUndo(deps: Deps, id: number, most: number): Promise<void> {
  let limit = most;
  for (;;) {
    try {
      if ((await undoPage(deps, id, limit)) === 0) return;
      limit = Math.min(most, limit * FEWER);
    } catch (error) {
      if (isDatabaseDown(error)) throw error;
      if (limit > 1) limit = Math.max(1, Math.floor(limit / FEWER));
      else await putAside(deps, id, error);
    }
  }
}

async function undoPage(deps: Deps, id: number, limit: number): Promise<number> {
  const run = await deps.db.sql.begin(async (tx) => {
    const found = await lockUndo(tx, id);
    if (found?.state === "waiting") await seedUndo(tx, found);
    return found;
  });
  if (run === undefined || (run.state !== "waiting" && run.state !== "running")) return 0;
  const act = async (batch: Batch): Promise<number> => {
    // Another worker may have ended it meanwhile.
    if ((await lockUndo(batch.tx, id))?.state !== "running") return 0;
    const taken = await undoNext(batch, run, limit);
    if (taken === 0) await endRun(batch.tx, id, "done");
    return taken;
  };
  // What a preview decides stays in hand: nothing but its list is written.
  if (run.detail.preview) return deps.db.sql.begin(async (tx) => act(await openBatch(deps, tx, "")));
  return inBatch(deps, act);
}

async function putAside(deps: Deps, id: number, error: unknown): Promise<void> {
  await deps.db.sql.begin(async (tx) => {
    await lockUndo(tx, id);
    const waiting = await nextOfUndo(tx, id, 1);
    const [guilty] = waiting;
    if (guilty === undefined) throw error;
    deps.log.error("undo.failed", { runId: id, entityId: guilty.entityId, error });
    await writeUndoItems(tx, id, waiting, [{ ...guilty, unit: "*", version: null, plan: "failed", detail: {} }]);
    await addRunCounts(tx, new Map([[id, { read: 1, failed: 1 }]]));
  });
}

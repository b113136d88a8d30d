import { ConnectionError, RejectedError } from "../lib/errors.ts";
import { readNow } from "../store/clock.ts";
import { noteFault } from "../store/connections.ts";
import { loadLanes } from "../store/lanes.ts";
import {
  addRunCounts,
  endLostRuns,
  endRun,
  openRun,
  type Run,
  resumeLostImports,
  SAY_ALIVE_MS,
  sayAlive,
  takeWaitingRuns,
} from "../store/runs.ts";
import { iso } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { findFile, readImport, takeFile } from "./import-run.ts";
import { ingestAndReadAgain, readListing } from "./listing.ts";
import { preview } from "./preview.ts";
import { refresh } from "./refresh.ts";
import { sweep } from "./standing.ts";
import { stopConnection } from "./stop-connection.ts";
import { laneKey, openLanes } from "./world.ts";

export type StartedKind = "full" | "delta" | "reconcile" | "preview";

/** Orders a run; a worker takes it up. Without an object: every object of the connection, in the order of the configuration. */
export async function startRun(
  deps: Deps,
  wanted: { connection: string; object?: string; kind: StartedKind; by: Actor },
): Promise<{ id: number }> {
  const { connection, object, kind, by } = wanted;
  const config = deps.connection(connection);
  if (object !== undefined && config.objects[object] === undefined)
    throw new RejectedError("not_found", `Connection ${connection} has no object named ${object}`);
  // A preview of a system that pushes looks at what waits in its inbox.
  if (deps.connectorOf(connection).mode !== "call" && kind !== "preview") {
    throw new RejectedError("cannot_be_asked", "This connection pushes and pulls by itself; open a snapshot instead", {
      context: { connection },
    });
  }
  if (kind === "preview" && deps.connectorOf(connection).directory !== undefined)
    throw new RejectedError("cannot_be_asked", "A directory writes nothing before somebody looks a record up in it", {
      context: { connection },
    });
  if (kind === "preview" && object === undefined && Object.keys(config.objects).length > 1) {
    throw new RejectedError("bad_value", "A preview is taken of one object: name it", { context: { field: "object" } });
  }
  const id = await openRun(deps.db.sql, { connection, object: object ?? null, kind, by: by.name });
  await deps.queue.due("run", connection);
  return { id };
}

const interrupted = { code: "interrupted", message: "The process that carried it out ended in the middle" };

/**
 * Carries out the runs that wait for a connection, oldest first, and ends those whose process died. Safe to run twice at
 * once: a run is taken once.
 */
export async function workRuns(deps: Deps, connection: string): Promise<void> {
  // What a file says is read on where it was left: it is one run, and is undone as one.
  const resumed = await resumeLostImports(deps.db.sql, connection);
  if (resumed > 0) deps.log.warn("import.resumed", { connection, runs: resumed });
  const lost = await endLostRuns(deps.db.sql, connection, interrupted);
  if (lost > 0) deps.log.warn("run.interrupted", { connection, runs: lost });
  for (const run of await takeWaitingRuns(deps.db.sql, connection)) await carryOut(deps, run);
}

/** A poll by schedule: a delta run of one object that is released. */
export async function poll(deps: Deps, connection: string, object: string, kind: "delta" | "reconcile"): Promise<void> {
  const lane = openLanes(deps, await loadLanes(deps.db.sql)).get(laneKey(connection, object));
  if (lane === undefined || lane.paused || lane.row.stopped) return;
  // Armed lanes read and preview when a person asks; an object switched off is read at the reconcile schedule (rule R22).
  const reads =
    lane.inbound || lane.row.releasedIn || lane.row.releasedOut || (lane.off === true && kind === "reconcile");
  if (!reads || deps.connectorOf(connection).mode !== "call") return;
  const id = await openRun(deps.db.sql, { connection, object, kind, by: "schedule", state: "running" });
  await carryOut(deps, { id, connection, object, kind, state: "running", counts: {}, detail: null });
}

async function carryOut(deps: Deps, run: Run): Promise<void> {
  const { connection, id } = run;
  const began = performance.now();
  const saying = setInterval(() => {
    // Not heard once is not dead: it is said again.
    sayAlive(deps.db.sql, id).catch((error: unknown) => deps.log.debug("run.unheard", { runId: id, error }));
  }, SAY_ALIVE_MS);
  try {
    const objects = run.object === null ? Object.keys(deps.connection(connection).objects) : [run.object];
    if (run.kind === "preview") {
      for (const object of objects) {
        const file = await findFile(deps, run);
        const take = file === undefined ? undefined : takeFile(file);
        const { effects, samples } = await preview(deps, connection, object, id, take);
        const { thirdSystems, ...counts } = effects;
        await addRunCounts(deps.db.sql, new Map([[id, counts]]));
        await endRun(deps.db.sql, id, "done", { effects: counts, thirdSystems, samples });
      }
    } else {
      for (const object of objects) {
        if (run.kind === "import") {
          await readImport(deps, id);
          continue;
        }
        // A system that pushes has shown itself in a snapshot: what came is decided, and what is owed by it is made due.
        if (deps.connectorOf(connection).directory !== undefined) await refresh(deps, connection, object, id);
        else if (deps.connectorOf(connection).mode === "call") await readListing(deps, connection, object, id);
        await ingestAndReadAgain(deps, connection);
        if (run.kind !== "delta") await sweep(deps, connection, object);
      }
      const review = await findStopped(deps, connection, objects);
      if (review === undefined) await endRun(deps.db.sql, id, "done");
      else await endRun(deps.db.sql, id, "stopped", { code: "lane_stopped", review });
    }
    deps.log.info("run.finished", {
      runId: id,
      connection,
      kind: run.kind,
      durationMs: Math.round(performance.now() - began),
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "fault";
    await endRun(deps.db.sql, id, "failed", {
      code,
      message: error instanceof Error ? error.message : "Unforeseen fault",
    });
    await noteFault(deps.db.sql, connection, code);
    deps.log.warn("run.failed", { runId: id, connection, kind: run.kind, error });
    if (error instanceof ConnectionError) {
      await stopConnection(deps.db.sql, connection, code, iso(await readNow(deps.db.sql)));
    }
  } finally {
    clearInterval(saying);
  }
}

/** The review that waits where a guard has stopped one of these objects: what the run has read is not all decided. */
async function findStopped(deps: Deps, connection: string, objects: readonly string[]): Promise<number | undefined> {
  const lanes = await loadLanes(deps.db.sql);
  const stopped = lanes.find((lane) => lane.connection === connection && objects.includes(lane.object) && lane.stopped);
  return stopped?.stoppedBy ?? undefined;
}

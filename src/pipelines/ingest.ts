import { KoblingError, RetryableError } from "../lib/errors.ts";
import { type Change, closeChanges, lockWaiting, takeWaiting, waitingOf } from "../store/changes.ts";
import { isDatabaseDown } from "../store/faults.ts";
import { loadLanes } from "../store/lanes.ts";
import { remoteKey } from "../store/links.ts";
import { addRunCounts } from "../store/runs.ts";
import { putAside, takeRange } from "../store/stopped.ts";
import type { Batch } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { asError } from "./each.ts";
import { guard } from "./guard.ts";
import { toIncoming } from "./incoming.ts";
import { Dismissed, LaneStopped } from "./lane-stopped.ts";
import { receiptedCreates } from "./receipted-creates.ts";
import { forgetRanges, stopLaneFor } from "./stop-lane.ts";
import { type OpenLane, openLanes } from "./world.ts";

const BATCH_SIZE = 500;
/** Transactions in flight: while one decides, the others load and write. */
const IN_FLIGHT = 3;

export interface IngestCounts {
  readonly taken: number;
  readonly readAgain: readonly { object: string; externalId: string; why: string }[];
}

/**
 * Takes the waiting changes of a connection all the way into the store, in order of receipt per object. Safe to run
 * again and to run twice at once: what is decided is decided under its lock, once.
 */
export async function ingest(deps: Deps, connection: string): Promise<IngestCounts> {
  const open = await openOnes(deps, connection);
  const objects = open.filter((lane) => !lane.row.stopped).map((lane) => lane.object);
  const decided = open.filter((lane) => lane.row.ranges.in.length > 0);
  if (objects.length === 0 && decided.length === 0) return { taken: 0, readAgain: [] };
  const readAgain: Batch["readAgain"] = [];
  const busy = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  const faults: unknown[] = [];
  const stopped = new Set<string>();
  let taken = 0;
  for (const lane of decided) taken += await ingestRanges(deps, lane, { readAgain, stopped });
  let after = 0;
  while (faults.length === 0) {
    const going = objects.filter((object) => !stopped.has(object));
    const changes = await takeWaiting(deps.db.sql, connection, going, after, BATCH_SIZE);
    const last = changes.at(-1);
    if (last === undefined) break;
    after = last.id;
    taken += changes.length;
    // Changes of one object are decided in order: wait for the batch that has an earlier one in hand.
    const keys = changes.map((change) => remoteKey(change.object, change.externalId));
    const before = new Set(keys.flatMap((key) => busy.get(key) ?? []));
    await Promise.all(before);
    while (running.size >= IN_FLIGHT) await Promise.race(running);
    const work = ingestHalving(deps, connection, changes, { readAgain, stopped })
      .catch((error: unknown) => {
        faults.push(error);
      })
      .finally(() => {
        running.delete(work);
        for (const key of keys) if (busy.get(key) === work) busy.delete(key);
      });
    running.add(work);
    for (const key of keys) busy.set(key, work);
  }
  await Promise.all(running);
  if (faults.length > 0) throw faults[0];
  for (const lane of decided) await forgetRanges(deps, lane, "in");
  if (taken > 0) await deps.queue.due("deliver", connection);
  return { taken, readAgain };
}

/**
 * Decides what waits of these objects now, before the rest: a receipt of theirs tells a later state than what was pushed
 * before it, and would make that stale (rule R21).
 */
export async function ingestFirst(deps: Deps, connection: string, externalIds: readonly string[]): Promise<void> {
  const waiting = externalIds.length === 0 ? [] : await waitingOf(deps.db.sql, connection, externalIds, BATCH_SIZE);
  if (waiting.length === 0) return;
  const objects = new Set(
    (await openOnes(deps, connection)).flatMap((lane) => (lane.row.stopped ? [] : [lane.object])),
  );
  const changes = waiting.filter((change) => objects.has(change.object));
  // What is to be read again is a matter of systems that are called.
  await ingestHalving(deps, connection, changes, { readAgain: [], stopped: new Set() });
}

/** A lane that is armed only reads and previews (rule R27); its changes wait. One switched off is still looked at (R22). */
const openOnes = async (deps: Deps, connection: string): Promise<OpenLane[]> =>
  [...openLanes(deps, await loadLanes(deps.db.sql)).values()]
    .filter((lane) => lane.connection === connection)
    .filter((lane) => (lane.inbound || lane.outbound || lane.off === true) && !lane.paused);

/** What a person has decided of what a guard stopped goes through, or is put aside, also while the rest waits (rule R30). */
async function ingestRanges(
  deps: Deps,
  { connection, object, row }: OpenLane,
  into: { readonly readAgain: Batch["readAgain"]; readonly stopped: Set<string> },
): Promise<number> {
  let taken = 0;
  for (const range of row.ranges.in) {
    for (let after = 0; ; ) {
      const changes = await takeRange(deps.db.sql, connection, object, range, after, BATCH_SIZE);
      const last = changes.at(-1);
      if (last === undefined) break;
      after = last.id;
      taken += changes.length;
      await ingestHalving(deps, connection, changes, into);
    }
  }
  return taken;
}

/** A failed batch is halved until the guilty change stands alone and goes to quarantine (rule R7). */
async function ingestHalving(
  deps: Deps,
  connection: string,
  given: readonly Change[],
  into: { readonly readAgain: Batch["readAgain"]; readonly stopped: Set<string> },
): Promise<void> {
  const changes = given.filter((change) => !into.stopped.has(change.object));
  if (changes.length === 0) return;
  try {
    const due = await ingestBatch(deps, connection, changes, into.readAgain);
    for (const name of due) if (name !== connection) await deps.queue.due("deliver", name);
  } catch (error) {
    if (isDatabaseDown(error) || error instanceof RetryableError) throw error;
    if (error instanceof Dismissed) {
      const aside = new Set(error.ids);
      await dismiss(deps, error.ids);
      const rest = changes.filter((change) => !aside.has(change.id));
      return ingestHalving(deps, connection, rest, into);
    }
    if (error instanceof LaneStopped) {
      if (!into.stopped.has(error.object)) await stopLaneFor(deps, connection, error);
      into.stopped.add(error.object);
      return ingestHalving(deps, connection, changes, into);
    }
    if (changes.length > 1) {
      const middle = Math.ceil(changes.length / 2);
      await ingestHalving(deps, connection, changes.slice(0, middle), into);
      await ingestHalving(deps, connection, changes.slice(middle), into);
      return;
    }
    const [guilty] = changes;
    if (guilty === undefined) throw error;
    deps.log.error("change.quarantined", { connection, object: guilty.object, changeId: guilty.id, error });
    await deps.db.sql.begin(async (tx) => {
      // A foreign error's message may quote a value; its name and code do not.
      const code = error instanceof Error && "code" in error ? ` ${String(error.code)}` : "";
      const detail = error instanceof KoblingError ? error.message : `Unforeseen fault (${asError(error).name}${code})`;
      await closeChanges(tx, [
        { id: guilty.id, state: "quarantined", outcome: "quarantined", reason: { code: "fault", detail } },
      ]);
      if (guilty.runId !== null) await addRunCounts(tx, new Map([[guilty.runId, { quarantined: 1 }]]));
    });
  }
}

const DISMISSED = { code: "R30:dismissed", detail: "A person has dismissed this with a stopped run" };

async function dismiss(deps: Deps, ids: readonly number[]): Promise<void> {
  await deps.db.sql.begin(async (tx) => addRunCounts(tx, await putAside(tx, ids, DISMISSED)));
}

async function ingestBatch(
  deps: Deps,
  connection: string,
  changes: readonly Change[],
  readAgain: Batch["readAgain"],
): Promise<Set<string>> {
  const queued = deps.connectorOf(connection).mode === "queue";
  return deps.db.sql.begin(async (tx) => {
    const waiting = await lockWaiting(
      tx,
      changes.map((change) => change.id),
    );
    const incomings = changes.filter((change) => waiting.has(change.id)).map((change) => toIncoming(change, queued));
    if (incomings.length === 0) return new Set<string>();
    const batch = await decideBatch(deps, tx, connection, incomings, await receiptedCreates(tx, connection, incomings));
    await addRunCounts(tx, countRuns(changes, batch));
    await guard(batch);
    readAgain.push(...batch.readAgain);
    return new Set(batch.due.map((due) => due.connection));
  });
}

/** Each change read counts once, by its outcome (promise 12). */
function countRuns(changes: readonly Change[], batch: Batch): Map<number, Record<string, number>> {
  const runOf = new Map(changes.map((change) => [change.id, change.runId]));
  const counts = new Map<number, Record<string, number>>();
  for (const { id, outcome } of batch.outcomes) {
    const run = runOf.get(id);
    if (run === null || run === undefined) continue;
    const each = counts.get(run) ?? {};
    each[outcome] = (each[outcome] ?? 0) + 1;
    counts.set(run, each);
  }
  return counts;
}

import { contentHash } from "../lib/hash.ts";
import { keepChanges, type NewChange, newestKept } from "../store/changes.ts";
import { readNow } from "../store/clock.ts";
import type { Db, Tx } from "../store/database.ts";
import { addRunCounts } from "../store/runs.ts";
import { countTombstoneHits, findTombstones } from "../store/tombstones.ts";
import { noteKept } from "./backpressure.ts";
import type { Deps } from "./deps.ts";
import { noteShown } from "./snapshots.ts";

/** What a connection tells of one object. */
export interface Envelope {
  readonly externalId: string;
  /** The object as the remote has it; absent when it was deleted. */
  readonly data?: unknown;
  readonly deleted?: boolean;
  /** Idempotency of the sender (rule R5). */
  readonly eventId?: string;
  /** Rises at every change of the object at the sender (rule R21). */
  readonly counter?: number;
  /** The last delivery of ours that the sender has applied to the object (rule R21). */
  readonly lastDelivery?: number;
  /** When the remote says that it changed, ISO 8601. */
  readonly changedAt?: string;
  readonly version?: string;
}

export interface Received {
  /** Kept, to be decided. */
  readonly kept: number;
  /** Equal to the newest change kept, or an event that was told before (rule R5): nothing to decide. */
  readonly repeats: number;
  readonly refused: readonly { index: number; code: string; detail: string }[];
}

export interface Telling {
  readonly connection: string;
  readonly object: string;
  readonly via: "push" | "hook" | "poll" | "read" | "snapshot";
  readonly runId?: number | null;
  /** When the request of the reading began; a push begins when it is received. */
  readonly beganAt?: Date;
  /** Write counts from before the request (rule R6), by external id. Absent for pushes. */
  readonly writeCounts?: ReadonlyMap<string, number>;
  readonly whole?: boolean;
  /** When the listing before this one began (rule R3). */
  readonly hadBaseAt?: Date | undefined;
  /** A reading that a suspicion asked for: kept though it equals the newest one (rule R8). */
  readonly confirming?: boolean;
  /** Done in the transaction that keeps them, where they belong to a run: how far the run has come. */
  readonly within?: (tx: Tx) => Promise<void>;
}

/**
 * Keeps what a connection tells, one transaction for the batch; what this returns as kept survives any crash. Repeats
 * are told apart by comparing with the newest change kept, before mapping. Where it belongs to a run, the run's counts
 * are in that transaction, so that they add up whatever dies (promise 12). Run it again after a failure: changes with an
 * event id or a counter are then repeats. At most a few hundred envelopes a call.
 */
export async function receive(deps: Deps, telling: Telling, envelopes: readonly Envelope[]): Promise<Received> {
  const runId = telling.runId ?? null;
  const shown = telling.via === "snapshot" && runId !== null ? await asShown(deps, telling, runId, envelopes) : telling;
  const received =
    runId === null
      ? await keep(deps, deps.db.sql, shown, envelopes)
      : await deps.db.sql.begin(async (tx) => {
          const kept = await keep(deps, tx, shown, envelopes);
          await addRunCounts(tx, new Map([[runId, countsOf(kept, telling)]]));
          await telling.within?.(tx);
          return kept;
        });
  noteKept(deps, telling.connection, received.kept);
  if (received.kept > 0) await deps.queue.due("ingest", telling.connection);
  return received;
}

/** What was refused is told to the sender of a push; in a listing nobody is there to be told, so the run says it. */
function countsOf({ kept, repeats, refused }: Received, { via }: Telling): Record<string, number> {
  const [read, unchanged] = [kept + repeats, repeats];
  if (via === "snapshot" || refused.length === 0) return { read, unchanged };
  return { read: read + refused.length, unchanged, quarantined: refused.length };
}

/** A push of a snapshot is a reading as old as the snapshot; which objects came is noted (rules R9, R21). */
async function asShown(deps: Deps, telling: Telling, runId: number, envelopes: readonly Envelope[]): Promise<Telling> {
  const shown = envelopes.filter((each) => faultOf(each) === undefined && each.deleted !== true);
  const began = await noteShown(
    deps,
    telling.object,
    runId,
    shown.map((each) => each.externalId),
  );
  return { ...telling, beganAt: telling.beganAt ?? new Date(began) };
}

/** In place of a content hash: the notice says only that the object may have changed (rule R6). */
const HINT = "hint";

async function keep(deps: Deps, sql: Db, telling: Telling, envelopes: readonly Envelope[]): Promise<Received> {
  const refused: { index: number; code: string; detail: string }[] = [];
  const sound: { envelope: Envelope; externalId: string; hash: string }[] = [];
  for (const [index, envelope] of envelopes.entries()) {
    const fault = faultOf(envelope, telling.via === "hook");
    if (fault !== undefined) refused.push({ index, ...fault });
    else {
      const hash = envelope.deleted ? "deleted" : envelope.data === undefined ? HINT : contentHash(envelope.data);
      sound.push({ envelope, externalId: envelope.externalId, hash });
    }
  }
  if (sound.length === 0) return { kept: 0, repeats: 0, refused };
  const ids = sound.map(({ externalId }) => externalId);
  const [newest, buried, now] = await Promise.all([
    newestKept(sql, { ...telling, pushed: telling.writeCounts === undefined }, sound),
    findTombstones(sql, deps.seal, telling.connection, telling.object, ids),
    readNow(sql),
  ]);
  const changes: NewChange[] = [];
  /** The newest kept of this very batch: what comes after it is compared with it (rule R5). */
  const inBatch = new Map<string, { hash: string; counter: number | null }>();
  let repeats = 0;
  let hits = 0;
  for (const [at, { envelope, hash }] of sound.entries()) {
    // The erased stay erased: ids and a count are kept, no body (rule R34).
    if (buried.has(envelope.externalId)) {
      hits += 1;
      repeats += 1;
      continue;
    }
    const before = inBatch.get(envelope.externalId);
    const known =
      before === undefined
        ? newest[at]
        : { counter: before.counter, waitingCounter: before.counter, same: before.hash === hash, missing: false };
    const same = known?.same === true && telling.confirming !== true && !known.missing;
    // The counter names a state of the object: what was told with it has been told (rule R21).
    const sameCounter = envelope.counter !== undefined && envelope.counter === known?.waitingCounter;
    if (
      sameCounter ||
      (same && (envelope.counter === undefined || (known.counter !== null && envelope.counter <= known.counter)))
    ) {
      repeats += 1;
      continue;
    }
    inBatch.set(envelope.externalId, { hash, counter: envelope.counter ?? null });
    changes.push({
      object: telling.object,
      externalId: envelope.externalId,
      hash,
      body: envelope.deleted ? null : (envelope.data ?? null),
      deleted: envelope.deleted ?? false,
      eventId: envelope.eventId,
      counter: envelope.counter,
      lastDelivery: envelope.lastDelivery,
      remoteVersion: envelope.version,
      changedAt: envelope.changedAt,
      ...(telling.writeCounts === undefined ? {} : { writeCount: telling.writeCounts.get(envelope.externalId) ?? 0 }),
    });
  }
  const receivedAt = new Date(now).toISOString();
  const told = {
    connection: telling.connection,
    via: telling.confirming === true ? "confirm" : telling.via,
    runId: telling.runId ?? null,
    beganAt: telling.beganAt?.toISOString() ?? receivedAt,
    receivedAt,
    hadBaseAt: telling.hadBaseAt?.toISOString() ?? null,
    whole: telling.whole ?? true,
  };
  const kept = await keepChanges(sql, told, changes);
  if (hits > 0) await countTombstoneHits(sql, deps.seal, telling.connection, telling.object, ids);
  return { kept, repeats: repeats + changes.length - kept, refused };
}

function faultOf(envelope: Envelope, mayHint = false): { code: string; detail: string } | undefined {
  if (typeof envelope.externalId !== "string" || envelope.externalId.length === 0) {
    return { code: "external_id_missing", detail: "externalId is required: a text that names the object at your side" };
  }
  if (envelope.externalId.includes("\0"))
    return { code: "external_id_invalid", detail: "externalId must not hold a NUL character" };
  if (envelope.externalId.length > 200)
    return { code: "external_id_too_long", detail: "externalId has at most 200 characters" };
  if (envelope.deleted === true || (mayHint && envelope.data === undefined)) return undefined;
  if (typeof envelope.data !== "object" || envelope.data === null || Array.isArray(envelope.data)) {
    return { code: "data_missing", detail: "data is required: the object as JSON, or deleted: true" };
  }
  return undefined;
}

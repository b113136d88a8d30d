import { contentHash } from "../lib/hash.ts";
import type { RemoteImage } from "../mappings/mapping.ts";
import type { EntityKind } from "../model/catalogue.ts";
import { loadAttempts } from "../store/attempts.ts";
import { readNow } from "../store/clock.ts";
import { type Delivery, type DeliveryEnd, endLeases, findLeases, lockLeases } from "../store/deliveries.ts";
import { remoteKey } from "../store/links.ts";
import type { Answered } from "./answers.ts";
import { type Batch, type Incoming, iso, type Known } from "./batch.ts";
import { type Classified, classify, tellRejected } from "./classify.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { begin, type Draft, type Drawn, drawCreate, drawUpdate, imagesOf, shutFor } from "./draft.ts";
import { guard } from "./guard.ts";
import type { ReadBefore } from "./read-before.ts";
import { stopConnection } from "./stop-connection.ts";
import { isStopped, laneKey } from "./world.ts";

/** A request that may now be sent: its image stands in the store (rules R13, R19). */
export interface Attempt extends Draft {
  readonly id: number;
}

/**
 * Decides what was read right before the write, works out from the newest state what is owed, asks the gate again and
 * writes the attempts ahead; one transaction. Deliveries with nothing to send end here. Throws what `guard` throws.
 */
export async function prepare(
  deps: Deps,
  connection: string,
  leases: readonly Delivery[],
  read: ReadBefore,
  known?: Known,
): Promise<Attempt[]> {
  const quietMs = deps.connection(connection).quietMs;
  return deps.db.sql.begin(async (tx) => {
    const tried = leases.flatMap((lease) => lease.attemptId ?? []);
    const [mine, attempted, now] = await Promise.all([findLeases(tx, leases), loadAttempts(tx, tried), readNow(tx)]);
    const drafts: Draft[] = [];
    const ends: DeliveryEnd[] = [];
    const incomings: Incoming[] = [];
    const answers = new Map<string, Answered>();
    const tied = new Map<string, string>();
    const go: Delivery[] = [];
    const at = iso(now);
    let stopped: string | undefined;
    for (const lease of leases) {
      if (!mine.has(lease.id)) continue;
      const failure = read.failed.get(lease.id);
      if (failure !== undefined) {
        const failed = classify(failure, quietMs, lease.tries);
        if (failed.outcome === "connection") stopped = failed.code;
        ends.push(unread(lease, failed));
        if (failed.outcome === "rejected")
          await tellRejected(
            tx,
            at,
            connection,
            { delivery: lease, externalId: lease.externalId, versions: {} },
            failed,
          );
        continue;
      }
      const doubt = read.created.doubtful.get(lease.id);
      if (doubt !== undefined) {
        const about = { delivery: lease, externalId: null, versions: {} };
        await tellRejected(tx, at, connection, about, doubt, { externalIds: doubt.externalIds.join(", ") });
        ends.push({ id: lease.id, fence: lease.fence, state: "rejected", reason: doubt.code });
        continue;
      }
      go.push(lease);
      collectReadings(lease, read, attempted, { incomings, answers, tied });
    }
    const alsoLinks = go.flatMap((lease) =>
      lease.externalId === null ? [] : [{ object: lease.object, externalId: lease.externalId }],
    );
    const alsoEntities = new Map<string, EntityKind>(go.map((lease) => [lease.entityId, lease.entity]));
    let ids: number[] = [];
    const batch = await decideBatch(deps, tx, connection, incomings, {
      answers,
      tied,
      alsoLinks,
      alsoEntities,
      creates: go.some((lease) => lease.kind === "create"),
      ...(known === undefined ? {} : { known }),
      after: async (batch) => {
        const images = await imagesOf(batch, go);
        // Locked last: links and records come first in every transaction, so none waits in a ring.
        const held = await lockLeases(tx, go);
        for (const lease of go) if (held.has(lease.id)) draft(batch, lease, read, images, drafts, ends);
        ids = await begin(batch, drafts);
      },
    });
    await endLeases(tx, ends);
    if (stopped !== undefined) await stopConnection(tx, connection, stopped, at);
    await guard(batch);
    return drafts.map((each, n) => ({ ...each, id: ids[n] ?? -1 }));
  });
}

const UNREADABLE_MS = 15 * 60_000;

/** Nothing was written: an uncertain delivery stays uncertain until the object could be read. */
function unread(lease: Delivery, failed: Classified): DeliveryEnd {
  const { id, fence } = lease;
  const isSure = lease.attemptId === null;
  if (failed.outcome !== "rejected")
    return { id, fence, state: isSure ? "due" : "uncertain", afterMs: failed.afterMs, reason: failed.code };
  return isSure
    ? { id, fence, state: "rejected", reason: failed.code }
    : { id, fence, state: "uncertain", afterMs: UNREADABLE_MS, reason: failed.code };
}

interface Collected {
  readonly incomings: Incoming[];
  readonly answers: Map<string, Answered>;
  readonly tied: Map<string, string>;
}

/** Turns what was read into readings to be decided; the first one after an unknown outcome settles that attempt (R17). */
function collectReadings(
  lease: Delivery,
  read: ReadBefore,
  attempted: Awaited<ReturnType<typeof loadAttempts>>,
  into: Collected,
): void {
  const made = read.created.found.get(lease.id);
  if (made !== undefined) {
    const key = remoteKey(lease.object, made.object.externalId);
    into.incomings.push(readingOf(lease, made.object.externalId, made.object, read.timesOf(made.times), 0));
    const how = { how: "read", ends: true, arrived: true, made: true } as const;
    into.answers.set(key, { values: made.sent, versions: made.versions, ...how });
    into.tied.set(key, lease.entityId);
    return;
  }
  const matched = read.created.matched.get(lease.id);
  if (matched !== undefined) {
    const { object } = matched;
    into.incomings.push(readingOf(lease, object.externalId, object, read.timesOf(matched.times), null));
    into.tied.set(remoteKey(lease.object, object.externalId), lease.entityId);
    return;
  }
  const shown = read.shown.get(lease.id);
  if (shown === undefined || lease.externalId === null) return;
  const times = read.timesOf(shown.times);
  if (shown.gone !== null) {
    into.incomings.push({
      ...readingOf(lease, lease.externalId, null, times, shown.writeCount),
      deleted: true,
      replacedBy: shown.gone.replacedBy,
    });
    return;
  }
  into.incomings.push(readingOf(lease, lease.externalId, shown.object, times, shown.writeCount));
  const attempt = lease.attemptId === null ? undefined : attempted.get(lease.attemptId);
  if (attempt !== undefined) {
    into.answers.set(remoteKey(lease.object, lease.externalId), {
      values: attempt.sent,
      versions: attempt.versions,
      how: "read",
      ends: true,
    });
  }
}

const readingOf = (
  lease: Delivery,
  externalId: string,
  object: { image: RemoteImage; version?: string; changedAt?: string } | null,
  { beganAt, receivedAt }: { readonly beganAt: number; readonly receivedAt: number },
  writeCount: number | null,
): Incoming => ({
  object: lease.object,
  externalId,
  changeId: null,
  runId: null,
  deleted: false,
  body: object === null ? null : { ...object.image },
  hash: object === null ? "deleted" : contentHash(object.image),
  counter: null,
  lastDelivery: null,
  remoteVersion: object?.version ?? null,
  changedAt: object?.changedAt === undefined ? null : Date.parse(object.changedAt),
  beganAt,
  receivedAt,
  writeCount,
  whole: true,
  pushed: false,
  // Many clears shown by a read right before a write are believed by the next reading only.
  confirmed: false,
  // A listing may have been decided meanwhile that was asked for later: then it is read again (rule R6).
  certain: false,
});

/** Works out one delivery: what is to be sent, or how the delivery ends without a request. */
function draft(
  batch: Batch,
  lease: Delivery,
  read: ReadBefore,
  images: ReadonlyMap<string, RemoteImage>,
  drafts: Draft[],
  ends: DeliveryEnd[],
): void {
  const add = (drawn: Drawn): void => {
    if (drawn.kind === "send") drafts.push(drawn.draft);
    else {
      const { state, reason, withheld } = drawn;
      ends.push({ id: lease.id, fence: lease.fence, state, reason, ...(withheld === undefined ? {} : { withheld }) });
    }
  };
  const lane = batch.lanes.get(laneKey(lease.connection, lease.object));
  if (lane !== undefined && isStopped(lane, lease)) {
    // Stopped by a guard since it was leased: it waits as it was (rule R30).
    const state = lease.attemptId === null ? "due" : "uncertain";
    ends.push({ id: lease.id, fence: lease.fence, state, reason: "lane_stopped" });
    return;
  }
  const made = read.created.found.get(lease.id) ?? read.created.matched.get(lease.id);
  const externalId = made?.object.externalId ?? lease.externalId;
  const shut = shutFor(batch, lease);
  if (shut !== undefined) return add(shut);
  if (externalId === null) return add(drawCreate(batch, lease));
  const slot = batch.links.get(remoteKey(lease.object, externalId));
  if (made !== undefined && slot?.link.state === "linked" && slot.link.entityId === lease.entityId) {
    // What has changed since the create left is owed still: it is read again right before that write (rule R20).
    const owes = drawUpdate(batch, lease, externalId, images, null).kind === "send";
    ends.push({ id: lease.id, fence: lease.fence, state: owes ? "due" : "settled", linkId: slot.link.id });
    return;
  }
  if (slot !== undefined && slot.link.externalId !== externalId) {
    // What was read just now says that the object has another number: leased again, it is written there (rule R9).
    const state = lease.attemptId === null ? "due" : "uncertain";
    ends.push({ id: lease.id, fence: lease.fence, state, afterMs: 50, reason: "R9:renumbered" });
    return;
  }
  const again = batch.readAgain.find((each) => each.object === lease.object && each.externalId === externalId);
  if (again !== undefined) {
    const afterMs = again.why === "many_clears" ? 1_000 : 50;
    const state = lease.attemptId === null ? "due" : "uncertain";
    ends.push({ id: lease.id, fence: lease.fence, state, afterMs, reason: again.why });
    return;
  }
  add(drawUpdate(batch, lease, externalId, images, read.shown.get(lease.id)?.times.endedAt.getTime() ?? null));
}

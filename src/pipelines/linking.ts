import { RejectedError } from "../lib/errors.ts";
import { contentHash } from "../lib/hash.ts";
import type { EntityKind } from "../model/catalogue.ts";
import type { ReviewKind } from "../model/review-kinds.ts";
import { readNow } from "../store/clock.ts";
import { loadEntities } from "../store/entities.ts";
import { findRemote, freeLink, removePairBlocks, withdrawDeliveries } from "../store/link-acts.ts";
import { addBlock } from "../store/link-blocks.ts";
import { findLinked, loadImages, lockLinks, remoteKey } from "../store/links.ts";
import { findLink } from "../store/links-read.ts";
import { alert, closeReviews, findOpenFor } from "../store/reviews.ts";
import { lostBy } from "./after-linking.ts";
import { type Batch, type Incoming, iso, type LinkSlot, systemSetter, write } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import { assertFree, assertQuiet } from "./decide-match.ts";
import type { Actor, Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { linkedElsewhere } from "./gone.ts";
import { PULLED_MS } from "./hand-out.ts";
import { keptReading } from "./kept-reading.ts";
import { releaseHold, takeWhole } from "./whole-record.ts";
import { laneKey } from "./world.ts";

export interface Linking {
  readonly entity: EntityKind;
  readonly entityId: string;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly by: Actor;
  /** It was looked up in a directory: what differs is proposed (S16). */
  readonly isLookedUp?: boolean;
}

/**
 * Says that a remote object stands for a record: a first meeting (rule R26) with what it shows now, or last showed where
 * we cannot ask. A person's act, so what forbade the pair is taken away (rule R25). Throws RejectedError (`not_found`,
 * `exists`, `not_released`, `cannot_be_asked`, `not_allowed`) or RetryableError `busy` while a write of ours may still
 * arrive there. The same link again is no change.
 */
export async function linkEntity(deps: Deps, wanted: Linking): Promise<{ linkId: string }> {
  const { connection, object, externalId, entityId, by } = wanted;
  const { sql } = deps.db;
  const mapping = deps.mappingOf(connection, object);
  if (mapping === undefined || deps.config.connections[connection]?.objects[object] === undefined)
    throw new RejectedError("not_found", "This object is not configured", { context: { connection, object } });
  if (mapping.as !== wanted.entity)
    throw new RejectedError("bad_value", `An object of this kind stands for a ${mapping.as}`, { context: { object } });
  const known = await findRemote(sql, connection, object, externalId);
  if (known?.entityId === entityId && known.state === "linked") return { linkId: known.id };
  const now = await readNow(sql);
  if (known !== undefined) assertQuiet(known, now);
  const shown = deps.connectorOf(connection).mode === "call" ? await ask(deps, wanted) : undefined;
  const done = await sql.begin(async (tx) => {
    const link = (await lockLinks(tx, connection, [{ object, externalId }])).get(remoteKey(object, externalId));
    if (link !== undefined) assertQuiet(link, now);
    if (link !== undefined && link.entityId !== null && link.entityId !== entityId && link.state !== "gone")
      throw new RejectedError("exists", "The object stands for another record; unlink it there first", {
        context: { linkId: link.id },
      });
    await assertFree(tx, link ?? { id: "", entity: wanted.entity, connection, object }, entityId);
    if (link !== undefined) await freeLink(tx, link.id);
    await removePairBlocks(tx, { connection, object, entityId, externalId });
    let reading = shown;
    if (reading === undefined && link !== undefined) {
      const image = (await loadImages(tx, [link.id])).get(link.id);
      if (image !== undefined) reading = keptReading(link, image, now);
    }
    if (reading === undefined)
      throw new RejectedError("cannot_be_asked", "This connection has not told us of the object yet", {
        context: { connection, object },
      });
    const read = mapping.readRemote(reading.body ?? {});
    const [fault] = read.faults;
    if (fault !== undefined) throw new RejectedError("bad_shape", fault.detail, { context: { field: fault.field } });
    if (mapping.parent !== undefined && read.parentExternalId !== undefined) {
      const parents = await findLinked(tx, connection, mapping.parent.object, [read.parentExternalId]);
      const own = (await loadEntities(tx, wanted.entity, [entityId])).get(entityId)?.parentId;
      const theirs = parents.get(read.parentExternalId);
      if (theirs !== undefined && theirs !== own)
        throw new RejectedError("conflict", "The remote object belongs to another Kundeemne", {
          context: { entityId, parent: theirs },
        });
    }
    const key = remoteKey(object, externalId);
    const batch = await decideBatch(deps, tx, connection, [reading], {
      tied: new Map([[key, entityId]]),
      alsoEntities: new Map([[entityId, wanted.entity]]),
      ...(wanted.isLookedUp === true ? { lookedUp: new Set([key]) } : {}),
      after: (each) => assertReleased(each, connection, object),
    });
    await closeOpen(batch, connection, object, [externalId], ["match_case"], by, "linked");
    const linkId = batch.links.get(key)?.link.id;
    if (linkId === undefined) throw new Error("The link was not made");
    return { linkId, due: new Set(batch.due.map((due) => due.connection)) };
  });
  deps.log.info("link.made", { linkId: done.linkId, connection, object, entityId, by: by.name });
  for (const name of done.due) await deps.queue.due("deliver", name);
  return { linkId: done.linkId };
}

/** A first meeting writes only where the object is released (rule R27). */
function assertReleased(batch: Batch, connection: string, object: string): void {
  const lane = batch.lanes.get(laneKey(connection, object));
  if (lane !== undefined && (lane.inbound || lane.outbound)) return;
  throw new RejectedError("not_released", "This object is not released yet", { context: { connection, object } });
}

/** What the remote shows of the object now. */
export async function ask(
  deps: Deps,
  { connection, object, externalId }: Pick<Linking, "connection" | "object" | "externalId">,
): Promise<Incoming> {
  const answer = await deps.limits.call(connection, () => deps.clientOf(connection).get(object, externalId));
  if ("gone" in answer)
    throw new RejectedError("not_found", "The remote has no object with this id", { context: { connection, object } });
  const { image, version } = answer.object;
  return {
    object,
    externalId,
    changeId: null,
    runId: null,
    deleted: false,
    body: { ...image },
    hash: contentHash(image),
    counter: null,
    lastDelivery: null,
    remoteVersion: version ?? null,
    changedAt: null,
    beganAt: answer.times.beganAt.getTime(),
    receivedAt: answer.times.endedAt.getTime(),
    writeCount: null,
    whole: true,
    pushed: false,
    confirmed: true,
    certain: true,
  };
}

const LIVE: ReadonlySet<string> = new Set(["linked", "extra", "gone", "disputed"]);

/**
 * Ends a link (rule R25): its base, holds and deliveries end, values stay, and neither side is linked or created again
 * until a person acts. Write count, images and the quiet time stay with the remote object (rule R18). Throws
 * RejectedError `not_found` when the link stands for nothing.
 */
export async function unlink(deps: Deps, act: { linkId: string; by: Actor; why?: string }): Promise<void> {
  const { linkId, by } = act;
  await inBatch(deps, async (batch) => {
    const { tx } = batch;
    const before = await findLink(tx, linkId);
    if (before === undefined || before.entityId === null) throw noLink(linkId);
    const { connection, object, entityId } = before;
    const at = iso(batch.now);
    await addBlock(tx, { connection, object, entityId, externalId: "", kind: "unlinked", by: by.name, at });
    const slot = await takeWhole(batch, before.entity, entityId);
    const linkSlot = batch.links.get(linkId);
    if (linkSlot?.link.entityId !== entityId || !LIVE.has(linkSlot.link.state)) throw noLink(linkId);
    if (!linkedElsewhere(batch, linkId, entityId, object)) {
      const cause = { by: systemSetter(batch.now), changeId: null, runId: null, mapping: null, kind: "unlinked" };
      write(batch, slot, lostBy(batch, slot, object, "S35:unlinked"), cause);
    }
    await endLinks(batch, [linkSlot], by);
    batch.look.add(entityId);
  });
  deps.log.info("link.ended", { linkId, by: by.name, ...(act.why === undefined ? {} : { why: act.why }) });
}

/** Ends links in hand, with their deliveries and what waits for a person about them; what blocks the pairs is the caller's. */
export async function endLinks(batch: Batch, slots: readonly LinkSlot[], by: Actor): Promise<void> {
  const byObject = Map.groupBy(slots, ({ link }) => laneKey(link.connection, link.object));
  for (const slot of slots) endLink(slot, batch.now, batch.deps.connection(slot.link.connection).quietMs);
  const ids = slots.map(({ link }) => link.id);
  const onTheirWay = await withdrawDeliveries(batch.tx, ids, "unlinked");
  for (const { link } of slots) {
    const { id, entity, entityId } = onTheirWay.find((each) => each.linkId === link.id) ?? {};
    // A system that pulls keeps what it was handed, and nobody can call it back (rules R21, R25): a person is told.
    if (id === undefined || batch.deps.connectorOf(link.connection).mode !== "queue") continue;
    const { connection, object, externalId } = link;
    const about = { connection, object, externalId, entity, entityId, reason: "unlinked:delivery_out" };
    await alert(batch.tx, iso(batch.now), { ...about, detail: { delivery: id } });
  }
  for (const { link } of slots) await leaveCases(batch, link.id);
  for (const [first, ...others] of byObject.values()) {
    if (first === undefined) continue;
    const ids = [first, ...others].map(({ link }) => link.externalId);
    const { connection, object } = first.link;
    await closeOpen(batch, connection, object, ids, ["ignored_write", "primary_contact"], by, "unlinked");
  }
}

const noLink = (linkId: string): RejectedError =>
  new RejectedError("not_found", "There is no such link", { context: { linkId } });

function endLink(slot: LinkSlot, now: number, quietMs: number): void {
  const { link } = slot;
  slot.link = {
    ...link,
    state: "unlinked",
    entityId: null,
    base: {},
    seen: {},
    decided: {},
    decidedVersion: 0,
    renderings: {},
    viewOf: null,
    linkedAt: null,
    missingSince: null,
    inFlight: false,
    // What was sent may still arrive (rule R13).
    images: link.images.map((image) => ({ until: now + Math.max(2 * quietMs, PULLED_MS), ...image })),
    ...(link.inFlight ? { writeCount: link.writeCount + 1, quietUntil: now + quietMs } : {}),
  };
  slot.dirty = true;
}

/** Cases lose the side of the link; one without any other side is over, and its field free (rules R16, R25). */
async function leaveCases(batch: Batch, linkId: string): Promise<void> {
  for (const review of batch.held.values()) {
    if (!review.sides.some((side) => side.link === linkId) && review.linkId !== linkId) continue;
    review.sides = review.sides.filter((side) => side.link !== linkId);
    if (review.sides.some((side) => side.link !== null)) {
      review.moved = true;
      continue;
    }
    review.moved = false;
    for (const slot of batch.entities.values())
      if (Object.values(slot.entity.holds).includes(review.id)) releaseHold(slot, review.id);
    const closing = { id: review.id, state: "closed" as const, decision: "unlinked", by: "kobling" };
    await closeReviews(batch.tx, iso(batch.now), [closing]);
  }
}

/** Closes what waits for a person about remote objects that this act has settled. */
async function closeOpen(
  batch: Batch,
  connection: string,
  object: string,
  externalIds: readonly string[],
  kinds: readonly ReviewKind[],
  by: Actor,
  decision: string,
): Promise<void> {
  const open = await findOpenFor(batch.tx, connection, object, externalIds, kinds);
  const closings = open.map(({ id }) => ({ id, state: "closed" as const, decision, by: by.name }));
  await closeReviews(batch.tx, iso(batch.now), closings);
}

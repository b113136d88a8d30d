import { RejectedError, RetryableError } from "../lib/errors.ts";
import { readNow } from "../store/clock.ts";
import type { Tx } from "../store/database.ts";
import { loadEntities } from "../store/entities.ts";
import { removePairBlocks } from "../store/link-acts.ts";
import { addBlock } from "../store/link-blocks.ts";
import { loadImages, loadLinksOf, lockLinks, remoteKey, type StoredLink } from "../store/links.ts";
import type { Review } from "../store/reviews.ts";
import { lockReviewToDecide } from "../store/reviews-decide.ts";
import { type Batch, iso } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import { assertOpen, close, type Decision } from "./decision.ts";
import type { Deps } from "./deps.ts";
import { keptReading } from "./kept-reading.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Decides what a remote object stands for (rules R24, R25): `link` it with a record (a first meeting with what it last
 * showed), `not_same` (that pair is never matched again; matching goes on among the rest), `new` makes a record of it,
 * `ignore` leaves it standing for nothing.
 */
export async function decideMatch(deps: Deps, before: Review, act: Decision): Promise<void> {
  const { connection, object, externalId } = before;
  if (connection === null || object === null || externalId === null)
    throw new Error(`Match case ${before.id} names no remote object`);
  const key = { object, externalId };
  const due = await deps.db.sql.begin(async (tx) => {
    const review = await lockReviewToDecide(tx, before.id);
    assertOpen(review ?? before, act);
    const now = await readNow(tx);
    const link = (await lockLinks(tx, connection, [key])).get(remoteKey(object, externalId));
    if (link === undefined || link.entityId !== null)
      throw new RejectedError("side_moved", "The object stands for a record by now", { context: { id: before.id } });
    assertQuiet(link, now);
    // Closed first: matching again opens a new case for what is still in doubt.
    await close({ tx, now }, before, act);
    if (act.decision === "ignore") {
      const after = await decideBatch(deps, tx, connection, [], {
        alsoLinks: [key],
        alsoEntities: new Map(candidatesOf(before).map((id) => [id, link.entity] as const)),
        after: (batch) => {
          for (const id of candidatesOf(before)) if (batch.entities.has(id)) batch.look.add(id);
          const slot = batch.links.get(remoteKey(object, externalId));
          if (slot === undefined) return;
          slot.link = { ...slot.link, state: "refused" };
          slot.dirty = true;
        },
      });
      return after.due;
    }
    const image = (await loadImages(tx, [link.id])).get(link.id);
    if (image === undefined)
      throw new RejectedError("cannot_be_asked", "What the object showed is not kept any more; it must be read again");
    const reading = keptReading(link, image, now);
    const candidates = candidatesOf(before);
    // Nothing was created beside an open case: now that it closes, its candidates are looked at for what they are owed.
    const looked = {
      alsoEntities: new Map(candidates.map((id) => [id, link.entity] as const)),
      after: (batch: Batch) => {
        for (const id of candidates) if (batch.entities.has(id)) batch.look.add(id);
      },
    };
    const refuse = (entityId: string): Promise<void> =>
      addBlock(tx, { connection, object, entityId, externalId, kind: "refused", by: act.by.name, at: iso(now) });
    // Whoever was merged beforehand is one record by now: the object stands for that.
    if (act.decision === "link" || act.decision === "merge") {
      const target = targetOf(act, candidates);
      await assertFree(tx, link, target);
      await removePairBlocks(tx, { connection, object, entityId: target, externalId });
      const tied = new Map([[remoteKey(object, externalId), target]]);
      return (
        await decideBatch(deps, tx, connection, [reading], {
          ...looked,
          tied,
          alsoEntities: new Map([...looked.alsoEntities, [target, link.entity]]),
        })
      ).due;
    }
    if (act.decision === "not_same") {
      await refuse(targetOf(act, candidates));
      return (await decideBatch(deps, tx, connection, [reading], looked)).due;
    }
    if (typeof image !== "object" || deps.config.connections[connection]?.objects[object] === undefined)
      throw new RejectedError("not_allowed", "This object is not configured any more", { context: { object } });
    for (const candidate of candidates) await refuse(candidate);
    const made = await decideBatch(deps, tx, connection, [reading], {
      ...looked,
      asNew: new Set([remoteKey(object, externalId)]),
    });
    if (made.links.get(remoteKey(object, externalId))?.link.entityId == null)
      throw new RejectedError("not_released", "No record can be made: the object is not released, or shows no name");
    return made.due;
  });
  for (const name of new Set(due.map((each) => each.connection))) await deps.queue.due("deliver", name);
}

/** A link that may still be written by an attempt of ours waits until that cannot be any more (rules R18, R25). */
export function assertQuiet(link: Pick<StoredLink, "id" | "quietUntil">, now: number): void {
  if (link.quietUntil === null || link.quietUntil <= now) return;
  throw new RetryableError("busy", "A write to this object may still arrive; it can be linked when that has passed", {
    retryAfterMs: link.quietUntil - now,
    context: { linkId: link.id },
  });
}

/** The record must be there, and have no other object of this kind at the connection. */
export async function assertFree(
  tx: Tx,
  link: Pick<StoredLink, "id" | "entity" | "connection" | "object">,
  id: string,
): Promise<void> {
  const record = UUID.test(id) ? (await loadEntities(tx, link.entity, [id])).get(id) : undefined;
  if (record === undefined)
    throw new RejectedError("not_found", `There is no ${link.entity} with this id`, { context: { id } });
  const { state } = record;
  if (state.erased || state.mergedInto !== null || state.archived || state.restricted)
    throw new RejectedError("record_closed", "The state of the record forbids linking it", { context: { id } });
  const other = (await loadLinksOf(tx, [id])).find(
    (each) =>
      each.id !== link.id &&
      each.connection === link.connection &&
      each.object === link.object &&
      (each.state === "linked" || each.state === "extra"),
  );
  if (other !== undefined)
    throw new RejectedError("exists", "Another object of this kind stands for the record; unlink it first", {
      context: { id, linkId: other.id },
    });
}

/** The records that a match case or a duplicate speaks of. */
export const candidatesOf = (review: Review): string[] => {
  const candidates = review.detail?.candidates;
  return Array.isArray(candidates) ? candidates.filter((id): id is string => typeof id === "string") : [];
};

function targetOf(act: Decision, candidates: readonly string[]): string {
  const target = act.target ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (target !== undefined && UUID.test(target)) return target;
  throw new RejectedError("bad_value", "`target` names the record that is meant", { context: { candidates } });
}

import { RejectedError } from "../lib/errors.ts";
import type { EntityKind } from "../model/catalogue.ts";
import { loadEntities } from "../store/entities.ts";
import { loadLinksOf, lockLinksById } from "../store/links.ts";
import type { Batch, EntitySlot } from "./batch.ts";
import { takeEntities } from "./load.ts";

/**
 * Takes a record with all its links, of every connection, into hand: for acts that concern the record as a whole. A
 * contact comes with its emne, whose links show it as the primary one. Throws RejectedError `not_found`.
 */
export async function takeWhole(batch: Batch, kind: EntityKind, id: string): Promise<EntitySlot> {
  const { tx } = batch;
  const parentId =
    kind === "kontaktperson" ? ((await loadEntities(tx, kind, [id])).get(id)?.parentId ?? undefined) : undefined;
  const links = await loadLinksOf(tx, parentId === undefined ? [id] : [id, parentId]);
  const locked = await lockLinksById(
    tx,
    links.map((link) => link.id),
  );
  // By id: several connections may use one external id.
  for (const [linkId, link] of locked) batch.links.set(linkId, { link, dirty: false, image: undefined });
  await takeEntities(batch, new Map([[id, kind]]));
  const slot = batch.entities.get(id);
  if (slot === undefined || slot.entity.kind !== kind)
    throw new RejectedError("not_found", `There is no ${kind} with this id`, { context: { id } });
  return slot;
}

/** Takes the hold of a review off a record. */
export function releaseHold(slot: EntitySlot, review: number): void {
  const holds = Object.fromEntries(Object.entries(slot.entity.holds).filter(([, id]) => id !== review));
  slot.entity = { ...slot.entity, holds };
  slot.dirty = true;
}

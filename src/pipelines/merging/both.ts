import { RejectedError, RetryableError } from "../../lib/errors.ts";
import type { EntityKind } from "../../model/catalogue.ts";
import { loadContacts } from "../../store/entities.ts";
import { loadLinksOf, lockLinksById } from "../../store/links.ts";
import type { Batch, EntitySlot, LinkSlot } from "../batch.ts";
import { takeEntities } from "../load.ts";

/** Two Kundeemner in hand, with contacts and all links of both. */
export interface Both {
  readonly survivor: EntitySlot;
  readonly other: EntitySlot;
}

/**
 * Takes two Kundeemner into hand, whole: links first, then records, as every transaction locks them. Throws RejectedError
 * `not_found`, and RetryableError `busy` when a link or contact was added in the moment between.
 */
export async function takeBoth(batch: Batch, survivorId: string, otherId: string): Promise<Both> {
  const { tx } = batch;
  const ids = [survivorId, otherId];
  const contacts = (await loadContacts(tx, ids, false)).map((contact) => contact.id);
  const links = await loadLinksOf(tx, [...ids, ...contacts]);
  const locked = await lockLinksById(
    tx,
    links.map((link) => link.id),
  );
  for (const [id, link] of locked) batch.links.set(id, { link, dirty: false, image: undefined });
  const kinds = new Map<string, EntityKind>([
    ...ids.map((id) => [id, "kundeemne"] as const),
    ...contacts.map((id) => [id, "kontaktperson"] as const),
  ]);
  await takeEntities(batch, kinds);
  const [survivor, other] = [getKundeemne(batch, survivorId), getKundeemne(batch, otherId)];
  for (const id of ids) if (!batch.contacts.has(id)) batch.contacts.set(id, []);
  // Whoever adds a contact or a link holds the record: from here on nobody does.
  const now = (await loadContacts(tx, ids, false)).map((contact) => contact.id);
  const unlocked = (await loadLinksOf(tx, [...ids, ...now])).some((link) => !batch.links.has(link.id));
  if (unlocked || now.some((id) => !batch.entities.has(id)))
    throw new RetryableError("busy", "Something was added to the record meanwhile", { retryAfterMs: 100 });
  return { survivor, other };
}

/** The links in hand of a record. */
export const linksOf = (batch: Batch, entityId: string): LinkSlot[] =>
  [...batch.links.values()].filter(({ link }) => link.entityId === entityId);

/** Links were moved: what is asked by record finds them there. */
export function resortLinks(batch: Batch, ids: readonly string[]): void {
  for (const id of ids)
    batch.otherLinks.set(
      id,
      linksOf(batch, id).map(({ link }) => link),
    );
}

function getKundeemne(batch: Batch, id: string): EntitySlot {
  const slot = batch.entities.get(id);
  if (slot?.entity.kind === "kundeemne") return slot;
  throw new RejectedError("not_found", "There is no Kundeemne with this id", { context: { id } });
}

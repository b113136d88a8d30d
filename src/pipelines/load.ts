import type { CompiledMapping, Read } from "../mappings/mapping.ts";
import type { EntityKind } from "../model/catalogue.ts";
import { readNow } from "../store/clock.ts";
import type { Tx } from "../store/database.ts";
import { loadDelivered } from "../store/deliveries.ts";
import { loadContacts, loadEntities, lockEntities } from "../store/entities.ts";
import { loadLanes } from "../store/lanes.ts";
import { loadBlocks } from "../store/link-blocks.ts";
import { loadImages, loadLinksOf, lockLinks, type RemoteKey, remoteKey, type StoredLink } from "../store/links.ts";
import { findOpenFor, lockReviews } from "../store/reviews.ts";
import { type Batch, type Incoming, type Known, slotOf } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { openLanes } from "./world.ts";

export interface Mapped {
  readonly incoming: Incoming;
  readonly mapping: CompiledMapping;
  readonly read: Read;
}

/** An empty batch: lanes and the time, nothing of the records yet. */
export async function openBatch(
  deps: Deps,
  tx: Tx,
  connection: string,
  asReleased?: { connection: string; object: string },
  known?: Known,
): Promise<Batch> {
  const [now, rows] = await Promise.all([readNow(tx), loadLanes(tx)]);
  return {
    deps,
    tx,
    connection,
    now,
    lanes: openLanes(deps, rows, asReleased),
    links: new Map(),
    entities: new Map(),
    contacts: new Map(),
    otherLinks: new Map(),
    blocks: [],
    wishes: [],
    held: new Map(),
    openings: [],
    closings: [],
    outcomes: [],
    due: [],
    history: [],
    readAgain: [],
    alerts: [],
    linked: [],
    renumbered: [],
    goneBlocks: [],
    orphaned: [],
    openMatches: new Set(),
    delivered: new Map(),
    receipted: [],
    accepted: new Set(),
    meetings: new Map(),
    versions: new Map(),
    counted: [],
    look: new Set(),
    known,
  };
}

/** Loads and locks the link rows of remote objects, in id order. */
export async function takeLinks(batch: Batch, keys: readonly RemoteKey[]): Promise<void> {
  const unique = [...new Map(keys.map((key) => [remoteKey(key.object, key.externalId), key])).values()];
  const links = await lockLinks(batch.tx, batch.connection, unique, batch.known?.links);
  for (const [key, link] of links) batch.links.set(key, { link, dirty: false, image: undefined });
  await remap(batch, [...links.values()]);
  const suggested = [...links.values()].filter((link) => link.state === "suggested");
  for (const object of new Set(suggested.map((link) => link.object))) {
    const ids = suggested.flatMap((link) => (link.object === object ? [link.externalId] : []));
    for (const review of await findOpenFor(batch.tx, batch.connection, object, ids, ["match_case"])) {
      if (review.linkId !== null) batch.openMatches.add(review.linkId);
    }
  }
  const written = [...links.values()].filter((link) => link.writeCount > 0).map((link) => link.id);
  if (written.length > 0 && batch.deps.connectorOf(batch.connection).mode === "queue") {
    for (const [id, each] of await loadDelivered(batch.tx, written)) batch.delivered.set(id, each);
  }
}

/**
 * On a new version of a mapping, base is mapped again from the raw image kept on the link: a new codec is not a change
 * by the remote (rule R10). Units that somebody holds keep what they showed.
 */
async function remap(batch: Batch, links: readonly StoredLink[]): Promise<void> {
  const old = links.filter((link) => {
    const mapping = batch.deps.mappingOf(link.connection, link.object);
    return mapping !== undefined && link.mappingVersion !== null && link.mappingVersion !== mapping.version;
  });
  if (old.length === 0) return;
  const images = await loadImages(
    batch.tx,
    old.map((link) => link.id),
  );
  for (const link of old) {
    const mapping = batch.deps.mappingOf(link.connection, link.object);
    const image = images.get(link.id);
    const slot = batch.links.get(remoteKey(link.object, link.externalId));
    if (mapping === undefined || image === undefined || slot === undefined) continue;
    const { claims } = mapping.readRemote(image);
    const base = { ...link.base };
    const seen = { ...link.seen };
    for (const mapped of mapping.units) {
      const isHeld = mapped.keys.some((key) => link.seen[key] !== undefined);
      for (const key of mapped.keys) {
        const value = claims[key];
        if (value === undefined) continue;
        if (isHeld) seen[key] = value;
        else if (base[key] !== undefined) base[key] = value;
      }
    }
    // A line that came with the new version starts as a first meeting of its unit: it has no base.
    slot.link = { ...link, base, seen, mappingVersion: mapping.version };
    slot.dirty = true;
  }
}

/** Loads records for deciding, locked in id order: emner first, then contacts; their other links; the cases that hold them. */
export async function takeEntities(batch: Batch, ids: ReadonlyMap<string, EntityKind>): Promise<void> {
  const { tx } = batch;
  const contactIds = [...ids].flatMap(([id, kind]) => (kind === "kontaktperson" ? [id] : []));
  const emneIds = new Set([...ids].flatMap(([id, kind]) => (kind === "kundeemne" ? [id] : [])));
  if (contactIds.length > 0) {
    // The emne of a contact is locked before the contact, so that all batches take locks in one order.
    for (const contact of (await loadEntities(tx, "kontaktperson", contactIds)).values()) {
      if (contact.parentId !== null) emneIds.add(contact.parentId);
    }
  }
  const wanted = [...emneIds].filter((id) => !batch.entities.has(id));
  for (const [id, stored] of await lockEntities(tx, "kundeemne", wanted, batch.known?.kundeemner))
    batch.entities.set(id, slotOf(stored));
  const needContacts = contactIds.length > 0 || speaksOfContacts(batch);
  if (needContacts && emneIds.size > 0) {
    const missing = [...emneIds].filter((id) => !batch.contacts.has(id));
    for (const id of missing) batch.contacts.set(id, []);
    for (const stored of await loadContacts(tx, missing, true)) {
      const slot = slotOf(stored);
      batch.entities.set(stored.id, slot);
      batch.contacts.get(stored.parentId ?? "")?.push(slot);
    }
  }
  await takeSurroundings(batch, [...wanted, ...contactIds]);
}

/** Some lane shows contacts, flat or as objects: then the contacts of every emne in hand are needed. */
export function speaksOfContacts(batch: Batch): boolean {
  for (const lane of batch.lanes.values()) {
    const mapping = batch.deps.mappingOf(lane.connection, lane.object);
    if (mapping !== undefined && (mapping.hasView || mapping.as === "kontaktperson")) return true;
  }
  return false;
}

async function takeSurroundings(batch: Batch, ids: readonly string[]): Promise<void> {
  const { tx } = batch;
  const contactIds = ids.flatMap((id) => (batch.contacts.get(id) ?? []).map((slot) => slot.entity.id));
  const all = [...new Set([...ids, ...contactIds])].filter((id) => !batch.otherLinks.has(id));
  for (const id of all) batch.otherLinks.set(id, []);
  // Links in hand are not read twice; with one lane alone, a record whose link is in hand has no other.
  const inHand = [...batch.links.values()].map(({ link }) => link);
  const complete = new Set<string | null>(batch.lanes.size <= 1 ? inHand.map((link) => link.entityId) : []);
  const others = await loadLinksOf(
    tx,
    all.filter((id) => !complete.has(id)),
    inHand.map((link) => link.id),
    batch.known?.links,
  );
  for (const link of [...inHand, ...others])
    if (link.entityId !== null) batch.otherLinks.get(link.entityId)?.push(link);
  const holding = new Set<number>();
  for (const id of all)
    for (const review of Object.values(batch.entities.get(id)?.entity.holds ?? {})) holding.add(review);
  for (const [id, review] of await lockReviews(tx, [...holding]))
    batch.held.set(id, { ...review, moved: false, sides: [...review.sides] });
}

/** Blocks of records and remote ids, and what is wished of them, added to what the batch knows (rule R25). */
export async function takeBlocks(
  batch: Batch,
  entityIds: readonly string[],
  externalIds: readonly string[],
): Promise<Batch> {
  const { blocks, wishes } = await loadBlocks(batch.tx, entityIds, { connection: batch.connection, externalIds });
  return { ...batch, blocks: [...batch.blocks, ...blocks], wishes: [...batch.wishes, ...wishes] };
}

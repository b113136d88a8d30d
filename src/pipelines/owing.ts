import type { CompiledMapping } from "../mappings/mapping.ts";
import { gateOut } from "../rules/gate.ts";
import { lastShown, owed } from "../rules/owed.ts";
import type { Link } from "../rules/record.ts";
import { isEmpty } from "../rules/unit-values.ts";
import { viewHold, viewLink, viewMapping } from "../rules/view.ts";
import type { Due } from "../store/deliveries.ts";
import type { StoredLink } from "../store/links.ts";
import type { Batch, EntitySlot } from "./batch.ts";
import { contactsOf, primaryOf } from "./contacts.ts";
import { laneKey, type OpenLane } from "./world.ts";

/** Everything that differs on one link: units to send, and why others stay behind. Units of the view under their own names. */
export interface LinkOwes {
  readonly units: readonly string[];
  readonly withheld: { readonly [unit: string]: string };
  readonly left: { readonly [unit: string]: string };
}

const views = new WeakMap<CompiledMapping, CompiledMapping>();
/** The view's mapping is cut once per mapping; a cache without state of its own. */
export function viewOf(mapping: CompiledMapping): CompiledMapping {
  let view = views.get(mapping);
  if (view === undefined) {
    view = viewMapping(mapping);
    views.set(mapping, view);
  }
  return view;
}

/** What a link is owed, the view of the primary contact included (rules R11, R29). */
export function linkOwes(
  slot: EntitySlot,
  primary: EntitySlot | undefined,
  link: Link,
  lane: OpenLane,
  mapping: CompiledMapping,
  now: number,
): LinkOwes {
  const own = owed(slot.entity, link, lane, mapping, now);
  if (!mapping.hasView || primary === undefined || mapping.as !== "kundeemne") return own;
  const view = viewOf(mapping);
  const seen = owed(
    { ...primary.entity, state: slot.entity.state },
    viewLink(mapping, link, primary.entity.id),
    lane,
    view,
    now,
  );
  const emptied = othersOwn(slot, primary, link, lane, view, now).filter((unit) => !seen.units.includes(unit));
  const name = (unit: string): string => `primaer.${unit}`;
  const held = slot.entity.holds[viewHold] !== undefined;
  const units = held ? own.units : [...own.units, ...[...seen.units, ...emptied].map(name)];
  const withheld = {
    ...own.withheld,
    ...renamed(seen.withheld, name),
    ...(held ? Object.fromEntries(seen.units.map((unit) => [name(unit), "held"])) : {}),
  };
  return { units, withheld, left: { ...own.left, ...renamed(seen.left, name) } };
}

/**
 * Another contact is primary by now: what the remote still shows of the one before, and this one has not, is emptied with
 * it, or two persons would be mixed into one (rule R29).
 */
function othersOwn(
  slot: EntitySlot,
  primary: EntitySlot,
  link: Link,
  lane: OpenLane,
  view: CompiledMapping,
  now: number,
): string[] {
  if (link.viewOf === null || link.viewOf === primary.entity.id) return [];
  const entity = { ...primary.entity, state: slot.entity.state };
  const shown = lastShown(link);
  return view.units.flatMap(({ unit, direction }) =>
    direction !== "in" &&
    !isEmpty(shown[`primaer.${unit}`]) &&
    isEmpty(primary.entity.values[unit]) &&
    gateOut(entity, unit, lane, false, now).allowed
      ? [unit]
      : [],
  );
}

const renamed = (
  reasons: { readonly [unit: string]: string },
  name: (unit: string) => string,
): { [unit: string]: string } =>
  Object.fromEntries(Object.entries(reasons).map(([unit, reason]) => [name(unit), reason]));

/** Marks due what the batch's decisions left owed: at the links it decided, and at every other link of a record that changed. */
export function findOwed(batch: Batch): void {
  let outward = false;
  for (const lane of batch.lanes.values()) outward ||= lane.outbound;
  if (!outward) return;
  const links = new Map<string, StoredLink>();
  const records = new Set<string>(batch.look);
  for (const slot of batch.links.values()) {
    if (slot.dirty && slot.link.entityId !== null) links.set(slot.link.id, slot.link);
  }
  for (const slot of batch.entities.values()) {
    if (!slot.dirty || slot.entity.version === 0) continue;
    records.add(slot.entity.id);
    // The view of the primary contact is seen on the links of its emne.
    if (slot.entity.kind === "kontaktperson" && slot.entity.parentId !== null) records.add(slot.entity.parentId);
  }
  const inHand = new Set<string>();
  const byRecord = new Map<string, StoredLink[]>();
  for (const { link } of batch.links.values()) {
    inHand.add(link.id);
    if (link.entityId === null) continue;
    const known = byRecord.get(link.entityId);
    if (known === undefined) byRecord.set(link.entityId, [link]);
    else known.push(link);
  }
  for (const id of records) {
    const slot = batch.entities.get(id);
    if (slot === undefined) continue;
    const own = byRecord.get(id) ?? [];
    const others = (batch.otherLinks.get(id) ?? []).filter((link) => !inHand.has(link.id));
    for (const link of [...own, ...others]) links.set(link.id, link);
    owedCreates(batch, slot, [...own, ...others]);
  }
  for (const link of links.values()) {
    const due = linkDue(batch, link);
    if (due !== undefined) batch.due.push(due);
  }
}

function linkDue(batch: Batch, link: StoredLink): Due | undefined {
  const lane = batch.lanes.get(laneKey(link.connection, link.object));
  const slot = batch.entities.get(link.entityId ?? "");
  const mapping = batch.deps.mappingOf(link.connection, link.object);
  if (link.state !== "linked" || lane === undefined || !lane.outbound || slot === undefined || mapping === undefined)
    return undefined;
  const primary = mapping.hasView ? primaryOf(batch, slot.entity.id) : undefined;
  if (linkOwes(slot, primary, link, lane, mapping, batch.now).units.length === 0) return undefined;
  return {
    connection: link.connection,
    object: link.object,
    linkId: link.id,
    entity: slot.entity.kind,
    entityId: slot.entity.id,
    kind: "update",
    changed: isChanged(slot) || (primary !== undefined && isChanged(primary)),
  };
}

const isChanged = (slot: EntitySlot): boolean => slot.entity.version !== slot.was;

/** Objects that the record should have at a connection and has not: due to be created, once, where nothing forbids it. */
function owedCreates(batch: Batch, slot: EntitySlot, links: readonly StoredLink[]): void {
  const { entity } = slot;
  if (
    entity.state.archived ||
    entity.state.restricted ||
    entity.state.erased ||
    entity.state.orphaned ||
    entity.state.mergedInto !== null
  )
    return;
  for (const lane of batch.lanes.values()) {
    if (!lane.outbound || !(lane.createOut || isWished(batch, entity.id, lane))) continue;
    const mapping = batch.deps.mappingOf(lane.connection, lane.object);
    if (mapping === undefined || mapping.as !== entity.kind) continue;
    if (links.some((link) => link.connection === lane.connection && link.object === lane.object)) continue;
    if (isBlocked(batch, entity.id, lane)) continue;
    batch.due.push({
      connection: lane.connection,
      object: lane.object,
      linkId: null,
      entity: entity.kind,
      entityId: entity.id,
      kind: "create",
      changed: isChanged(slot),
    });
  }
  if (entity.kind === "kundeemne") {
    for (const contact of contactsOf(batch, entity.id)) {
      const theirs = batch.otherLinks.get(contact.entity.id) ?? [];
      if (contact.dirty || batch.look.has(entity.id)) owedCreates(batch, contact, theirs);
    }
  }
}

/** A person wishes that the record has an account there (S82, S83), whatever the configuration creates by itself. */
const isWished = (batch: Batch, entityId: string, { connection, object }: OpenLane): boolean =>
  batch.wishes.some((wish) => wish.entityId === entityId && wish.connection === connection && wish.object === object);

/** A person said no, the object is gone, or an open match case may yet say which object stands for the record (rule R25). */
export function isBlocked(
  batch: Batch,
  entityId: string,
  { connection, object }: { connection: string; object: string },
): boolean {
  const here = (each: { connection?: string | undefined; object?: string | undefined }): boolean =>
    each.connection === connection && each.object === object;
  return (
    batch.blocks.some((block) => block.entityId === entityId && block.externalId === "" && here(block)) ||
    batch.openings.some(
      ({ review }) => review.kind === "match_case" && here(review) && candidatesOf(review.detail).includes(entityId),
    )
  );
}

const candidatesOf = (detail: Record<string, unknown> | undefined): readonly unknown[] =>
  Array.isArray(detail?.candidates) ? detail.candidates : [];

import type { CompiledMapping, RemoteImage } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { gateOut, gateState } from "../rules/gate.ts";
import { type GuardKind, kindsOf, type Touched, touchedOut } from "../rules/guards.ts";
import { lastShown } from "../rules/owed.ts";
import { versionOf } from "../rules/unit-case.ts";
import { viewHold } from "../rules/view.ts";
import { beginAttempts, type NewAttempt } from "../store/attempts.ts";
import { type Delivery, type DeliveryEnd, nameCreates } from "../store/deliveries.ts";
import { loadImages, remoteKey } from "../store/links.ts";
import { type Batch, type EntitySlot, iso, type LinkSlot } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import { isBlocked, linkOwes } from "./owing.ts";
import { laneKey, type OpenLane } from "./world.ts";

/** A request worked out from the newest state, before it stands in the store. Deliveries of both modes are drawn here. */
export interface Draft {
  readonly delivery: Delivery;
  readonly externalId: string | null;
  readonly body: { readonly [remote: string]: unknown };
  readonly image: RemoteImage | null;
  readonly precondition: string | undefined;
  readonly sent: Values;
  readonly versions: { readonly [unit: string]: number };
  readonly readAt: number | null;
  readonly withheld: { readonly [unit: string]: string };
  /** What of the remote's the request replaces or empties, by key (rule R30). */
  readonly touched: Touched;
}

/** What the remote last showed, raw, for links that were not read just now. */
export async function imagesOf(batch: Batch, leases: readonly Delivery[]): Promise<Map<string, RemoteImage>> {
  const missing = leases.flatMap((lease) => {
    const slot = lease.externalId === null ? undefined : batch.links.get(remoteKey(lease.object, lease.externalId));
    return slot === undefined || slot.image !== undefined ? [] : [slot.link.id];
  });
  return loadImages(batch.tx, missing);
}

export type Drawn =
  | { readonly kind: "send"; readonly draft: Draft }
  | {
      readonly kind: "end";
      readonly state: DeliveryEnd["state"];
      readonly reason?: string | undefined;
      readonly withheld?: { readonly [unit: string]: string };
    };

const end = (state: DeliveryEnd["state"], reason?: string, withheld?: { readonly [unit: string]: string }): Drawn => ({
  kind: "end",
  state,
  reason,
  ...(withheld === undefined ? {} : { withheld }),
});

/** What forbids any write of a record at this lane: the gate without its units (rule R14), asked before anything is drawn. */
export function shutFor(batch: Batch, delivery: Delivery): Drawn | undefined {
  const lane = batch.lanes.get(laneKey(delivery.connection, delivery.object));
  const entity = batch.entities.get(delivery.entityId);
  if (lane === undefined || entity === undefined) return end("withdrawn", "not_configured");
  if (batch.deps.mappingOf(delivery.connection, delivery.object) === undefined)
    return end("withdrawn", "not_configured");
  const emne = entity.entity.parentId === null ? entity : batch.entities.get(entity.entity.parentId);
  const gate = emne === undefined ? gateState(entity.entity, "out") : gateState(emne.entity, "out");
  if (lane.outbound && gate.allowed) return undefined;
  return end("withheld", gate.allowed ? "switched_off" : gate.reason);
}

/** What a link is owed by the newest state: owed fields only, parts that already read as wanted not re-spelled. */
export function drawUpdate(
  batch: Batch,
  delivery: Delivery,
  externalId: string,
  images: ReadonlyMap<string, RemoteImage>,
  readAt: number | null,
): Drawn {
  const { lane, mapping, entity, primary } = handsOn(batch, delivery);
  const slot = batch.links.get(remoteKey(delivery.object, externalId));
  if (slot === undefined || slot.link.state !== "linked" || slot.link.entityId !== delivery.entityId)
    return end("withdrawn", "not_linked");
  const owes = linkOwes(entity, primary, slot.link, lane, mapping, batch.now);
  if (owes.units.length === 0) {
    const waits = Object.keys(owes.withheld).length > 0;
    return waits ? end("withheld", Object.values(owes.withheld)[0], owes.withheld) : end("settled");
  }
  // The image is what the remote last showed: just now, or at the last reading.
  const image = (slot.image ?? images.get(slot.link.id) ?? {}) as RemoteImage | null;
  const shown = lastShown(slot.link);
  const written = mapping.writeRemote(valuesFor(entity, primary), owes.units, image, { shown });
  const withheld = {
    ...owes.withheld,
    ...Object.fromEntries(written.withheld.map((each) => [each.unit, `${each.code}: ${each.detail}`])),
  };
  if (Object.keys(written.body).length === 0) {
    return Object.keys(withheld).length > 0 ? end("withheld", Object.values(withheld)[0], withheld) : end("settled");
  }
  const skipped = new Set(written.withheld.map((each) => each.unit));
  const units = owes.units.filter((unit) => !skipped.has(unit));
  return {
    kind: "send",
    draft: {
      delivery,
      externalId,
      body: written.body,
      image,
      precondition: slot.link.remoteVersion ?? undefined,
      sent: written.sent,
      versions: versionsOf(entity, primary, units),
      readAt,
      withheld,
      touched: touchedOut(shown, written.sent),
    },
  };
}

/** What the gate of `shutFor` has let through is in hand. */
function handsOn(batch: Batch, delivery: Delivery) {
  const lane = batch.lanes.get(laneKey(delivery.connection, delivery.object));
  const mapping = batch.deps.mappingOf(delivery.connection, delivery.object);
  const entity = batch.entities.get(delivery.entityId);
  if (lane === undefined || mapping === undefined || entity === undefined)
    throw new Error(`Delivery ${delivery.id} was drawn before the gate was asked`);
  const primary = mapping.hasView ? primaryOf(batch, entity.entity.id) : undefined;
  return { lane, mapping, entity, primary };
}

/** Does the record have an object of this kind at the remote by now? Then there is nothing to create. */
export function isLinked(batch: Batch, delivery: Delivery): boolean {
  const inHand = [...batch.links.values()].map((slot) => slot.link);
  const others = batch.otherLinks.get(delivery.entityId) ?? [];
  return [...inHand.filter((link) => link.entityId === delivery.entityId), ...others].some(
    (link) => link.connection === delivery.connection && link.object === delivery.object && link.state !== "suggested",
  );
}

/** The whole object, for a remote that has none of this record yet. Nothing without a name. */
export function drawCreate(batch: Batch, delivery: Delivery): Drawn {
  const { lane, mapping, entity, primary } = handsOn(batch, delivery);
  if (isLinked(batch, delivery)) return end("withdrawn", "linked_meanwhile");
  if (isBlocked(batch, delivery.entityId, delivery)) return end("withheld", "R25:blocked");
  let parentExternalId: string | undefined;
  if (mapping.parent !== undefined) {
    const { object } = mapping.parent;
    const parent = (batch.otherLinks.get(entity.entity.parentId ?? "") ?? []).find(
      (link) => link.connection === delivery.connection && link.object === object && link.state === "linked",
    );
    // Children are due only when the parent's link is linked (rule R19); it marks them due again.
    if (parent === undefined) return end("withheld", "parent_not_linked");
    parentExternalId = parent.externalId;
  }
  const values = valuesFor(entity, primary);
  const units = mapping.units
    .filter((mapped) => mapped.direction !== "in" && !mapped.assignedByRemote)
    .filter((mapped) => mapped.token || mapped.keys.some((key) => values[key] !== null && values[key] !== undefined))
    .map((mapped) => mapped.unit);
  const shut = shutUnits(batch, lane, mapping, units, entity, primary);
  const open = units.filter((unit) => shut[unit] === undefined);
  const written = mapping.writeRemote(values, open, null, { parentExternalId });
  const withheld: { [unit: string]: string } = {
    ...shut,
    ...Object.fromEntries(written.withheld.map((each) => [each.unit, `${each.code}: ${each.detail}`])),
  };
  const skipped = new Set(written.withheld.map((each) => each.unit));
  const name = mapping.as === "kundeemne" ? "firmanavn" : "navn";
  // Nothing is made without a name: it waits for whoever holds it back.
  if (withheld[name] !== undefined) return end("withheld", withheld[name], withheld);
  const sendable = open.filter((unit) => !skipped.has(unit));
  const draft: Draft = {
    delivery,
    externalId: null,
    body: written.body,
    image: null,
    precondition: undefined,
    sent: written.sent,
    versions: versionsOf(entity, primary, sendable),
    readAt: null,
    withheld,
    touched: {},
  };
  return { kind: "send", draft };
}

/** Of a create: units that wait for a person (rule R16), or that the gate forbids (rule R14), with the reason. */
function shutUnits(
  batch: Batch,
  lane: OpenLane,
  mapping: CompiledMapping,
  units: readonly string[],
  slot: EntitySlot,
  primary: EntitySlot | undefined,
): { [unit: string]: string } {
  const shut: { [unit: string]: string } = {};
  for (const name of units) {
    const view = mapping.unitByName.get(name)?.view;
    const owner = view === undefined ? slot.entity : primary?.entity;
    if (owner === undefined) continue;
    const unit = view ?? name;
    const gate = gateOut({ ...owner, state: slot.entity.state }, unit, lane, true, batch.now);
    if (owner.holds[unit] !== undefined || (view !== undefined && slot.entity.holds[viewHold] !== undefined))
      shut[name] = "held";
    else if (owner.holds[`${unit}@${lane.connection}`] !== undefined) shut[name] = "proposed";
    else if (!gate.allowed) shut[name] = gate.reason;
  }
  return shut;
}

/** The record's values with the view of its primary contact under the view's names. */
export function valuesFor(entity: EntitySlot, primary: EntitySlot | undefined): Values {
  if (primary === undefined) return entity.entity.values;
  const values: Values = { ...entity.entity.values };
  for (const name of ["navn", "mobil", "fax", "email"]) values[`primaer.${name}`] = primary.entity.values[name] ?? null;
  return values;
}

function versionsOf(
  entity: EntitySlot,
  primary: EntitySlot | undefined,
  units: readonly string[],
): { [unit: string]: number } {
  return Object.fromEntries(
    units.map((unit) => {
      const field = unit.startsWith("primaer.") ? unit.slice("primaer.".length) : undefined;
      return [
        unit,
        field === undefined
          ? versionOf(entity.entity, unit)
          : primary === undefined
            ? 0
            : versionOf(primary.entity, field),
      ];
    }),
  );
}

/** What guards count of a request (rule R30). */
export const kindsOfDraft = ({ delivery, externalId, touched }: Draft): GuardKind[] => {
  if (delivery.kind === "archive") return ["deletes"];
  return externalId === null ? ["creates"] : kindsOf(touched);
};

/** Counts a request for the guards. */
export function countSent(batch: Batch, draft: Draft): void {
  const kinds = kindsOfDraft(draft);
  if (kinds.length === 0) return;
  const { delivery, externalId, touched: fields } = draft;
  const { connection, object, id, entityId } = delivery;
  batch.counted.push({
    ...{ connection, object, direction: "out", id, externalId, entityId },
    ...{ runId: null, kinds, fields },
  });
}

/** Writes the attempts and their images, and raises the write counts, before any request leaves (rules R6, R13). */
export async function begin(batch: Batch, drafts: readonly Draft[]): Promise<number[]> {
  const attempts: NewAttempt[] = drafts.map((each) => ({
    deliveryId: each.delivery.id,
    connection: each.delivery.connection,
    object: each.delivery.object,
    externalId: each.externalId,
    fence: each.delivery.fence,
    kind: each.delivery.kind,
    sent: each.sent,
    versions: each.versions,
    readAt: each.readAt === null ? null : iso(each.readAt),
  }));
  for (const each of drafts) countSent(batch, each);
  const ids = await beginAttempts(batch.tx, attempts);
  await nameCreates(
    batch.tx,
    drafts.flatMap((each) => (each.externalId === null ? [{ id: each.delivery.id, key: batch.deps.newId() }] : [])),
  );
  drafts.forEach((each, n) => {
    const slot: LinkSlot | undefined =
      each.externalId === null ? undefined : batch.links.get(remoteKey(each.delivery.object, each.externalId));
    if (slot === undefined) return;
    const image = { attempt: ids[n] ?? -1, values: each.sent, versions: each.versions };
    slot.link = {
      ...slot.link,
      inFlight: true,
      writeCount: slot.link.writeCount + 1,
      images: [...slot.link.images, image],
      newestHash: null,
    };
    slot.departs = true;
  });
  return ids;
}

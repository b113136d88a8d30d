import type { CompiledMapping, MappedUnit, RemoteImage } from "../mappings/mapping.ts";
import { catalogueOf, type Values } from "../model/catalogue.ts";
import { gateState } from "../rules/gate.ts";
import { lastShown } from "../rules/owed.ts";
import type { Link } from "../rules/record.ts";
import { agrees, pick, renderingOf } from "../rules/unit-values.ts";
import { viewLink } from "../rules/view.ts";
import type { OpenDelivery } from "../store/explain-read.ts";
import type { StoredLink } from "../store/links.ts";
import { type Batch, type EntitySlot, iso } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import { valuesFor } from "./draft.ts";
import { isBlocked, type LinkOwes, linkOwes, viewOf } from "./owing.ts";
import { laneKey, type OpenLane } from "./world.ts";

export interface ExplainedDelivery {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
}

export interface ExplainedLink {
  readonly link: string;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly state: string;
  /** What the remote last showed, in the terms of its mapping; null: it never showed the field. */
  readonly shows: Values | null;
  /** Remote fields that go out next; null: nothing of this unit. */
  readonly next: { readonly [remote: string]: unknown } | null;
  /** Why something that differs does not go out, or not yet. */
  readonly because: string | null;
  /** The same in particular: what of the value cannot be written, until when it is quiet, what the remote refused. */
  readonly detail: string | null;
  readonly delivery: ExplainedDelivery | null;
}

/** A connection that could show the record and has no object of it. */
export interface ExplainedPlace {
  readonly connection: string;
  readonly object: string;
  /** What goes out when the object is made there; null: it is not made, or nothing of this unit. */
  readonly next: { readonly [remote: string]: unknown } | null;
  readonly because: string | null;
  readonly delivery: ExplainedDelivery | null;
}

/** What is said of one unit of the record. */
export interface Spoken<T> {
  readonly unit: string;
  readonly said: T;
}

const deliveryOf = (open: OpenDelivery | undefined): ExplainedDelivery | null =>
  open === undefined ? null : { id: open.id, kind: open.kind, state: open.state, reason: open.reason };

const at = (place: { connection: string; object: string }) => (each: { connection: string; object: string }) =>
  each.connection === place.connection && each.object === place.object;

/** What one link shows, is owed and is not, by unit of the record. */
export function linksSaid(
  batch: Batch,
  slot: EntitySlot,
  link: StoredLink,
  image: RemoteImage | null,
  deliveries: readonly OpenDelivery[],
): Spoken<ExplainedLink>[] {
  const mapping = batch.deps.mappingOf(link.connection, link.object);
  const lane = batch.lanes.get(laneKey(link.connection, link.object));
  const own = link.entityId === slot.entity.id;
  const owner = own ? slot : batch.entities.get(link.entityId ?? "");
  const primary = owner === undefined ? undefined : primaryOf(batch, owner.entity.id);
  // The links of the emne show this contact only while it is the primary one.
  if (mapping === undefined || owner === undefined || (!own && primary?.entity.id !== slot.entity.id)) return [];
  const owes =
    link.state === "linked" && lane !== undefined
      ? linkOwes(owner, primary, link, lane, mapping, batch.now)
      : undefined;
  const open = deliveries.find(at(link));
  const spoken: Spoken<ExplainedLink>[] = [];
  for (const mapped of mapping.units) {
    if (own === (mapped.view !== undefined)) continue;
    const shown = lastShown(link);
    const shows = pick(mapped.keys, shown);
    const isOwed = owes?.units.includes(mapped.unit) === true;
    const written = isOwed
      ? mapping.writeRemote(valuesFor(owner, primary), [mapped.unit], image, { shown })
      : undefined;
    const unwritable = written?.withheld[0];
    const why = whyNot(batch, slot, link, lane, mapping, mapped, owes, open);
    spoken.push({
      unit: mapped.view ?? mapped.unit,
      said: {
        link: link.id,
        connection: link.connection,
        object: link.object,
        externalId: link.externalId,
        state: link.state,
        shows: Object.keys(shows).length === 0 ? null : shows,
        next: written === undefined || unwritable !== undefined ? null : { ...written.body },
        because: unwritable?.code ?? why.because,
        detail: unwritable?.detail ?? why.detail,
        delivery: isOwed || owes?.withheld[mapped.unit] !== undefined ? deliveryOf(open) : null,
      },
    });
  }
  return spoken;
}

interface Why {
  readonly because: string | null;
  readonly detail: string | null;
}
const why = (because: string | null, detail: string | null = null): Why => ({ because, detail });

function whyNot(
  batch: Batch,
  slot: EntitySlot,
  link: StoredLink,
  lane: OpenLane | undefined,
  mapping: CompiledMapping,
  mapped: MappedUnit,
  owes: LinkOwes | undefined,
  open: OpenDelivery | undefined,
): Why {
  if (lane === undefined) return why("not_configured");
  if (owes === undefined) return why(link.state);
  const { unit } = mapped;
  const withheld = owes.withheld[unit];
  if (withheld !== undefined) return why(withheld === "switched_off" ? shutBy(lane) : withheld);
  const left = owes.left[unit];
  if (left !== undefined) return why(left);
  if (owes.units.includes(unit)) return hindered(batch, link, lane, open);
  return why(differsBy(slot, link, mapping, mapped));
}

/** A direction that is shut: by a guard, because nobody has released it yet (rule R27), or by the configuration. */
const shutBy = (lane: OpenLane): string => (lane.row.stopped ? "stopped" : lane.armed ? "armed" : "switched_off");

/** What is owed goes out with the next delivery, unless something stands in its way for now. */
function hindered(batch: Batch, link: Link, lane: OpenLane, open: OpenDelivery | undefined): Why {
  if (open?.state === "rejected") return why("rejected", open.reason);
  if (lane.paused) return why("paused");
  if (lane.row.stopped) return why("stopped");
  if (open?.state === "withheld" && open.reason === "R30:dismissed") return why(open.reason);
  if (batch.deps.limits.circuitOf(link.connection) === "open") return why("circuit_open");
  if (link.quietUntil !== null && link.quietUntil > batch.now) return why("quiet", iso(link.quietUntil));
  return open?.state === "uncertain" ? why("uncertain", open.reason) : why(null);
}

/** Nothing is owed; where the remote still shows something else, the line of the mapping or a rendering says why. */
function differsBy(slot: EntitySlot, link: Link, mapping: CompiledMapping, mapped: MappedUnit): string | null {
  const own = mapped.view === undefined;
  const line = own ? mapped : viewOf(mapping).unitByName.get(mapped.view ?? "");
  const seen = own ? link : viewLink(mapping, link, slot.entity.id);
  if (line === undefined) return null;
  const shows = pick(line.keys, lastShown(seen));
  if (Object.keys(shows).length === 0 || agrees(slot.entity.kind, line, shows, slot.entity.values)) return null;
  if (mapped.direction === "in") return "in_only";
  if (mapped.write === "on_create" || mapped.write === "if_empty") return mapped.write;
  const rendering = renderingOf(slot.entity.kind, line, seen.renderings[line.unit], shows, slot.entity.values);
  return rendering === undefined ? null : "rendering";
}

/** Connections whose mapping speaks of records of this kind and that have none of this one: why, or what is made there. */
export function placesSaid(
  batch: Batch,
  slot: EntitySlot,
  links: readonly StoredLink[],
  deliveries: readonly OpenDelivery[],
): Spoken<ExplainedPlace>[] {
  const { entity } = slot;
  const catalogue = catalogueOf(entity.kind);
  const emne = batch.entities.get(entity.parentId ?? "") ?? slot;
  const spoken: Spoken<ExplainedPlace>[] = [];
  for (const lane of batch.lanes.values()) {
    const mapping = batch.deps.mappingOf(lane.connection, lane.object);
    const known = links.some((link) => link.entityId === entity.id && at(lane)(link));
    if (mapping === undefined || mapping.as !== entity.kind || known) continue;
    const open = deliveries.find((each) => at(lane)(each) && each.kind === "create");
    const because = whyAbsent(batch, emne, slot, lane, mapping, links, open);
    for (const mapped of mapping.units) {
      if (mapped.view !== undefined || mapped.direction === "in" || !catalogue.units.has(mapped.unit)) continue;
      const isHeld = entity.holds[mapped.unit] !== undefined;
      const written = because === null && !isHeld ? mapping.writeRemote(entity.values, [mapped.unit], null) : undefined;
      const body = written?.withheld.length === 0 && Object.keys(written.body).length > 0 ? { ...written.body } : null;
      const { connection, object } = lane;
      spoken.push({
        unit: mapped.unit,
        said: {
          ...{ connection, object, next: body, delivery: deliveryOf(open) },
          because: because ?? (isHeld ? "held" : (written?.withheld[0]?.code ?? null)),
        },
      });
    }
  }
  return spoken;
}

function whyAbsent(
  batch: Batch,
  emne: EntitySlot,
  slot: EntitySlot,
  lane: OpenLane,
  mapping: CompiledMapping,
  links: readonly StoredLink[],
  open: OpenDelivery | undefined,
): string | null {
  const block = batch.blocks.find((each) => each.entityId === slot.entity.id && at(lane)(each));
  if (block !== undefined || isBlocked(batch, slot.entity.id, lane)) return block?.kind ?? "match_case";
  if (!lane.createOut) return "no_link";
  const gate = gateState(emne.entity, "out");
  if (!gate.allowed) return gate.reason;
  if (!lane.outbound || lane.row.stopped) return shutBy(lane);
  const parent = mapping.parent?.object;
  if (
    parent !== undefined &&
    !links.some(
      (link) =>
        link.entityId === emne.entity.id &&
        link.state === "linked" &&
        at({ connection: lane.connection, object: parent })(link),
    )
  )
    return "parent_not_linked";
  if (open?.state === "withheld") return open.reason ?? "withheld";
  if (open?.state === "rejected" || open?.state === "uncertain") return open.state;
  return lane.paused ? "paused" : null;
}

import type { CompiledMapping } from "../mappings/mapping.ts";
import { catalogueOf, kontaktpersonCatalogue, type Values } from "../model/catalogue.ts";
import { sameValue } from "../model/compare.ts";
import { applyToEntity, applyToLink } from "../rules/apply.ts";
import { decide } from "../rules/decide.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { deriveSearchName, deriveTown } from "../rules/derived.ts";
import { withOverwritten } from "../rules/overwritten.ts";
import { livingImages } from "../rules/own-write.ts";
import { withPosition } from "../rules/position.ts";
import { claimInterval } from "../rules/reading.ts";
import type { Link, Reading } from "../rules/record.ts";
import { setterOf, type World } from "../rules/unit-case.ts";
import { agrees, isEmpty } from "../rules/unit-values.ts";
import type { Batch, Cause, EntitySlot, Incoming, LinkSlot } from "./batch.ts";
import { record } from "./batch.ts";
import { openCases } from "./cases.ts";
import { judgeView, onePrimary, primaryOf } from "./contacts.ts";
import { swingingOf } from "./ping-pong.ts";
import { type OpenLane, worldFor } from "./world.ts";

export interface JudgeOptions {
  /** The record was made from this reading. */
  readonly fresh: boolean;
  /** Effects that are settled already (rule R17); only the rest of the claims is judged. */
  readonly settled?: readonly UnitEffect[];
  /** What follows from the link itself and belongs to the same version. */
  readonly also?: readonly UnitEffect[];
}

export interface Judged {
  /** What the change counts as: `held`, `updated` or `unchanged`. */
  readonly outcome: "held" | "updated" | "unchanged";
  readonly readAgain?: string;
}

/**
 * Decides one reading against its record, in the batch: record, provenance, history, link and cases, all from what
 * `decide` returns. Nothing is written to the store here.
 */
export function judge(
  batch: Batch,
  lane: OpenLane,
  mapping: CompiledMapping,
  linkSlot: LinkSlot,
  slot: EntitySlot,
  incoming: Incoming,
  claims: Values,
  options: JudgeOptions,
): Judged {
  const { deps, now } = batch;
  const link = { ...linkSlot.link, images: livingImages(linkSlot.link.images, now) };
  const interval = claimInterval(
    incoming,
    lastHadBase(link.decidedBeganAt, incoming.hadBaseAt ?? null),
    lane.row.clockOffsetMs,
  );
  const reading: Reading = {
    claims,
    changeId: incoming.changeId,
    from: interval.from,
    to: interval.to,
    receivedAt: incoming.receivedAt,
    whole: incoming.whole,
    confirmed: incoming.confirmed,
    mapping: mapping.version,
  };
  const world: World = {
    ...worldFor(deps, batch.lanes, slot.entity.kind, now, (unit, ours) =>
      otherLinkAgrees(batch, slot, link.id, unit, ours),
    ),
    swinging: swingingOf(batch, slot.entity),
  };
  const parent = batch.entities.get(slot.entity.parentId ?? "")?.entity;
  const given = { entity: slot.entity, link, lane, mapping, reading, world, fresh: options.fresh };
  const input = parent === undefined ? given : { ...given, parent };
  const decision = decide(input);
  if (decision.readAgain !== undefined) return { outcome: "unchanged", readAgain: decision.readAgain };

  const by = setterOf(lane, reading);
  const cause: Cause = { by, changeId: incoming.changeId, runId: incoming.runId, mapping: mapping.version };
  const mayDerive = !isShown(batch, slot, link, "soegenavn");
  const judged = [...(options.settled ?? []), ...decision.effects];
  const said = [...withOverwritten(slot.entity, link, mapping, judged, by), ...(options.also ?? [])];
  const effects = withDerived(slot, said, now, mayDerive);
  record(batch, slot, applyToEntity(slot.entity, withPosition(slot.entity, effects, now), by), cause);
  onePrimary(batch, slot, cause);
  linkSlot.link = { ...linkSlot.link, ...applyToLink(link, effects, slot.entity) };
  linkSlot.dirty = true;
  const opened = openCases(batch, slot, linkSlot.link, effects, incoming);
  let outcome: Judged["outcome"] = opened
    ? "held"
    : effects.some((effect) => effect.did === "took")
      ? "updated"
      : "unchanged";
  if (mapping.hasView) {
    const view = judgeView(
      batch,
      { ...input, link: linkSlot.link, entity: slot.entity, world: viewWorld(batch, slot, link.id) },
      linkSlot,
      slot,
      incoming,
      cause,
    );
    if (view === "held" || (view === "updated" && outcome === "unchanged")) outcome = view;
  }
  return { outcome };
}

/** The world as the primary contact's fields see it: their own survivorship, and what other links show of them (R29). */
const viewWorld = (batch: Batch, slot: EntitySlot, linkId: string): World => ({
  swinging: swingingOf(batch, primaryOf(batch, slot.entity.id)?.entity),
  ...worldFor(batch.deps, batch.lanes, "kontaktperson", batch.now, (unit, ours) =>
    (batch.otherLinks.get(slot.entity.id) ?? []).some((other) => {
      const mapped = batch.deps.mappingOf(other.connection, other.object)?.unitByName.get(`primaer.${unit}`);
      const shown = other.base[`primaer.${unit}`];
      if (other.id === linkId || other.state !== "linked" || mapped === undefined || shown === undefined) return false;
      const field = kontaktpersonCatalogue.fields[unit];
      return field !== undefined && sameValue(field, shown, ours[unit] ?? null);
    }),
  ),
});

/** The later of the last decided reading and the last listing: both still had base. Null: never read before. */
const lastHadBase = (decidedAt: number | null, listedAt: number | null): number | null =>
  decidedAt === null ? null : Math.max(decidedAt, listedAt ?? decidedAt);

/** Derived values rank below every claim and follow their input (rule R4). */
function withDerived(slot: EntitySlot, effects: UnitEffect[], now: number, mayDerive: boolean): UnitEffect[] {
  if (slot.entity.kind !== "kundeemne") return effects;
  const derived = effects.map((effect) => {
    if (effect.unit !== "adresse" || effect.did !== "took" || effect.write === undefined) return effect;
    const whole = { ...pickAddress(slot.entity.values), ...effect.write };
    const town = deriveTown(whole);
    return town === whole ? effect : { ...effect, write: { ...effect.write, bynavn: town.bynavn ?? null } };
  });
  const name = effects.find((effect) => effect.unit === "firmanavn" && effect.did === "took")?.write?.firmanavn;
  if (
    name === undefined ||
    !mayDerive ||
    effects.some((effect) => effect.unit === "soegenavn" && effect.did === "took")
  )
    return derived;
  const search = deriveSearchName({ ...slot.entity, values: { ...slot.entity.values, firmanavn: name } }, now);
  return search === undefined ? derived : [...derived, search];
}

const pickAddress = (values: Values): Values => ({
  postnr: values.postnr ?? null,
  bynavn: values.bynavn ?? null,
  landekode: values.landekode ?? null,
});

/** A remote shows a value of the field: from then on it is a claim, and nothing is derived over it (rule R4). */
export function isShown(batch: Batch, slot: EntitySlot, link: Link | null, key: string): boolean {
  if (link !== null && !isEmpty(link.base[key])) return true;
  return (batch.otherLinks.get(slot.entity.id) ?? []).some(
    (other) => other.state === "linked" && !isEmpty(other.base[key]),
  );
}

/** Does another live link of the record show our value of the unit (rule R26)? */
function otherLinkAgrees(batch: Batch, slot: EntitySlot, linkId: string, unit: string, ours: Values): boolean {
  const catalogue = catalogueOf(slot.entity.kind);
  if (!catalogue.units.has(unit)) return false;
  for (const other of batch.otherLinks.get(slot.entity.id) ?? []) {
    if (other.id === linkId || other.state !== "linked") continue;
    const mapped = batch.deps.mappingOf(other.connection, other.object)?.unitByName.get(unit);
    if (mapped === undefined || mapped.keys.some((key) => other.base[key] === undefined)) continue;
    if (agrees(slot.entity.kind, mapped, other.base, ours)) return true;
  }
  return false;
}

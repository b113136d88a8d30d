import { RejectedError, StaleError } from "../lib/errors.ts";
import { catalogueOf, type EntityKind, type Values } from "../model/catalogue.ts";
import { sameValue } from "../model/compare.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { deriveSearchName, deriveTown } from "../rules/derived.ts";
import type { Setter } from "../rules/record.ts";
import { isEmpty } from "../rules/unit-values.ts";
import { viewHold } from "../rules/view.ts";
import type { Tx } from "../store/database.ts";
import type { Due } from "../store/deliveries.ts";
import { lockReviews, type ReviewSide } from "../store/reviews.ts";
import { type Batch, type Cause, type EntitySlot, iso, newSlot, write } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { flush } from "./flush.ts";
import { isShown } from "./judge.ts";
import { openBatch, takeBlocks, takeEntities } from "./load.ts";
import { settleCases } from "./settle-cases.ts";
import { takeAway } from "./take-away.ts";

/** A person or a program that speaks to our API is the CRM (rule R1); the time of an edit is one instant. */
export const actorSetter = (by: Actor, now: number): Setter => ({ kind: by.kind, actor: by.name, from: now, to: now });

/** Effects that set fields, one per unit: fields of a group are one value (rule R2). Unchanged units are left out. */
export function editEffects(kind: EntityKind, before: Values, patch: Values, rule: string): UnitEffect[] {
  const catalogue = catalogueOf(kind);
  const byUnit = new Map<string, Values>();
  for (const [field, value] of Object.entries(patch)) {
    const unit = catalogue.unitOf.get(field);
    const known = catalogue.fields[field];
    if (unit === undefined || known === undefined)
      throw new RejectedError("bad_value", `There is no field named ${field}`, { context: { field } });
    const old = before[field] ?? null;
    // As typed counts: another spelling is an edit here, though it is no change to any remote (rule R12).
    if (old === value || (Array.isArray(old) && sameValue(known, old, value))) continue;
    byUnit.set(unit.name, { ...byUnit.get(unit.name), [field]: value });
  }
  return [...byUnit].map(([unit, written]) => ({ unit, did: "took", rule, write: written }));
}

/** A record that is to be made. Values are checked already; flat keys. */
export interface NewEntity {
  readonly entity: EntityKind;
  readonly values: Values;
  readonly parentId?: string;
  readonly by: Actor;
  /** What follows without having been said (rule R4). */
  readonly derived?: readonly UnitEffect[];
}

/** Makes a Kundeemne or a contact. Due links follow in the same transaction. */
export async function createEntity(deps: Deps, wanted: NewEntity): Promise<{ id: string; version: number }> {
  return inBatch(deps, async (batch) => {
    const { entity: kind, parentId } = wanted;
    if (kind === "kontaktperson") {
      if (parentId === undefined)
        throw new RejectedError("bad_value", "A contact belongs to exactly one emne: parentId is required");
      await takeEntities(batch, new Map([[parentId, "kundeemne" as const]]));
      if (!batch.entities.has(parentId))
        throw new RejectedError("not_found", "There is no Kundeemne with this id", { context: { id: parentId } });
    }
    const { entity } = makeEntity(batch, wanted);
    return { id: entity.id, version: entity.version };
  });
}

/** The same within a batch; the emne of a contact is in hand. */
export function makeEntity(
  batch: Batch,
  { entity: kind, values: given, parentId, by, derived: more = [] }: NewEntity,
): EntitySlot {
  const slot = newSlot({ kind, id: batch.deps.newId(), parentId: parentId ?? null }, batch.now);
  batch.entities.set(slot.entity.id, slot);
  batch.otherLinks.set(slot.entity.id, []);
  batch.contacts.set(slot.entity.id, []);
  const defaults: Values = {};
  for (const [field, known] of Object.entries(catalogueOf(kind).fields)) {
    if (known.default !== undefined && given[field] === undefined) defaults[field] = known.default;
  }
  const values = kind === "kundeemne" ? withAddress({}, given) : given;
  const cause: Cause = { by: actorSetter(by, batch.now), changeId: null, runId: null, mapping: null };
  const effects = editEffects(kind, {}, values, "API");
  const search = kind === "kundeemne" ? deriveSearchName({ ...slot.entity, values }, batch.now) : undefined;
  const derived = search === undefined || !isEmpty(values.soegenavn) ? [] : [search];
  const system: Setter = { kind: "derived", from: batch.now, to: batch.now };
  const defaulted = editEffects(kind, {}, defaults, "default").map((effect) => ({ ...effect, by: system }));
  write(batch, slot, [...effects, ...derived, ...more, ...defaulted], cause);
  if (kind === "kontaktperson" && parentId !== undefined) joinContacts(batch, parentId, slot, cause);
  batch.look.add(slot.entity.id);
  return slot;
}

/**
 * Changes fields. `ifVersion` other than the record's is refused with StaleError `version_moved`. A held unit keeps its
 * value in force: the edit joins the case as a side (rule R16).
 */
export async function editEntity(
  deps: Deps,
  wanted: { entity: EntityKind; id: string; patch: Values; ifVersion?: number; by: Actor },
): Promise<{ version: number; changed: string[] }> {
  return inBatch(deps, async (batch) => {
    const slot = await takeForEdit(batch, wanted.entity, wanted.id, wanted.ifVersion);
    const { entity } = slot;
    const { primaerKontaktId, ...fields } = wanted.patch;
    const patch = wanted.entity === "kundeemne" ? withAddress(entity.values, fields) : fields;
    const cause: Cause = { by: actorSetter(wanted.by, batch.now), changeId: null, runId: null, mapping: null };
    const effects = editEffects(entity.kind, entity.values, patch, "API");
    const free = effects.filter((effect) => entity.holds[effect.unit] === undefined);
    const who = { kind: wanted.by.kind, actor: wanted.by.name };
    for (const effect of effects) if (!free.includes(effect)) await joinByEdit(batch.tx, batch, slot, effect, who);
    // What follows from a name that is held waits with it.
    const name = free.find((effect) => effect.unit === "firmanavn")?.write?.firmanavn;
    const search =
      typeof name === "string" && patch.soegenavn === undefined && !isShown(batch, slot, null, "soegenavn")
        ? deriveSearchName({ ...entity, values: { ...entity.values, firmanavn: name } }, batch.now)
        : undefined;
    write(batch, slot, search === undefined ? free : [...free, search], cause);
    if (wanted.entity === "kontaktperson" && patch.primaer === true && entity.parentId !== null) {
      makePrimary(batch, entity.parentId, slot.entity.id, cause);
      moveView(batch, entity.parentId);
    }
    if (primaerKontaktId !== undefined && wanted.entity === "kundeemne") {
      if (
        primaerKontaktId !== null &&
        !(batch.contacts.get(wanted.id) ?? []).some((each) => each.entity.id === primaerKontaktId)
      ) {
        throw new RejectedError("bad_value", "primaerKontaktId must be a contact of this emne", {
          context: { field: "primaerKontaktId" },
        });
      }
      makePrimary(batch, wanted.id, typeof primaerKontaktId === "string" ? primaerKontaktId : null, cause);
      moveView(batch, wanted.id);
    }
    return { version: slot.entity.version, changed: free.flatMap((effect) => Object.keys(effect.write ?? {})) };
  });
}

/** Takes a contact away from its emne. Its remote objects are unlinked, never deleted (S27). */
export async function deleteContact(deps: Deps, wanted: { id: string; ifVersion?: number; by: Actor }): Promise<void> {
  await inBatch(deps, async (batch) => {
    const slot = await take(batch, "kontaktperson", wanted.id);
    if (wanted.ifVersion !== undefined && wanted.ifVersion !== slot.entity.version) {
      throw new StaleError("version_moved", "The contact has another version by now", {
        context: { version: slot.entity.version },
      });
    }
    await takeAway(batch, slot, wanted.by);
  });
}

/**
 * Runs acts on records in one transaction, writes what they left, and makes due what is owed. `after` may decide more in
 * the same transaction, once that is written; it gives what is due of it.
 */
export async function inBatch<T>(
  deps: Deps,
  act: (batch: Batch) => Promise<T>,
  after?: (batch: Batch) => Promise<readonly Due[]>,
): Promise<T> {
  const due = new Set<string>();
  const result = await deps.db.sql.begin(async (tx) => {
    const batch = await openBatch(deps, tx, "");
    const answer = await act(batch);
    await settleCases(batch);
    const outward = [...batch.lanes.values()].some((lane) => lane.outbound);
    const blocked = outward ? await takeBlocks(batch, [...batch.entities.keys()], []) : batch;
    await flush(blocked);
    for (const each of [...batch.due, ...((await after?.(batch)) ?? [])]) due.add(each.connection);
    return answer;
  });
  for (const connection of due) await deps.queue.due("deliver", connection);
  // What postgres.js unwraps from a transaction's answer is the answer itself.
  return result as T;
}

/**
 * Takes a record into hand for an act of a person. One that was merged or erased is RejectedError `gone`; another version
 * than the one that was seen is StaleError `version_moved`.
 */
export async function takeForEdit(
  batch: Batch,
  kind: EntityKind,
  id: string,
  ifVersion: number | undefined,
): Promise<EntitySlot> {
  const slot = await take(batch, kind, id);
  const { state, version } = slot.entity;
  if (state.mergedInto !== null)
    throw new RejectedError("gone", "The record was merged into another", {
      context: { mergedInto: state.mergedInto },
    });
  if (state.erased) throw new RejectedError("gone", "The record was erased", { context: { id } });
  if (ifVersion !== undefined && ifVersion !== version)
    throw new StaleError("version_moved", "The record has another version by now", { context: { version } });
  return slot;
}

async function take(batch: Batch, kind: EntityKind, id: string): Promise<EntitySlot> {
  await takeEntities(batch, new Map([[id, kind]]));
  const slot = batch.entities.get(id);
  if (slot === undefined || slot.entity.kind !== kind)
    throw new RejectedError("not_found", `There is no ${kind} with this id`, { context: { id } });
  return slot;
}

/** At most one primary contact; taking the flag from one never gives it to another (S22). */
export function makePrimary(batch: Batch, kundeemneId: string, contactId: string | null, cause: Cause): void {
  for (const contact of batch.contacts.get(kundeemneId) ?? []) {
    const primaer = contact.entity.id === contactId;
    if ((contact.entity.values.primaer === true) === primaer) continue;
    write(batch, contact, [{ unit: "primaer", did: "took", rule: "S22:one_primary", write: { primaer } }], cause);
  }
  batch.look.add(kundeemneId);
}

/** Who is primary is another question now than the one that waits: whoever decides it looks again (rule R16). */
function moveView(batch: Batch, kundeemneId: string): void {
  const review = batch.held.get(batch.entities.get(kundeemneId)?.entity.holds[viewHold] ?? 0);
  if (review !== undefined) review.moved = true;
}

function joinContacts(batch: Batch, kundeemneId: string, made: EntitySlot, cause: Cause): void {
  batch.contacts.set(kundeemneId, [...(batch.contacts.get(kundeemneId) ?? []), made]);
  if (made.entity.values.primaer === true) makePrimary(batch, kundeemneId, made.entity.id, cause);
  batch.look.add(kundeemneId);
}

/** What an address says by itself: the town of a Danish postal code, Denmark where no country is named (rule R4). */
function withAddress(before: Values, patch: Values): Values {
  const fields = ["adresse1", "adresse2", "postnr", "bynavn", "landekode"];
  if (!fields.some((field) => !isEmpty(patch[field]))) return patch;
  const whole: Values = {};
  for (const field of fields)
    whole[field] = patch[field] === undefined ? (before[field] ?? null) : (patch[field] ?? null);
  const landekode = isEmpty(whole.landekode) && patch.landekode === undefined ? "DK" : (whole.landekode ?? null);
  const town = deriveTown({ ...whole, landekode });
  const more: Values = {};
  if (landekode !== whole.landekode) more.landekode = landekode;
  if (town.bynavn !== whole.bynavn && patch.bynavn === undefined) more.bynavn = town.bynavn ?? null;
  return { ...patch, ...more };
}

/** An edit of ours on a held unit joins the case as a side; the value in force stays (rule R16). */
async function joinByEdit(
  tx: Tx,
  batch: Batch,
  slot: EntitySlot,
  effect: UnitEffect,
  by: NonNullable<ReviewSide["by"]>,
): Promise<void> {
  const id = slot.entity.holds[effect.unit];
  if (id === undefined || effect.write === undefined) return;
  if (!batch.held.has(id))
    for (const [key, review] of await lockReviews(tx, [id]))
      batch.held.set(key, { ...review, moved: false, sides: [...review.sides] });
  const review = batch.held.get(id);
  if (review === undefined) return;
  // The value in force is the first side of ours; an edit is a further one and replaces an earlier edit of the same parts.
  const [inForce, ...others] = review.sides;
  const earlier = others.find((each) => each.link === null);
  const value = { ...earlier?.value, ...effect.write };
  const at = iso(batch.now);
  const side = { link: null, connection: null, object: null, value, at, changeId: null, by };
  review.sides = [...(inForce === undefined ? [] : [inForce]), ...others.filter((each) => each.link !== null), side];
  review.moved = true;
}

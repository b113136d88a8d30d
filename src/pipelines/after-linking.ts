import type { UnitEffect } from "../rules/decision.ts";
import { deriveKinds } from "../rules/derived.ts";
import { type Batch, type EntitySlot, type Incoming, type LinkSlot, systemSetter, write } from "./batch.ts";
import { isShown } from "./judge.ts";

/** What follows from a new link: the computed fields of S35, and children that wait for their parent. */
export function afterLinking(batch: Batch, slot: LinkSlot, entityId: string, incoming: Incoming): void {
  slot.link = { ...slot.link, linkedAt: slot.link.linkedAt ?? new Date(batch.now).toISOString() };
  batch.linked.push(incoming.externalId);
  batch.look.add(entityId);
  const entity = batch.entities.get(entityId);
  const effects = entity === undefined ? [] : foundBy(batch, entity, incoming);
  if (entity === undefined || effects.length === 0) return;
  const { changeId, runId } = incoming;
  write(batch, entity, effects, { by: systemSetter(batch.now), changeId, runId, mapping: null, kind: "linked" });
}

/** The computed fields that say in which ledgers a Kundeemne is found (S35), and the kinds that follow from them. */
export function foundBy(batch: Batch, slot: EntitySlot, { object }: Incoming): UnitEffect[] {
  const field = fieldOf(object);
  if (field === undefined || slot.entity.kind !== "kundeemne" || slot.entity.values[field] === true) return [];
  // An object that speaks of kinds itself is not anticipated.
  const speaks = batch.deps.mappingOf(batch.connection, object)?.unitByName.has("emnetyper") === true;
  return foundEffects(batch, slot, field, true, "S35:linked", !speaks);
}

/** No object of this kind stands for the record any more. */
export const lostBy = (batch: Batch, slot: EntitySlot, object: string, rule: string): UnitEffect[] => {
  const field = fieldOf(object);
  return field === undefined || slot.entity.kind !== "kundeemne"
    ? []
    : foundEffects(batch, slot, field, false, rule, true);
};

const fieldOf = (object: string): "findesDeb" | "findesKred" | undefined =>
  object === "debitor" ? "findesDeb" : object === "kreditor" ? "findesKred" : undefined;

function foundEffects(
  batch: Batch,
  slot: EntitySlot,
  field: "findesDeb" | "findesKred",
  is: boolean,
  rule: string,
  mayDerive: boolean,
): UnitEffect[] {
  const found = { [field]: is };
  const kinds =
    mayDerive &&
    !isTheCrms(batch) &&
    slot.entity.holds.emnetyper === undefined &&
    !isShown(batch, slot, null, "emnetyper")
      ? deriveKinds(slot.entity, found, batch.now)
      : undefined;
  const effect: UnitEffect = { unit: field, did: "took", rule, write: found, by: systemSetter(batch.now) };
  return kinds === undefined ? [effect] : [effect, kinds];
}

/** Where a CRM keeps the kinds, it says them itself. */
const isTheCrms = ({ lanes, deps }: Batch): boolean =>
  [...lanes.values()].some(
    ({ side, off, connection, object }) =>
      side === "crm" && off !== true && deps.mappingOf(connection, object)?.unitByName.has("emnetyper") === true,
  );

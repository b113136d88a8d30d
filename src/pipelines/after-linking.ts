import type { UnitEffect } from "../rules/decision.ts";
import { type Batch, type EntitySlot, type Incoming, type LinkSlot, systemSetter, write } from "./batch.ts";

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

/** The computed fields that say in which ledgers a Kundeemne is found (S35). */
export function foundBy(batch: Batch, { entity }: EntitySlot, { object }: Incoming): UnitEffect[] {
  const field = object === "debitor" ? "findesDeb" : object === "kreditor" ? "findesKred" : undefined;
  if (field === undefined || entity.kind !== "kundeemne" || entity.values[field] === true) return [];
  return [{ unit: field, did: "took", rule: "S35:linked", write: { [field]: true }, by: systemSetter(batch.now) }];
}

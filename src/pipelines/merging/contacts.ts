import { applyToEntity } from "../../rules/apply.ts";
import type { UnitEffect } from "../../rules/decision.ts";
import type { Setter } from "../../rules/record.ts";
import type { KeptOfMerge } from "../../store/merges.ts";
import type { Batch, EntitySlot } from "../batch.ts";
import { contactsOf, primaryOf } from "../contacts.ts";

type Kept = KeptOfMerge["contacts"][number];

/**
 * Contacts go to another emne, each as it is: whether two of one address are one person, is not said by a merge (S26). At
 * most one is primary (S22): the one that the emne has already.
 */
export function moveContacts(batch: Batch, from: string, to: string, by: Setter): Kept[] {
  const isTaken = primaryOf(batch, to) !== undefined;
  return [...contactsOf(batch, from)].map((slot) => {
    const primaer = slot.entity.values.primaer === true;
    moveContact(batch, slot, to, primaer && isTaken ? false : primaer, by, "moved");
    return { id: slot.entity.id, primaer };
  });
}

/** Contacts that are still where a merge has put them go back; gives those that did. */
export function moveContactsBack(batch: Batch, from: string, to: string, kept: readonly Kept[], by: Setter): string[] {
  const wanted = new Map(kept.map((each) => [each.id, each.primaer]));
  const moved = contactsOf(batch, from).filter(({ entity }) => wanted.has(entity.id));
  for (const slot of moved) {
    const { id, values } = slot.entity;
    const isFree = primaryOf(batch, to) === undefined;
    // Who was made primary meanwhile is so where it comes from, too.
    const primaer = isFree && (wanted.get(id) === true || values.primaer === true);
    moveContact(batch, slot, to, primaer, by, "moved");
  }
  return moved.map(({ entity }) => entity.id);
}

function moveContact(batch: Batch, slot: EntitySlot, to: string, primaer: boolean, by: Setter, kind: string): void {
  const { entity } = slot;
  const from = entity.parentId;
  const effects: UnitEffect[] =
    (entity.values.primaer === true) === primaer
      ? []
      : [{ unit: "primaer", did: "took", rule: primaer ? "R33:undone" : "S22:one_primary", write: { primaer } }];
  const applied = applyToEntity(entity, effects, by);
  const version = entity.version + 1;
  slot.entity = { ...applied.entity, version, parentId: to };
  slot.dirty = true;
  batch.contacts.set(
    from ?? "",
    contactsOf(batch, from ?? "").filter((each) => each !== slot),
  );
  batch.contacts.set(to, [...contactsOf(batch, to), slot]);
  batch.look.add(to);
  batch.history.push({
    ...{ entityId: entity.id, entity: "kontaktperson", version, kind, by },
    ...{ changeId: null, runId: null, mappingVersion: null },
    fields: { kundeemneId: [from, to], ...applied.changed },
  });
}

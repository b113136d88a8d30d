import type { MappedUnit } from "../mappings/mapping.ts";
import { applyToLink } from "../rules/apply.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { lastShown } from "../rules/owed.ts";
import { DECIDED } from "../rules/refused.ts";
import { agrees, pick } from "../rules/unit-values.ts";
import type { Batch, EntitySlot, LinkSlot } from "./batch.ts";
import { viewOf } from "./owing.ts";

/** How a connection speaks of a unit of this record, in the record's own names; a contact also through its emne's view. */
export function mappedFor(
  batch: Batch,
  slot: EntitySlot,
  unit: string,
  connection: string,
  object: string,
): MappedUnit | undefined {
  const mapping = batch.deps.mappingOf(connection, object);
  if (mapping === undefined) return undefined;
  const own = mapping.as === slot.entity.kind ? mapping : viewOf(mapping);
  return own.unitByName.get(unit);
}

/**
 * A case is over: base of a link that is a side of it becomes what the link last showed (rule R16); a remote that shows
 * the outcome already has had it.
 */
export function showBase(batch: Batch, slot: EntitySlot, linkSlot: LinkSlot, unit: string): void {
  const { link } = linkSlot;
  const mapping = batch.deps.mappingOf(link.connection, link.object);
  if (mapping === undefined || (link.state !== "linked" && link.state !== "extra")) return;
  const own = link.entityId === slot.entity.id;
  // The emne's link shows this contact only while it is the primary one.
  if (!own && (slot.entity.values.primaer !== true || link.entityId !== slot.entity.parentId)) return;
  const mapped = own ? mapping.unitByName.get(unit) : mapping.units.find((each) => each.view === unit);
  const record = own ? slot : batch.entities.get(slot.entity.parentId ?? "");
  if (mapped === undefined || record === undefined) return;
  const shown = pick(mapped.keys, lastShown(link));
  if (Object.keys(shown).length === 0) return;
  const agreed = own
    ? agrees(slot.entity.kind, mapped, shown, slot.entity.values)
    : mapped.keys.every((key) =>
        agrees(
          slot.entity.kind,
          { ...mapped, keys: [unit], view: undefined },
          { [unit]: shown[key] ?? null },
          slot.entity.values,
        ),
      );
  const decided = agreed ? { decided: own ? ("after" as const) : slot.entity.version } : {};
  const effect: UnitEffect = { unit: mapped.unit, did: "noted", rule: DECIDED, base: shown, ...decided };
  Object.assign(linkSlot, { link: { ...link, ...applyToLink(link, [effect], record.entity) }, dirty: true });
}

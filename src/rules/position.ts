import { addressKey } from "../danish/address.ts";
import type { Values } from "../model/catalogue.ts";
import type { UnitEffect } from "./decision.ts";
import { derivedSetter } from "./derived.ts";
import type { Entity } from "./record.ts";
import { isEmpty } from "./unit-values.ts";

/** What `gps.precision` says of coordinates whose address is another by now. */
export const STALE = "stale";

/**
 * Coordinates follow the address (S19): those of an address that is another by now are marked stale, unless the same act
 * brings its own; new coordinates are stale no more. They are never left silently wrong, and never dropped.
 */
export function withPosition(entity: Entity, effects: readonly UnitEffect[], now: number): readonly UnitEffect[] {
  if (entity.kind !== "kundeemne") return effects;
  const position = effects.find((effect) => effect.unit === "gps" && effect.did === "took" && brings(effect.write));
  if (position !== undefined) {
    if (entity.values["gps.precision"] !== STALE || position.write?.["gps.precision"] !== undefined) return effects;
    return effects.map((effect) =>
      effect === position ? { ...effect, write: { ...effect.write, "gps.precision": null } } : effect,
    );
  }
  if (isEmpty(entity.values["gps.lat"]) || entity.values["gps.precision"] === STALE) return effects;
  const moved = effects.some(
    (effect) => effect.unit === "adresse" && effect.did === "took" && !samePlace(entity.values, effect.write ?? {}),
  );
  if (!moved) return effects;
  const write = { "gps.precision": STALE };
  return [...effects, { unit: "gps", did: "took", rule: "S19:stale", write, by: derivedSetter(now) }];
}

const brings = (write: Values | undefined): boolean => !isEmpty(write?.["gps.lat"]) || !isEmpty(write?.["gps.lng"]);

/** Another spelling of the same street, number and postal code is the same place; so is another floor. */
function samePlace(before: Values, write: Values): boolean {
  const after = { ...before, ...write };
  const fields = ["adresse1", "postnr", "landekode"] as const;
  if (fields.every((field) => (before[field] ?? null) === (after[field] ?? null))) return true;
  const [one, other] = [before, after].map((values) => addressKey(values as Record<string, string | null>)); // flat texts of the catalogue
  return one !== null && one === other;
}

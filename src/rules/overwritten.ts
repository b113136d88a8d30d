import type { CompiledMapping } from "../mappings/mapping.ts";
import type { UnitEffect } from "./decision.ts";
import type { Entity, Link, Setter } from "./record.ts";
import { pick, sameTheirs, withSent } from "./unit-values.ts";

/**
 * A write of ours that left before the record was restricted or archived, or before its field was held, may arrive over an
 * edit that was shown meanwhile and not decided. The edit stands at the remote no longer, and a case shows what stands
 * there; so it is recorded as what our write replaced, and promise 3 holds (rules R14, R16, R21).
 */
export function withOverwritten(
  entity: Entity,
  link: Link,
  mapping: CompiledMapping,
  effects: readonly UnitEffect[],
  by: Setter,
): readonly UnitEffect[] {
  if (Object.keys(link.seen).length === 0) return effects;
  return effects.map((effect) => {
    const { unit, base } = effect;
    const mapped = mapping.unitByName.get(unit);
    if ((effect.did !== "own" && effect.did !== "rendered") || base === undefined || mapped === undefined)
      return effect;
    const keys = mapped.keys.filter((key) => link.seen[key] !== undefined);
    if (keys.length === 0) return effect;
    const seen = withSent(mapped, link.base, link.seen);
    if (sameTheirs(entity.kind, mapped, seen, withSent(mapped, link.base, base))) return effect;
    return { ...effect, loser: { value: pick(keys, link.seen), by, rule: "R21:overwritten" } };
  });
}

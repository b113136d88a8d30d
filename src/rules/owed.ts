import type { CompiledMapping, MappedUnit } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { type GateReason, gateOut } from "./gate.ts";
import { type Entity, type Lane, type Link, setterInForce } from "./record.ts";
import { versionOf } from "./unit-case.ts";
import { agrees, oursEmpty, pick, renderingOf, theirsEmpty } from "./unit-values.ts";

export type Left = "one_way" | "ignored" | "unset";

export interface Owed {
  /** Units to send. */
  readonly units: readonly string[];
  /** Differ, but may not go now: reason by unit. */
  readonly withheld: { readonly [unit: string]: GateReason | "held" | "proposed" };
  /**
   * Differ and are left so on purpose: one-way out that somebody edited (rule R22), ignored by the remote (rule R17), or
   * nobody has set ours (rule R4).
   */
  readonly left: { readonly [unit: string]: Left };
}

/** What the remote last showed: seen over base. */
export const lastShown = (link: Link): Values => {
  for (const _ in link.seen) return { ...link.base, ...link.seen };
  return link.base;
};

/**
 * What we owe to a link (rule R11): out allowed and ours differs from what the remote last showed, after renderings.
 * `contact` is the primary contact for units that are its view (rule R29); without one they are neither sent nor cleared.
 */
export function owed(entity: Entity, link: Link, lane: Lane, mapping: CompiledMapping, now: number): Owed {
  const units: string[] = [];
  const withheld: { [unit: string]: GateReason | "held" | "proposed" } = {};
  const left: { [unit: string]: Left } = {};
  const shown = lastShown(link);
  for (const mapped of mapping.units) {
    if (mapped.direction === "in" || mapped.view !== undefined) continue;
    const verdict = differs(entity, link, lane, mapped, shown);
    if (verdict === "same") continue;
    if (verdict !== "differs") {
      left[mapped.unit] = verdict;
      continue;
    }
    if (entity.holds[mapped.unit] !== undefined) withheld[mapped.unit] = "held";
    else if (entity.holds[`${mapped.unit}@${link.connection}`] !== undefined) withheld[mapped.unit] = "proposed";
    else {
      const gate = gateOut(entity, mapped.unit, lane, theirsEmpty(mapped, pick(mapped.keys, shown)), now);
      if (gate.allowed) units.push(mapped.unit);
      else withheld[mapped.unit] = gate.reason;
    }
  }
  return { units, withheld, left };
}

function differs(entity: Entity, link: Link, lane: Lane, mapped: MappedUnit, shown: Values): "same" | "differs" | Left {
  const { unit } = mapped;
  const theirs = pick(mapped.keys, shown);
  const theirsIsEmpty = theirsEmpty(mapped, theirs);
  if (theirsIsEmpty && oursEmpty(mapped, entity.values)) return "same";
  const full: Values = {};
  for (const key of mapped.keys) full[key] = theirs[key] ?? null;
  const weChanged = versionOf(entity, unit) > (link.decided[unit] ?? link.decidedVersion);
  if (agrees(entity.kind, mapped, full, entity.values)) return "same";
  if (mapped.write === "on_create") return "same";
  if (mapped.write === "if_empty" && !theirsIsEmpty) return "same";
  const setter = setterInForce(entity, unit);
  // A derived value is never pushed over a value of the remote (rule R4); nor is an emptiness that nobody set.
  if (setter?.kind === "derived" && !theirsIsEmpty) return "unset";
  if (setter === undefined && oursEmpty(mapped, entity.values)) return "unset";
  const known = renderingOf(entity.kind, mapped, link.renderings[unit], full, entity.values);
  if (known !== undefined) return known.ignored === true ? "ignored" : "same";
  const oneWay = mapped.direction === "out" || !lane.inbound;
  if (oneWay && lane.onRemoteEdit === "leave" && !weChanged && Object.keys(theirs).length > 0) return "one_way";
  return "differs";
}

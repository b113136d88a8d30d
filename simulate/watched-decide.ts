import { decide as decideReal } from "../src/rules/decide.ts";
import type { Decision, UnitEffect } from "../src/rules/decision.ts";
import type { DecideInput } from "../src/rules/unit-case.ts";

export { decideUnit } from "../src/rules/decide.ts";

let observe: (row: string) => void = () => undefined;
/** Who counts what is decided; for coverage only, the oracle knows nothing of it. */
export function watchDecisions(observer: (row: string) => void): void {
  observe = observer;
}

/** Stands in for `decide` in a program that counts which row of R12 and which outcome of the gate were reached. */
export function decide(input: DecideInput): Decision {
  const decision = decideReal(input);
  if (decision.readAgain !== undefined) return decision;
  const told = new Map(decision.effects.map((effect) => [effect.unit, effect]));
  for (const { unit, view } of input.mapping.units) {
    if (view !== undefined) continue;
    const effect = told.get(unit);
    observe(effect === undefined ? "no change" : rowOf(input, effect));
  }
  return decision;
}

function rowOf({ entity, link }: DecideInput, { unit, did, rule }: UnitEffect): string {
  if (rule === "R13:own_write") return "own write";
  if (rule === "R13:late_own_write") return "late own write";
  if (rule.startsWith("R26") || rule.startsWith("R7")) return "first meeting";
  if (rule.startsWith("R16")) return "further side";
  if (rule.startsWith("R22")) return "one way or off";
  if (did === "agreed" || did === "rendered") return "they changed, equal to ours";
  const version = entity.provenance.u[unit]?.[0] ?? 0;
  const row = version > (link.decided[unit] ?? link.decidedVersion) ? "both changed" : "they changed";
  const [number, reason = ""] = rule.split(":");
  if (did === "forbidden" || number === "R15") return `${row}: ${reason}`;
  return `${row}: ${did === "took" ? "taken" : did}`;
}

import { stricter } from "./control.ts";
import type { UnitEffect } from "./decision.ts";
import { gateIn, oursIsCrm } from "./gate.ts";
import { isRefused } from "./refused.ts";
import { survive } from "./survivorship.ts";
import { carryOut, conflict, gateInput, proposal, shown, type UnitCase } from "./unit-case.ts";
import { oursEmpty, theirsEmpty } from "./unit-values.ts";
/** Rules R12, R14, R15: the gate, then survivorship, for a value of theirs that differs from ours. */
export function judge(each: UnitCase, mode: "candidate" | "clash"): UnitEffect {
  const { entity, mapped, lane, world } = each;
  const { unit } = mapped;
  const base = shown(each);
  const empty = oursEmpty(mapped, entity.values);
  const gate = gateIn(gateInput(each, empty));
  if (!gate.allowed) {
    if (gate.instead === "propose")
      return isRefused(each) ? { unit, did: "noted", rule: "R15:refused", base } : proposal(each, `R15:${gate.reason}`);
    if (
      gate.reason === "pinned" ||
      gate.reason === "frozen" ||
      gate.reason === "not_empty" ||
      gate.reason === "control_field"
    ) {
      const rule = gate.reason === "control_field" ? "R1:control_field" : `R15:${gate.reason}`;
      return { unit, did: "lost", rule, base, loser: { value: base, by: each.setter } };
    }
    // What the state of the record or a switch forbids is judged again when the reason goes: base stays.
    return { unit, did: "forbidden", rule: `R14:${gate.reason}`, seen: base };
  }
  if (each.required && theirsEmpty(mapped, each.theirs)) {
    return { unit, did: "lost", rule: "R8:required", base, loser: { value: base, by: each.setter } };
  }
  if (each.control && mode === "clash") return stricter(each, "R1:stricter");
  // Whichever of the two was read first: a ledger's claim against the CRM's value, or the CRM's against a ledger's.
  const ledgerAndCrm =
    (lane.side === "ledger" && oursIsCrm(entity, unit)) || (lane.side === "crm" && each.ourSetter?.side === "ledger");
  if (mode === "clash" && !each.mayUpdate && ledgerAndCrm) return conflict(each, "R15:flag");
  const theirs = { setter: each.setter, lane };
  const verdict = survive(
    mode,
    world.survivorship(unit, mapped),
    theirs,
    each.ourSetter,
    world.rankOf,
    world.connectorOf,
  );
  return carryOut(each, verdict.winner, `R12:${verdict.rule}`);
}

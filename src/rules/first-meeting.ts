import { stricter } from "./control.ts";
import type { UnitEffect } from "./decision.ts";
import { gateIn, oursIsCrm } from "./gate.ts";
import { judge } from "./judging.ts";
import { isCrm } from "./record.ts";
import { survive } from "./survivorship.ts";
import { carryOut, conflict, gateInput, shown, type UnitCase } from "./unit-case.ts";
import { agrees, isEmpty, looselyAgrees, oursEmpty, pick, theirsEmpty } from "./unit-values.ts";

/**
 * A unit that was never decided between this record and this remote (rule R26): empty parts are filled, loosely equal
 * values agree, differing ones go to `firstMeeting`.
 */
export function decideFirst(each: UnitCase): UnitEffect {
  const { entity, mapped, theirs, world, lane } = each;
  const { unit } = mapped;
  const base = shown(each);
  if (agrees(entity.kind, mapped, theirs, entity.values))
    return { unit, did: "agreed", rule: "R26:equal", base, decided: "after" };
  // Their emptiness is no opinion: base is what they show, and what we have may be owed.
  if (theirsEmpty(mapped, theirs)) return { unit, did: "noted", rule: "R26:no_opinion", base };
  if (looselyAgrees(entity.kind, mapped, theirs, entity.values)) {
    const sent = pick(mapped.keys, entity.values);
    return { unit, did: "rendered", rule: "R26:loosely_equal", base, decided: "after", rendering: { sent, got: base } };
  }
  // An emptiness that somebody set is a value; what nobody set, or was only derived, gives way (rule R4).
  if (each.ourSetter === undefined || each.ourSetter.kind === "derived") return fill(each);
  if (filledPartsAgree(each)) {
    const missing = missingKeys(each);
    return missing.length > 0 ? fill(each, missing) : { unit, did: "noted", rule: "R26:no_opinion", base };
  }
  const gate = gateIn(gateInput(each, oursEmpty(mapped, entity.values)));
  if (!gate.allowed) return judge(each, "clash");
  if (each.control && lane.side === "crm") return stricter(each, "R1:stricter");
  // With the flag at false any difference to a ledger is a person's to decide, also where it was read first (rule R15).
  const isLedgers = lane.side === "ledger" || (lane.side === "crm" && each.ourSetter.side === "ledger");
  if (!each.mayUpdate && isLedgers) return conflict(each, "R15:flag");
  if (lane.firstMeeting === "ask") return conflict(each, "R26:ask");
  // What a person carries in is the CRM's as well; here `crm` says that what stands in the record stays.
  if (lane.firstMeeting === "crm" && lane.byHand === true) return carryOut(each, "ours", "R26:crm");
  const ours = oursIsCrm(entity, unit);
  const theirsCrm = isCrm(each.setter);
  if (lane.firstMeeting === "crm" && ours !== theirsCrm)
    return carryOut(each, theirsCrm ? "theirs" : "ours", "R26:crm");
  if (lane.firstMeeting === "remote" && ours && !world.otherAgrees(unit, entity.values))
    return carryOut(each, "theirs", "R26:remote");
  const claim = { setter: each.setter, lane };
  const verdict = survive(
    "clash",
    world.survivorship(unit, mapped),
    claim,
    each.ourSetter,
    world.rankOf,
    world.connectorOf,
  );
  return carryOut(each, verdict.winner, `R26:${verdict.rule}`);
}

/** Takes what we have no value for, or only these keys of it; a claim that the gate turns away is judged as it says. */
function fill(each: UnitCase, only?: readonly string[]): UnitEffect {
  const gate = gateIn(gateInput(each, true));
  if (!gate.allowed) return judge(each, "candidate");
  const effect = carryOut(each, "theirs", "R26:filled");
  return only === undefined ? effect : { ...effect, write: pick(only, each.theirs) };
}

const missingKeys = ({ mapped, entity, theirs }: UnitCase): readonly string[] =>
  mapped.keys.filter((key) => isEmpty(entity.values[key]) && !isEmpty(theirs[key]));

/** Filling an empty part of a group happens only when the filled parts agree (rule R2). */
function filledPartsAgree(each: UnitCase): boolean {
  const { entity, mapped, theirs } = each;
  if (mapped.token || mapped.keys.length < 2) return false;
  const both = mapped.keys.filter((key) => !isEmpty(entity.values[key]) && !isEmpty(theirs[key]));
  if (both.length === 0) return false;
  return agrees(entity.kind, { ...mapped, keys: both }, theirs, entity.values);
}

import type { UnitEffect } from "./decision.ts";
import { isRefused } from "./refused.ts";
import { shown, type UnitCase } from "./unit-case.ts";
import { agrees, pick, sameTheirs } from "./unit-values.ts";

/** The unit is held: this link's newest claim joins the case as a further side, judged against its last claim (rule R16). */
export function joinHold(each: UnitCase, review: number): UnitEffect | undefined {
  const { mapped, link, entity } = each;
  const last = pick(mapped.keys, { ...link.base, ...link.seen });
  const known = each.keys.every((key) => last[key] !== undefined);
  if (known && sameTheirs(entity.kind, mapped, each.theirs, last)) return undefined;
  const theirs = shown(each);
  const ours = pick(mapped.token ? ["cvrNr", "seNr", "euVatNr"] : mapped.keys, entity.values);
  const kind = entity.holds[mapped.unit] === undefined ? "proposal" : "conflict";
  if (kind === "proposal" && isRefused(each)) {
    const rule = "R15:refused";
    return {
      unit: mapped.unit,
      did: "noted",
      rule,
      base: theirs,
      review: { kind, join: review, theirs, ours, reason: rule, close: true },
    };
  }
  const close = agrees(entity.kind, mapped, theirs, entity.values);
  return {
    unit: mapped.unit,
    did: close ? "agreed" : "held",
    rule: "R16:further_side",
    // What agrees is decided: base moves, so that going back from it is an edit.
    ...(close ? { base: theirs, decided: "after" as const } : { seen: theirs }),
    review: {
      kind,
      join: review,
      theirs,
      ours,
      reason: "R16:further_side",
      ...(close ? { close: true as const } : {}),
    },
  };
}

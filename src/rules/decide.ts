import { catalogueOf } from "../model/catalogue.ts";
import { newClears } from "./clears.ts";
import type { Decision, UnitEffect } from "./decision.ts";
import { decideFirst } from "./first-meeting.ts";
import { gateIn } from "./gate.ts";
import { joinHold } from "./hold.ts";
import { judge } from "./judging.ts";
import { showOneWay } from "./one-way.ts";
import { fromBefore, isLate, ownWrite, renderedWrite } from "./own-write.ts";
import { type Entity, setterInForce } from "./record.ts";

import {
  conflict,
  type DecideInput,
  gateInput,
  isRequired,
  setterOf,
  shown,
  type UnitCase,
  versionOf,
} from "./unit-case.ts";
import { agrees, claimed, pick, renderingOf, sameTheirs, taken, theirsEmpty } from "./unit-values.ts";
/**
 * Judges one reading against a record, unit by unit: rules R8 and R11–R16 and R26. Pure: the same input gives the same
 * decision. The view of the primary contact is judged by `decideView`.
 */
export function decide(input: DecideInput): Decision {
  const { lane, mapping, reading, parent } = input;
  const entity = parent === undefined ? input.entity : underParent(input.entity, parent);
  const setter = setterOf(lane, reading);
  const flags = [(parent ?? entity).values.maaOpdateresAutomatisk, reading.claims.maaOpdateresAutomatisk];
  const mayUpdate = !flags.includes(false);
  const clears = newClears(input);
  if (clears.suspicious && !reading.confirmed) return { effects: [], readAgain: "many_clears" };
  const effects: UnitEffect[] = [];
  const catalogue = catalogueOf(entity.kind);
  for (const mapped of mapping.units) {
    if (mapped.view !== undefined) continue;
    const keys = claimed(mapped, reading.claims);
    if (keys.length === 0) continue;
    const unit = catalogue.units.get(mapped.unit);
    if (unit === undefined || (unit.immutable && !input.fresh)) continue;
    const each: UnitCase = {
      ...input,
      entity,
      mapped,
      keys,
      theirs: keys.length === mapped.keys.length ? reading.claims : pick(keys, reading.claims),
      setter,
      ourSetter: setterInForce(entity, mapped.unit),
      mayUpdate,
      control: unit.control,
      required: isRequired(catalogue, mapped),
    };
    const effect = decideUnit(each, clears.suspicious && clears.units.has(mapped.unit));
    if (effect !== undefined) effects.push(effect);
  }
  return { effects };
}

/** A contact is archived, restricted or erased with its emne. */
const underParent = (entity: Entity, { state }: Entity): Entity => ({
  ...entity,
  state: {
    archived: entity.state.archived || state.archived,
    restricted: entity.state.restricted || state.restricted,
    erased: entity.state.erased || state.erased,
    orphaned: entity.state.orphaned || state.orphaned,
    mergedInto: entity.state.mergedInto ?? state.mergedInto,
  },
});

export function decideUnit(each: UnitCase, suspiciousClear: boolean): UnitEffect | undefined {
  const { entity, link, lane, mapped, theirs, world } = each;
  const { unit } = mapped;
  if (each.fresh) return decideFresh(each);

  const own = ownWrite(link, entity.kind, mapped, theirs);
  if (own !== undefined) {
    const rule = isLate(own, world.now) ? "R13:late_own_write" : "R13:own_write";
    const decided = own.versions[unit];
    return { unit, did: "own", rule, base: shown(each), ...(decided === undefined ? {} : { decided }) };
  }

  if (fromBefore(link, entity.kind, mapped, theirs)) return { unit, did: "noted", rule: "R21:before_our_write" };

  const written = renderedWrite(link, entity.kind, mapped, theirs);
  if (written !== undefined) {
    const sent = pick(mapped.keys, written.values);
    const rendering = { sent, got: pick(Object.keys(sent), theirs) };
    const decided = written.versions[unit];
    const had = decided === undefined ? {} : { decided };
    return { unit, did: "rendered", rule: "R17:rendering", base: shown(each), rendering, ...had };
  }

  const hold = entity.holds[unit] ?? entity.holds[`${unit}@${lane.connection}`];
  if (hold !== undefined) return joinHold(each, hold);

  const base = pick(mapped.keys, link.base);
  const known = each.keys.every((key) => base[key] !== undefined);
  const moved = !known || !sameTheirs(entity.kind, mapped, theirs, base);

  if (lane.off === true || mapped.direction === "out" || !lane.inbound) return showOneWay(each);

  const pairs = link.renderings[unit]?.filter((pair) => pair.ignored !== true);
  const rendering = renderingOf(entity.kind, mapped, pairs, theirs, entity.values);
  if (rendering !== undefined) {
    return moved ? { unit, did: "rendered", rule: "R17:rendering", base: shown(each), decided: "after" } : undefined;
  }
  if (!known) return decideFirst(each);
  if (!moved) return settleSeen(each);
  if (agrees(entity.kind, mapped, theirs, entity.values)) {
    return { unit, did: "agreed", rule: "R12:agreed", base: shown(each), decided: "after" };
  }
  if (theirsEmpty(mapped, theirs)) {
    // An emptiness that says nothing, or that a partial reading shows, is no clear (rule R8).
    if (mapped.emptyMeansUnknown || !each.reading.whole) return undefined;
    if (suspiciousClear && gateIn(gateInput(each, false)).allowed) return conflict(each, "R8:many_clears");
  }
  const weChanged = versionOf(entity, unit) > (link.decided[unit] ?? link.decidedVersion);
  return judge(each, weChanged ? "clash" : "candidate");
}

function decideFresh(each: UnitCase): UnitEffect | undefined {
  const { mapped, lane, theirs, entity } = each;
  const base = shown(each);
  if (theirsEmpty(mapped, theirs))
    return { unit: mapped.unit, did: "noted", rule: "R26:empty", base, decided: "after" };
  if (mapped.direction === "out" || !lane.inbound) {
    // A write of ours may replace it one day: it is recorded now (rule R22).
    const loser = { value: base, by: each.setter };
    return { unit: mapped.unit, did: "noted", rule: "R22:one_way", base, decided: "after", loser };
  }
  // A record cannot be made without its name; all else passes the gate also on the day it is made.
  if (!each.required && !gateIn(gateInput(each, true)).allowed) return judge(each, "candidate");
  return {
    unit: mapped.unit,
    did: "took",
    rule: "R7:created",
    base,
    decided: "after",
    write: taken(mapped, theirs, entity.values),
  };
}

/** They show base again though something else was seen meanwhile (a held value that was taken back). */
function settleSeen(each: UnitCase): UnitEffect | undefined {
  const { link, mapped } = each;
  const differs = mapped.keys.some((key) => link.seen[key] !== undefined);
  return differs ? { unit: mapped.unit, did: "noted", rule: "R11:back_at_base", base: shown(each) } : undefined;
}

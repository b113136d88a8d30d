import type { CompiledMapping, MappedUnit } from "../mappings/mapping.ts";
import { type Catalogue, catalogueOf, type Values } from "../model/catalogue.ts";
import type { Survivorship } from "../model/field.ts";
import { newClears } from "./clears.ts";
import { stricter } from "./control.ts";
import type { Decision, UnitEffect } from "./decision.ts";
import { decideFirst } from "./first-meeting.ts";
import { type GateInput, gateIn, oursIsCrm } from "./gate.ts";
import { joinHold } from "./hold.ts";
import { showOneWay } from "./one-way.ts";
import { isLate, ownWrite } from "./own-write.ts";
import { type Entity, type Lane, type Link, type Reading, type Setter, setterInForce } from "./record.ts";
import { survive } from "./survivorship.ts";
import { agrees, claimed, oursEmpty, pick, sameTheirs, taken, theirsEmpty } from "./unit-values.ts";

/** What deciding may ask about the rest of the installation; values, passed in. */
export interface World {
  readonly now: number;
  /** Survivorship of a unit: the mapping line's, else configuration's, else the catalogue's. */
  readonly survivorship: (unit: string, mapped: MappedUnit) => Survivorship;
  readonly rankOf: (setter: Setter) => number;
  readonly connectorOf: (setter: Setter) => string | undefined;
  /** Does another live link of this record show our value of the unit (rule R26)? */
  readonly otherAgrees: (unit: string, ours: Values) => boolean;
}

export interface DecideInput {
  readonly entity: Entity;
  readonly link: Link;
  readonly lane: Lane;
  readonly mapping: CompiledMapping;
  readonly reading: Reading;
  readonly world: World;
  /** The record was made from this reading: everything it says is taken. */
  readonly fresh: boolean;
  /** Contacts: the emne, whose flag and state are theirs too. */
  readonly parent?: Entity;
}

/** One unit in the middle of being decided; what the parts of this room pass among themselves. */
export interface UnitCase extends DecideInput {
  readonly mapped: MappedUnit;
  readonly keys: readonly string[];
  readonly theirs: Values;
  readonly setter: Setter;
  readonly ourSetter: Setter | undefined;
  readonly mayUpdate: boolean;
  readonly control: boolean;
  /** A record is never without it: it may be replaced, not emptied. */
  readonly required: boolean;
}

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

/** Is a field of the unit one that a record must have? */
export const isRequired = (catalogue: Catalogue, mapped: MappedUnit): boolean =>
  mapped.keys.some((key) => catalogue.fields[key]?.required === true);

/** The setter that a claim of this reading becomes (rule R3). */
export const setterOf = (lane: Lane, reading: Reading): Setter => ({
  kind: "connection",
  side: lane.side,
  connection: lane.connection,
  object: lane.object,
  ...(reading.changeId === null ? {} : { change: reading.changeId }),
  mapping: reading.mapping,
  from: reading.from,
  to: reading.to,
});

export const shown = (each: UnitCase): Values => pick(each.mapped.keys, each.theirs);

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

  const hold = entity.holds[unit] ?? entity.holds[`${unit}@${lane.connection}`];
  if (hold !== undefined) return joinHold(each, hold);

  const base = pick(mapped.keys, link.base);
  const known = each.keys.every((key) => base[key] !== undefined);
  const moved = !known || !sameTheirs(entity.kind, mapped, theirs, base);

  if (lane.off === true || mapped.direction === "out" || !lane.inbound) return showOneWay(each);

  const rendering = link.renderings[unit]?.find(
    (pair) =>
      pair.ignored !== true &&
      sameTheirs(entity.kind, mapped, theirs, pair.got) &&
      agrees(entity.kind, mapped, pair.sent, entity.values),
  );
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

/** Version at which a unit last changed; 0: never set. */
export const versionOf = (entity: Entity, unit: string): number => entity.provenance.u[unit]?.[0] ?? 0;

function decideFresh(each: UnitCase): UnitEffect | undefined {
  const { mapped, lane, theirs, entity } = each;
  const base = shown(each);
  if (theirsEmpty(mapped, theirs))
    return { unit: mapped.unit, did: "noted", rule: "R26:empty", base, decided: "after" };
  if (mapped.direction === "out" || !lane.inbound) {
    return { unit: mapped.unit, did: "noted", rule: "R22:one_way", base, decided: "after" };
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

/** Rules R12, R14, R15: the gate, then survivorship, for a value of theirs that differs from ours. */
export function judge(each: UnitCase, mode: "candidate" | "clash"): UnitEffect {
  const { entity, mapped, lane, world } = each;
  const { unit } = mapped;
  const base = shown(each);
  const empty = oursEmpty(mapped, entity.values);
  const gate = gateIn(gateInput(each, empty));
  if (!gate.allowed) {
    if (gate.instead === "propose") return proposal(each, `R15:${gate.reason}`);
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
  const ledgerAndCrm = lane.side === "ledger" ? oursIsCrm(entity, unit) : each.ourSetter?.side === "ledger";
  if (mode === "clash" && !each.mayUpdate && ledgerAndCrm && (lane.side === "ledger" || lane.side === "crm")) {
    return conflict(each, "R15:flag");
  }
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

export function carryOut(each: UnitCase, winner: "theirs" | "ours" | "held", rule: string): UnitEffect {
  const { mapped, entity } = each;
  const base = shown(each);
  if (winner === "held") return conflict(each, rule);
  if (winner === "ours") return { unit: mapped.unit, did: "lost", rule, base, loser: { value: base, by: each.setter } };
  const write = taken(mapped, each.theirs, entity.values);
  const replaced =
    each.ourSetter === undefined
      ? {}
      : { loser: { value: pick(Object.keys(write), entity.values), by: each.ourSetter } };
  return { unit: mapped.unit, did: "took", rule, base, decided: "after", write, ...replaced };
}

export const gateInput = (each: UnitCase, empty: boolean): GateInput => ({
  entity: each.entity,
  unit: each.mapped.unit,
  control: each.control,
  lane: each.lane,
  empty,
  side: each.lane.side,
  mayUpdate: each.mayUpdate,
  now: each.world.now,
});

export function conflict(each: UnitCase, rule: string): UnitEffect {
  const { mapped, entity } = each;
  const theirs = shown(each);
  const ours = pick(mapped.token ? ["cvrNr", "seNr", "euVatNr"] : mapped.keys, entity.values);
  return {
    unit: mapped.unit,
    did: "held",
    rule,
    seen: theirs,
    review: { kind: "conflict", theirs, ours, reason: rule },
  };
}

/**
 * A proposal waits for a person; the value in force stays and, on this connection, nothing of the unit is sent (rule R15).
 */
function proposal(each: UnitCase, rule: string): UnitEffect {
  const effect = conflict(each, rule);
  const theirs = shown(each);
  const ours = pick(each.mapped.keys, each.entity.values);
  return { ...effect, did: "proposed", review: { kind: "proposal", theirs, ours, reason: rule } };
}

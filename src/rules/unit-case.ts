import type { CompiledMapping, MappedUnit } from "../mappings/mapping.ts";
import type { Catalogue, Values } from "../model/catalogue.ts";
import type { Survivorship } from "../model/field.ts";
import type { UnitEffect } from "./decision.ts";
import type { GateInput } from "./gate.ts";
import type { Swinging } from "./ping-pong.ts";
import type { Entity, Lane, Link, Reading, Setter } from "./record.ts";
import { pick, taken } from "./unit-values.ts";

/** What deciding may ask about the rest of the installation; values, passed in. */
export interface World {
  readonly now: number;
  /** Survivorship of a unit: the mapping line's, else configuration's, else the catalogue's. */
  readonly survivorship: (unit: string, mapped: MappedUnit) => Survivorship;
  readonly rankOf: (setter: Setter) => number;
  readonly connectorOf: (setter: Setter) => string | undefined;
  /** Does another live link of this record show our value of the unit (rule R26)? */
  readonly otherAgrees: (unit: string, ours: Values) => boolean;
  /** Would taking this claim be one swing too many between two systems (rule R31)? Absent: nothing speaks for it. */
  readonly swinging?: ((each: UnitCase) => Swinging | undefined) | undefined;
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

/** Version at which a unit last changed; 0: never set. */
export const versionOf = (entity: Entity, unit: string): number => entity.provenance.u[unit]?.[0] ?? 0;

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

export function carryOut(each: UnitCase, winner: "theirs" | "ours" | "held", rule: string): UnitEffect {
  const { mapped, entity } = each;
  const base = shown(each);
  if (winner === "held") return conflict(each, rule);
  if (winner === "ours") return { unit: mapped.unit, did: "lost", rule, base, loser: { value: base, by: each.setter } };
  const swing = each.world.swinging?.(each);
  if (swing !== undefined) return pingPong(each, swing);
  const write = taken(mapped, each.theirs, entity.values);
  const replaced =
    each.ourSetter === undefined
      ? {}
      : { loser: { value: pick(Object.keys(write), entity.values), by: each.ourSetter } };
  return { unit: mapped.unit, did: "took", rule, base, decided: "after", write, ...replaced };
}

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

/** Two systems set each other's value back: the field is held, and the case names both systems and values (rule R31). */
function pingPong(each: UnitCase, { swings, other, at }: Swinging): UnitEffect {
  const effect = conflict(each, "R31:ping_pong");
  const { review } = effect;
  return review === undefined ? effect : { ...effect, review: { ...review, swings, other: { ...other, at } } };
}

/**
 * A proposal waits for a person; the value in force stays and, on this connection, nothing of the unit is sent (rule R15).
 */
export function proposal(each: UnitCase, rule: string): UnitEffect {
  const effect = conflict(each, rule);
  if (effect.review === undefined) throw new Error("A conflict without a case");
  return { ...effect, did: "proposed", review: { ...effect.review, kind: "proposal" } };
}

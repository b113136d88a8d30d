import { catalogueOf, type Unit, type Values } from "../model/catalogue.ts";
import { sameValue } from "../model/compare.ts";
import type { Field, Survivorship, Value } from "../model/field.ts";
import { isLooser } from "./control.ts";
import type { UnitEffect } from "./decision.ts";
import { type Entity, type RecordPolicy, type Setter, setterInForce } from "./record.ts";
import { survive } from "./survivorship.ts";
import { isEmpty, pick } from "./unit-values.ts";

/** Of two records that are merged: the one that stays, and the one that goes up in it. */
export type Part = "survivor" | "other";

export interface MergeFacts {
  readonly survivor: Entity;
  readonly other: Entity;
  /** Whose value a person wishes, by unit. */
  readonly chosen: Readonly<Record<string, Part>>;
  readonly survivorship: (unit: string) => Survivorship;
  readonly rankOf: (setter: Setter) => number;
  readonly connectorOf: (setter: Setter) => string | undefined;
  readonly now: number;
}

/** What becomes of one unit in which the two records are not the same. */
export interface MergedUnit {
  readonly unit: string;
  /** Whose value stands afterwards; `both`: the members of both sets, or the filled parts of both. */
  readonly from: Part | "both";
  readonly rule: string;
  /** Both have a value, and these differ. */
  readonly differs: boolean;
  /** A person may choose the other one's value instead. */
  readonly choice: boolean;
  readonly survivor: Values;
  readonly other: Values;
  /** What is written to the survivor; nothing where its own value stays. */
  readonly write?: Values;
}

/** Why a choice cannot be followed. */
export type ChoiceFault = "unknown_field" | "not_a_choice" | "looser" | "held" | "pinned";

/** Computed protections, each with the field that says it: what one of the two is protected by, both are. */
const PROTECTIONS: Readonly<Record<string, string>> = {
  robinson: "robinson.listed",
  reklamebeskyttet: "reklamebeskyttet.vaerdi",
};

const ONLY_ONE = "R28:only_one";

/** Sets whose members are kept from both: leaving one out would lose what somebody knew. */
const UNITED: ReadonlySet<string> = new Set(["codeSet", "textSet", "pNumbers"]);

/**
 * Works out, unit by unit, which value stands after a merge (rule R28): the stricter one of a control field, a pinned one,
 * the one a person chose, what only one of the two has, the members of both sets, else what survivorship says of a clash;
 * where it says nothing, the survivor's. Units that are the same in both are left out.
 */
export function planMerge(facts: MergeFacts): MergedUnit[] {
  const catalogue = catalogueOf("kundeemne");
  const units: MergedUnit[] = [];
  for (const unit of catalogue.units.values()) {
    const merged = planUnit(facts, unit);
    if (merged !== undefined) units.push(merged);
  }
  return units;
}

/** Choices that the records or the catalogue forbid, by unit; a choice that changes nothing is none. */
export function faultsOfChoice(facts: MergeFacts): { unit: string; fault: ChoiceFault }[] {
  const { units } = catalogueOf("kundeemne");
  const { survivor, other, chosen } = facts;
  return Object.entries(chosen).flatMap(([name, part]) => {
    const unit = units.get(name);
    const fault = unit === undefined ? "unknown_field" : faultOf(facts, unit, part);
    return fault === undefined || (unit !== undefined && isSame(unit, survivor, other)) ? [] : [{ unit: name, fault }];
  });
}

function faultOf({ survivor, other }: MergeFacts, unit: Unit, part: Part): ChoiceFault | undefined {
  if (unit.computed || unit.immutable) return "not_a_choice";
  const [wanted, left] = part === "survivor" ? [survivor, other] : [other, survivor];
  if (unit.control) return isLooser("kundeemne", unit.fields, wanted.values, left.values) ? "looser" : undefined;
  if (part === "other" && survivor.holds[unit.name] !== undefined) return "held";
  return isPinned(left, unit.name) && !isPinned(wanted, unit.name) ? "pinned" : undefined;
}

/** What carrying a plan out writes to the survivor; every value that gives way is recorded (promise 3). */
export function mergeEffects({ survivor, other, now }: MergeFacts, plan: readonly MergedUnit[]): UnitEffect[] {
  const nobody: Setter = { kind: "system", from: now, to: now };
  const merged = plan.flatMap(({ unit, from, rule, write, ...values }): UnitEffect[] => {
    const ours = setterInForce(survivor, unit) ?? nobody;
    const theirs = setterInForce(other, unit) ?? nobody;
    // What only one had is the value of both; of a stricter value an empty one may stand against another.
    const givesWay =
      rule !== ONLY_ONE && from !== "both" && isFilled(from === "other" ? values.survivor : values.other);
    if (write === undefined)
      return givesWay ? [{ unit, did: "lost", rule, loser: { value: values.other, by: theirs } }] : [];
    const loser = givesWay ? { loser: { value: values.survivor, by: ours } } : {};
    // Who set it stays known: survivorship asks for it at the next clash. Of a union both did, and so the merge does.
    return [{ unit, did: "took", rule, write, ...(from === "other" ? { by: theirs } : {}), ...loser }];
  });
  // What had lost to a value of the other one, and what a person has refused of it, is told of the record that stays.
  const lost = Object.entries(other.provenance.u).flatMap(([unit, [, , , losers = []]]) =>
    losers.map(({ value, by, rule }): UnitEffect => ({ unit, did: "lost", rule, loser: { value, by } })),
  );
  return [...merged, ...lost];
}

const isFilled = (values: Values): boolean => Object.values(values).some((value) => !isEmpty(value));

/** The policies and pins of both (rule R15): the stricter one wins wherever they are asked. A pin on a value that gave way goes. */
export function mergePolicies(survivor: Entity, other: Entity, plan: readonly MergedUnit[]): RecordPolicy[] {
  const gaveWay = new Set(plan.flatMap(({ unit, from, differs }) => (differs && from === "survivor" ? [unit] : [])));
  const added = other.policies.filter(
    (policy) =>
      !(policy.pin === true && gaveWay.has(policy.unit)) &&
      !survivor.policies.some((own) => sameKey(own, policy) && (own.pin === true || own.policy === policy.policy)),
  );
  return [...survivor.policies, ...added];
}

const sameKey = (a: RecordPolicy, b: RecordPolicy): boolean =>
  a.unit === b.unit && a.connection === b.connection && a.direction === b.direction && a.pin === b.pin;

function planUnit(facts: MergeFacts, unit: Unit): MergedUnit | undefined {
  const { survivor, other } = facts;
  if (isSame(unit, survivor, other)) return undefined;
  const protection = PROTECTIONS[unit.name];
  // Links, states and sums follow from what is moved.
  if (unit.computed && protection === undefined) return undefined;
  const has = (entity: Entity): boolean => unit.fields.some((field) => !isEmpty(entity.values[field]));
  const about = {
    unit: unit.name,
    differs: has(survivor) && has(other),
    survivor: pick(unit.fields, survivor.values),
    other: pick(unit.fields, other.values),
  };
  const fixed = (from: Part, rule: string): MergedUnit => ({
    ...about,
    ...written(from, unit, other),
    from,
    rule,
    choice: false,
  });
  if (protection !== undefined) {
    const isTheirs = other.values[protection] === true && survivor.values[protection] !== true;
    return fixed(isTheirs ? "other" : "survivor", "R28:stricter");
  }
  if (unit.immutable) return fixed("survivor", "R28:immutable");
  if (unit.control) {
    const isTheirs = isLooser("kundeemne", unit.fields, survivor.values, other.values);
    return fixed(isTheirs ? "other" : "survivor", "R28:stricter");
  }
  const chosen = facts.chosen[unit.name];
  const open = (from: MergedUnit["from"], rule: string, write?: Values): MergedUnit => {
    const choice = faultOf(facts, unit, from === "survivor" ? "other" : "survivor") === undefined;
    return { ...about, ...(write === undefined ? written(from, unit, other) : { write }), from, rule, choice };
  };
  if (survivor.holds[unit.name] !== undefined) return open("survivor", "R16:held");
  const [ourPin, theirPin] = [isPinned(survivor, unit.name), isPinned(other, unit.name)];
  if (ourPin !== theirPin) return open(ourPin ? "survivor" : "other", "R28:pinned");
  if (chosen !== undefined) return open(chosen, "R28:chosen");
  if (!has(other)) return open("survivor", ONLY_ONE);
  if (!has(survivor)) return open("other", ONLY_ONE);
  const union = unitedOf(unit, survivor, other);
  if (union !== undefined) return open("both", "R28:united", union);
  const filling = fillingOf(unit, survivor, other);
  if (filling !== undefined)
    return Object.keys(filling).length === 0 ? open("survivor", ONLY_ONE) : open("both", ONLY_ONE, filling);
  const { from, rule } = clash(facts, unit);
  return open(from, rule);
}

const written = (from: MergedUnit["from"], unit: Unit, other: Entity): { write?: Values } =>
  from === "other"
    ? { write: Object.fromEntries(unit.fields.map((field) => [field, other.values[field] ?? null])) }
    : {};

/** Both have a value and neither is pinned: what survivorship says of a clash (rule R12). */
function clash(facts: MergeFacts, unit: Unit): { from: Part; rule: string } {
  const ours = setterInForce(facts.survivor, unit.name);
  const theirs = setterInForce(facts.other, unit.name);
  if (theirs === undefined || theirs.kind === "derived") return { from: "survivor", rule: "R28:derived" };
  const lane = { connector: facts.connectorOf(theirs) ?? "", rank: facts.rankOf(theirs) };
  const claim = { setter: theirs, lane };
  const { survivorship, rankOf, connectorOf } = facts;
  const verdict = survive("clash", survivorship(unit.name), claim, ours, rankOf, connectorOf);
  if (verdict.winner === "held") return { from: "survivor", rule: "R28:survivor" };
  return { from: verdict.winner === "theirs" ? "other" : "survivor", rule: `R28:${verdict.rule}` };
}

const isPinned = (entity: Entity, unit: string): boolean =>
  entity.policies.some((each) => each.pin === true && each.unit === unit);

function isSame(unit: Unit, a: Entity, b: Entity): boolean {
  const { fields } = catalogueOf("kundeemne");
  return unit.fields.every((key) => {
    const field = fields[key];
    return field === undefined || sameOrEmpty(field, a.values[key], b.values[key]);
  });
}

const sameOrEmpty = (field: Field, a: Value | undefined, b: Value | undefined): boolean =>
  (isEmpty(a) && isEmpty(b)) || sameValue(field, a ?? null, b ?? null);

/** The members of both sets, the survivor's first; undefined: the unit is no set. */
function unitedOf(unit: Unit, survivor: Entity, other: Entity): Values | undefined {
  const [key] = unit.fields;
  const field = key === undefined ? undefined : catalogueOf("kundeemne").fields[key];
  if (key === undefined || field === undefined || unit.fields.length > 1 || !UNITED.has(field.kind)) return undefined;
  const ours = listOf(survivor.values[key]);
  const theirs = listOf(other.values[key]).filter((item) => !ours.some((own) => sameValue(field, [own], [item])));
  return { [key]: [...ours, ...theirs] };
}

const listOf = (value: Value | undefined): readonly string[] => (Array.isArray(value) ? value : []);

/** Parts of a group that only the other one has, where the filled parts agree (rule R2); undefined: they do not, or it is none. */
function fillingOf(unit: Unit, survivor: Entity, other: Entity): Values | undefined {
  if (unit.fields.length < 2) return undefined;
  const { fields } = catalogueOf("kundeemne");
  const both = unit.fields.filter((key) => !isEmpty(survivor.values[key]) && !isEmpty(other.values[key]));
  const agree = both.every((key) => {
    const field = fields[key];
    return field !== undefined && sameOrEmpty(field, survivor.values[key], other.values[key]);
  });
  if (both.length === 0 || !agree) return undefined;
  return pick(
    unit.fields.filter((key) => isEmpty(survivor.values[key]) && !isEmpty(other.values[key])),
    other.values,
  );
}

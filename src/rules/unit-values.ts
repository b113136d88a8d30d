import { outVat, placeVat, vatAgrees, vatToken } from "../danish/registration.ts";
import type { MappedUnit } from "../mappings/mapping.ts";
import {
  type Catalogue,
  catalogueOf,
  type EntityKind,
  kontaktpersonCatalogue,
  type Values,
} from "../model/catalogue.ts";
import { looseSame, sameValue } from "../model/compare.ts";
import type { Field, Value } from "../model/field.ts";
import type { Rendering } from "./record.ts";

/** The field behind a key of a mapping, through the view of the primary contact where it is one. */
export function fieldOf(catalogue: Catalogue, mapped: MappedUnit, key: string): Field {
  const field = mapped.view === undefined ? catalogue.fields[key] : kontaktpersonCatalogue.fields[mapped.view];
  if (field === undefined) throw new Error(`No field for ${key}`);
  return field;
}

export const isEmpty = (value: Value | undefined): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

const text = (value: Value | undefined): string | null => (typeof value === "string" ? value : null);
const registration = (ours: Values) => ({
  cvrNr: text(ours.cvrNr),
  seNr: text(ours.seNr),
  euVatNr: text(ours.euVatNr),
});

/** The keys of a unit that a claim speaks of; none: the remote left it out. */
export const claimed = (mapped: MappedUnit, values: Values): readonly string[] => {
  let all = true;
  for (const key of mapped.keys) if (values[key] === undefined) all = false;
  return all ? mapped.keys : mapped.keys.filter((key) => values[key] !== undefined);
};

export const pick = (keys: readonly string[], values: Values): Values => {
  const picked: Values = {};
  for (const key of keys) {
    const value = values[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked;
};

/** Both in the remote's terms: claims, base, seen, images. Only keys that both have are compared. */
export function sameTheirs(kind: EntityKind, mapped: MappedUnit, a: Values, b: Values): boolean {
  if (mapped.token) {
    const left = text(a[mapped.unit]);
    const right = text(b[mapped.unit]);
    return left === right || vatToken(left ?? "") === vatToken(right ?? "");
  }
  const catalogue = catalogueOf(kind);
  for (const key of mapped.keys) {
    const left = a[key];
    const right = b[key];
    if (left === right || left === undefined || right === undefined) continue;
    if (!sameValue(fieldOf(catalogue, mapped, key), left, right)) return false;
  }
  return true;
}

/**
 * What a remote shows of a unit once it has a write that named only some of its keys: those as written, the others as
 * they were; what was never shown is taken to be empty.
 */
export function withSent(mapped: MappedUnit, before: Values, sent: Values): Values {
  const shown: Values = {};
  for (const key of mapped.keys) shown[key] = sent[key] ?? before[key] ?? null;
  return shown;
}

/** Does the remote's claim agree with our values after normalisation (rules R2, R12)? */
export function agrees(kind: EntityKind, mapped: MappedUnit, theirs: Values, ours: Values): boolean {
  if (mapped.token) {
    const token = vatToken(text(theirs[mapped.unit]) ?? "");
    return token === null ? outVat(registration(ours)) === null : vatAgrees(registration(ours), token);
  }
  const catalogue = catalogueOf(kind);
  for (const key of mapped.keys) {
    const their = theirs[key];
    if (their === undefined) continue;
    const our = ours[key] ?? null;
    if (our !== their && !sameValue(fieldOf(catalogue, mapped, key), our, their)) return false;
  }
  return true;
}

/** The same in the loose key of rule R17: case, space, punctuation, cut at max. */
export function looselyAgrees(kind: EntityKind, mapped: MappedUnit, theirs: Values, ours: Values): boolean {
  if (mapped.token) return agrees(kind, mapped, theirs, ours);
  const catalogue = catalogueOf(kind);
  return mapped.keys.every((key) => {
    const their = theirs[key];
    if (their === undefined) return true;
    const our = ours[key] ?? null;
    const field = fieldOf(catalogue, mapped, key);
    return our === their || sameValue(field, our, their) || looseSame(field, our, their, mapped.max);
  });
}

/**
 * What explains that theirs differ from our values: a remote that renders them (rule R17). A pair speaks of the parts that
 * were sent; a part of a group that none speaks of must agree by itself. Gives one of the pairs, an ignored one first.
 */
export function renderingOf(
  kind: EntityKind,
  mapped: MappedUnit,
  pairs: readonly Rendering[] | undefined,
  theirs: Values,
  ours: Values,
): Rendering | undefined {
  const standing = pairs?.filter(
    (pair) => agrees(kind, mapped, pair.sent, ours) && sameTheirs(kind, mapped, pair.got, theirs),
  );
  if (standing === undefined || standing.length === 0) return undefined;
  const others = mapped.keys.filter((key) => !standing.some((pair) => pair.sent[key] !== undefined));
  if (others.length > 0 && !agrees(kind, { ...mapped, keys: others }, theirs, ours)) return undefined;
  return standing.find((pair) => pair.ignored === true) ?? standing[0];
}

/** Our group's value with the remote's claim taken: what the record would hold. Keys are fields of the record. */
export function taken(mapped: MappedUnit, theirs: Values, ours: Values): Values {
  if (mapped.token) {
    const token = text(theirs[mapped.unit]);
    if (token === null) return { cvrNr: null, seNr: null, euVatNr: null };
    return { ...placeVat(token, registration(ours)) };
  }
  return pick(mapped.keys, theirs);
}

/** Our value in the remote's terms: what it would show once it has it. */
export function asTheirs(mapped: MappedUnit, ours: Values): Values {
  if (mapped.token) return { [mapped.unit]: outVat(registration(ours)) };
  const shown: Values = {};
  for (const key of mapped.keys) shown[key] = ours[key] ?? null;
  return shown;
}

/** Is our side of the unit empty in every key that the remote speaks of? */
export const oursEmpty = (mapped: MappedUnit, ours: Values): boolean =>
  mapped.token ? outVat(registration(ours)) === null : mapped.keys.every((key) => isEmpty(ours[key]));

export const theirsEmpty = (mapped: MappedUnit, theirs: Values): boolean =>
  mapped.keys.every((key) => isEmpty(theirs[key]));

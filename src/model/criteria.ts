import type { Catalogue } from "./catalogue.ts";
import type { Field, Kind } from "./field.ts";
import type { Area } from "./geo.ts";

/** A day so far from today in Copenhagen: `{ today: -90, unit: "d" }` is 90 days ago. Of dates only. */
export interface RelativeDay {
  readonly today: number;
  readonly unit: "d" | "m" | "y";
}

/** What a criterion compares with; in memory as `Value`, null: empty. */
export type Operand = string | number | boolean | null;

/** Facts of the gateway that a criterion may ask, besides fields. */
export const metaFacts = ["updatedAt", "createdAt"] as const;
export type MetaFact = (typeof metaFacts)[number];

/** Words of a comparison, as they stand in brackets after a filter's name: `vaerdi[gte]=1000`. */
export const comparisons = ["gt", "gte", "lt", "lte"] as const;
export type Comparison = (typeof comparisons)[number];

/** Kinds that have an order in which a criterion can compare. Postal codes have one among those of the same length. */
export const comparableKinds: ReadonlySet<Kind> = new Set(["int", "decimal", "date", "instant", "postnr"]);

/**
 * One tree for every question of the kind "which records": the API's filters, later segments and the console. A field
 * that holds a set or a list is asked whether it contains the operand. What is empty is neither more nor less than
 * anything.
 */
export type Criterion =
  | { readonly and: readonly Criterion[] }
  | { readonly or: readonly Criterion[] }
  | { readonly not: Criterion }
  | { readonly field: string; readonly is: Operand }
  | { readonly field: string; readonly compares: Comparison; readonly with: string | number | RelativeDay }
  /** The text begins with this, letter by letter: a section of branches, a range of postal codes. */
  | { readonly field: string; readonly startsWith: string }
  /** The record's position lies in it, border included; a record without one lies nowhere. */
  | { readonly area: Area }
  | { readonly meta: MetaFact; readonly after: string };

export interface CriterionFault {
  readonly name: string;
  readonly code: "unknown_field" | "bad_value";
}

/** Kinds of one text each, which can begin with something. */
export const prefixKinds: ReadonlySet<Kind> = new Set([
  ...(["text", "longText", "code", "listCode", "postnr", "phone", "email", "url"] as const),
  ...(["cvr", "se", "euVat", "gln", "country", "currency"] as const),
]);

/** Kinds that hold several values; equality asks for membership. */
export const severalKinds: ReadonlySet<Kind> = new Set(["codeSet", "textSet", "textList", "pNumbers"]);

/** Every record; what an empty filter means. */
export const everything: Criterion = { and: [] };

/**
 * Reads filters as they stand in a query string: `field=value` must be equal, the same name again is *or*, an empty
 * value asks for empty fields; `field[gte]=value` compares. `aliases` are other names of a field (`arkiveret` →
 * `arkiveret.vaerdi`).
 */
export function criterionOf(
  catalogue: Catalogue<string>,
  filters: Iterable<readonly [name: string, value: string]>,
  aliases: ReadonlyMap<string, string> = new Map(),
): { criterion: Criterion; faults: CriterionFault[] } {
  const byField = new Map<string, Criterion[]>();
  const faults: CriterionFault[] = [];
  for (const [name, text] of filters) {
    const [, bare = name, word] = /^(.*)\[(\w*)\]$/.exec(name) ?? [];
    const key = aliases.get(bare) ?? bare;
    const field = catalogue.fields[key];
    const compares = comparisons.find((each) => each === word);
    if (field === undefined || field.virtual || (word !== undefined && compares === undefined)) {
      faults.push({ name, code: "unknown_field" });
      continue;
    }
    const term = compares === undefined ? equalTo(key, field, text) : comparedWith(key, field, compares, text);
    if (term === undefined) faults.push({ name, code: "bad_value" });
    else byField.set(`${key} ${word}`, [...(byField.get(`${key} ${word}`) ?? []), term]);
  }
  const terms = [...byField.values()].map((same): Criterion => (same.length === 1 && same[0] ? same[0] : { or: same }));
  return { criterion: terms.length === 1 && terms[0] ? terms[0] : { and: terms }, faults };
}

function equalTo(key: string, field: Field, text: string): Criterion | undefined {
  const operand = readOperand(field, text);
  return operand === undefined ? undefined : { field: key, is: operand };
}

function comparedWith(key: string, field: Field, compares: Comparison, text: string): Criterion | undefined {
  const operand = comparableKinds.has(field.kind) ? readOperand(field, text) : undefined;
  return typeof operand === "string" || typeof operand === "number"
    ? { field: key, compares, with: operand }
    : undefined;
}

/** A text as the operand of a field; undefined when it cannot be a value of it. */
export function readOperand(field: Field, text: string): Operand | undefined {
  if (text === "") return null;
  switch (field.kind) {
    case "bool":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "int":
      return /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
    case "decimal":
      return /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? text : undefined;
    case "date":
      return isDate(text) ? text : undefined;
    case "instant":
      return isInstant(text) ? text : undefined;
    case "code":
    case "codeSet":
      return field.codes?.includes(text) ? text : undefined;
    case "id":
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : undefined;
    default:
      return text.includes("\0") ? undefined : text.normalize("NFC");
  }
}

const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(text).toJSON()?.startsWith(text) === true;

/** ISO 8601 with an offset, the only form in which the API reads instants. */
export const isInstant = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text) &&
  !Number.isNaN(Date.parse(text));

/** Names of the fields that a criterion reads. */
export function fieldsOf(criterion: Criterion): ReadonlySet<string> {
  return new Set([...termsOf(criterion)].flatMap((term) => ("field" in term ? [term.field] : [])));
}

/** Fields whose change may change who meets a criterion; `any`: every change of a record may. */
export function readsOf(criterion: Criterion): ReadonlySet<string> | "any" {
  const reads = new Set<string>();
  for (const term of termsOf(criterion)) {
    if ("meta" in term && term.meta === "updatedAt") return "any";
    if ("area" in term) for (const field of ["gps.lat", "gps.lng"]) reads.add(field);
    if (!("field" in term)) continue;
    reads.add(term.field);
    // The letter of a section stands for other codes in each list.
    if (term.field === "branche.kode") reads.add("branche.klassifikation");
  }
  return reads;
}

function* termsOf(criterion: Criterion): Generator<Criterion> {
  if ("and" in criterion) for (const part of criterion.and) yield* termsOf(part);
  else if ("or" in criterion) for (const part of criterion.or) yield* termsOf(part);
  else if ("not" in criterion) yield* termsOf(criterion.not);
  else yield criterion;
}

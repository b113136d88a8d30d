import { z } from "zod";
import type { Catalogue } from "./catalogue.ts";
import { canonicalDecimal } from "./decimal.ts";
import type { Field, Value } from "./field.ts";
import type { Nested } from "./nesting.ts";

/** A record is made, or some of its fields are changed (RFC 7396: null clears, absent stays). */
export type BodyMode = "create" | "patch";

type Shape = { [key: string]: z.ZodType };

/** Other spellings that input takes for a code (domain notes, a6). */
const codeSpellings: Readonly<Record<string, string>> = { B2B: "BTB", B2C: "BTC", B2G: "BTG" };

/**
 * The shape of a record as callers write it: strict, nested, texts in the spelling in which we keep them. The rules behind
 * the types are judged by `readBody`, which is what a body is read with; JSON Schema and OpenAPI are made from this.
 */
export function inputSchema(catalogue: Catalogue<string>, mode: BodyMode) {
  const shape = shapeOf(catalogue, (key, field) =>
    refusalOf(catalogue, mode, key) === undefined ? inputField(field, mode) : undefined,
  );
  const optional = (members: Shape) => z.strictObject(members).nullable().optional();
  const groups = Object.entries(shape).map(([key, each]) => [key, each instanceof z.ZodType ? each : optional(each)]);
  const fields: Shape = Object.fromEntries(groups);
  if (catalogue.kind === "kundeemne") {
    fields.land = z.string().nullable().optional().describe("landekode as a name, Danish or English");
    const range = fields.antalMedarbejdere ?? z.never();
    const count = z.int().transform((exactly) => ({ fra: exactly, til: exactly }));
    fields.antalMedarbejdere = z.union([range, count]).describe("From and to, or one number for both");
  }
  return z.strictObject(fields);
}

/** A record as answers show it: every field, with types and no limits, because what an ERP holds may break a rule. */
export function outputShape(catalogue: Catalogue<string>): { [key: string]: z.ZodType<Nested[string]> } {
  const shape = shapeOf(catalogue, (_, field) => outputField(field).nullable().describe(labelOf(field)));
  return Object.fromEntries(
    Object.entries(shape).map(([key, each]) => [key, each instanceof z.ZodType ? each : z.strictObject(each)]),
  );
}

/** The same as one strict object. */
export const outputSchema = (catalogue: Catalogue<string>) => z.strictObject(outputShape(catalogue));

/** JSON Schema (draft 2020-12) of what may be written. */
export function jsonSchemaOf(schema: z.ZodType): { readonly [key: string]: unknown } {
  return z.toJSONSchema(schema, { io: "input" });
}

export interface Refusal {
  readonly code: "unknown_field" | "computed_field" | "immutable_field";
  /** Flat key, as it was named. */
  readonly field: string;
  /** What is computed as one. */
  readonly unit: string;
}

/** What follows from what happens to a record; an answer that is sent back carries it. */
const OURS: ReadonlySet<string> = new Set([
  "id",
  "meta",
  "kundeemneId",
  "kontaktpersoner",
  "links",
  "aktiviteterSidste",
]);

/** Why a field, or a group, may not be written; undefined when it may. */
export function refusalOf(catalogue: Catalogue<string>, mode: BodyMode, key: string): Refusal | undefined {
  const first = Object.keys(catalogue.fields).find((name) => name === key || name.startsWith(`${key}.`));
  const field = catalogue.fields[first ?? ""];
  const refused = { field: key, unit: catalogue.unitOf.get(first ?? "")?.name ?? key };
  if (field === undefined) return { ...refused, code: OURS.has(key) ? "computed_field" : "unknown_field" };
  // Which contact is primary can be said of a record that has contacts; all else without a column follows from other rows.
  if (field.computed || (field.virtual && !(mode === "patch" && field.kind === "id"))) {
    return { ...refused, code: "computed_field" };
  }
  return field.immutable && mode === "patch" ? { ...refused, code: "immutable_field" } : undefined;
}

/** Keys with a dot become an object of their own; `undefined` leaves a field out. */
function shapeOf<Schema extends z.ZodType>(
  catalogue: Catalogue<string>,
  schemaOf: (key: string, field: Field) => Schema | undefined,
): { [key: string]: Schema | { [member: string]: Schema } } {
  const shape: { [key: string]: Schema | { [member: string]: Schema } } = {};
  const groups = new Map<string, { [member: string]: Schema }>();
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const schema = schemaOf(key, field);
    if (schema === undefined) continue;
    const [group = "", member] = key.split(".");
    if (member === undefined) shape[key] = schema;
    else {
      const members = groups.get(group) ?? {};
      groups.set(group, members);
      members[member] = schema;
      shape[group] = members;
    }
  }
  return shape;
}

const labelOf = ({ label }: Field): string => `${label.da} / ${label.en}`;

function inputField(field: Field, mode: BodyMode): z.ZodType {
  const typed = typedField(field);
  const wanted = field.required ? typed : typed.nullable();
  return (field.required && mode === "create" ? wanted : wanted.optional()).describe(labelOf(field));
}

/** Characters are counted as JSON Schema does; the rule is judged afterwards, on the trimmed text. */
const text = ({ max }: Field) => z.string().meta(max === undefined ? {} : { maxLength: max });
const plain = (typed: string): string => typed.replaceAll("\0", "").normalize("NFC");
/** PostgreSQL keeps no U+0000; nobody types one. */
const line = (typed: string): string => plain(typed).trim();
const unspaced = (typed: string): string => typed.replace(/\s/g, "");
const orNull = (typed: string): string | null => (typed === "" ? null : typed);

function several(items: readonly string[], isSet: boolean): readonly string[] | null {
  const filled = items.map(line).filter((item) => item !== "");
  if (filled.length === 0) return null;
  return isSet ? [...new Set(filled)] : filled;
}

function typedField(field: Field): z.ZodType<Value> {
  switch (field.kind) {
    case "bool":
      return z.boolean();
    case "int":
      return z.int().meta(field.min === undefined ? {} : { minimum: field.min });
    case "decimal":
      // A JSON number is taken as it reads; kept is the exact text.
      return z
        .union([z.string(), z.number()])
        .transform((typed) => canonicalDecimal(String(typed).trim()) ?? orNull(String(typed).trim()));
    case "code":
      return z.enum([...(field.codes ?? []), ...spellingsOf(field)]).transform((code) => codeSpellings[code] ?? code);
    case "codeSet":
      return z.array(z.enum([...(field.codes ?? [])])).transform((codes) => several(codes, true));
    case "textList":
      return z.array(text(field)).transform((items) => several(items, false));
    case "textSet":
      return z.array(text(field)).transform((items) => several(items, true));
    case "pNumbers":
      return z.array(text(field)).transform((items) => several(items.map(unspaced), true));
    case "longText":
      return text(field).transform((typed) => (typed.trim() === "" ? null : plain(typed)));
    case "date":
      return z.string().meta({ format: "date" }).transform(line).transform(orNull);
    case "instant":
      return z.string().meta({ format: "date-time" }).transform(line).transform(orNull);
    case "id":
      return z.uuid();
    default:
      return text(field).transform(line).transform(orNull);
  }
}

const spellingsOf = (field: Field): string[] =>
  Object.keys(codeSpellings).filter((other) => field.codes?.includes(codeSpellings[other] ?? "") === true);

function outputField(field: Field): z.ZodType<Value> {
  switch (field.kind) {
    case "bool":
      return z.boolean();
    case "int":
      return z.int();
    case "codeSet":
    case "textSet":
    case "textList":
    case "pNumbers":
      return z.array(z.string());
    case "id":
      return z.uuid();
    default:
      return z.string();
  }
}

import { z } from "zod";
import { readCountry } from "../danish/country.ts";
import type { Catalogue, Values } from "./catalogue.ts";
import { checkValue } from "./check-value.ts";
import { normalise } from "./compare.ts";
import type { Field, Kind, Value } from "./field.ts";
import { flatten } from "./nesting.ts";

export interface InputOptions {
  /** `YYYY-MM-DD` in Copenhagen, asked at each use; without it, rules that need today are not asked. */
  readonly today?: () => string;
}

type Shape = { [key: string]: z.ZodType };

/** Other spellings that input takes for a code (domain notes, a6). */
const codeSpellings: Readonly<Record<string, string>> = { B2B: "BTB", B2C: "BTC", B2G: "BTG" };

/** Kinds that are stored compact when typed at the API; an ERP's spelling of them is kept. */
const compactKinds: ReadonlySet<Kind> = new Set(["cvr", "se", "euVat", "gln", "country", "currency", "pNumbers"]);

/**
 * A record as callers write it: strict, nested, read to flat values. Fields that the gateway sets are refused by name, a
 * value that breaks its rule is an issue with the rule's code in `params.code` (domain notes, d.1). In a patch what is
 * absent stays out; null clears.
 */
export function inputSchema(catalogue: Catalogue, mode: "create" | "patch", options: InputOptions = {}) {
  const shape = shapeOf(catalogue, (key, field) =>
    refusalOf(key, field, mode) === undefined ? inputField(field, mode) : undefined,
  );
  if (catalogue.kind === "kundeemne") {
    shape.land = z.string().nullable().optional().describe("landekode as a name, Danish or English");
    shape.antalMedarbejdere = z.union([
      z
        .int()
        .min(0)
        .transform((count) => ({ fra: count, til: count })),
      shape.antalMedarbejdere ?? z.never(),
    ]);
  }
  return z
    .strictObject(shape, {
      error: (issue) => (issue.code === "unrecognized_keys" ? refusals(catalogue, mode, issue.keys) : undefined),
    })
    .transform((body, context): Values => {
      const values = flatten(catalogue, body);
      const fail = (path: string, code: string, message: string) =>
        void context.issues.push({
          code: "custom",
          input: undefined,
          path: path.split("."),
          message,
          params: { code },
        });
      if ("land" in body && body.land !== undefined) readLand(body.land, values, fail);
      judge(catalogue, values, options, fail);
      return values;
    });
}

/** A record as answers show it: every field, with types and no limits, because what an ERP holds may break a rule. */
export const outputSchema = (catalogue: Catalogue) =>
  z.strictObject(shapeOf(catalogue, (_, field) => outputField(field).nullable().describe(describe(field))));

/** For documents and editors. */
export const jsonSchemaOf = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { io: "input" });

/** Keys with a dot become an object of their own; `undefined` leaves a field out. */
function shapeOf(catalogue: Catalogue, schemaOf: (key: string, field: Field) => z.ZodType | undefined): Shape {
  const shape: Shape = {};
  const groups = new Map<string, Shape>();
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const schema = schemaOf(key, field);
    if (schema === undefined) continue;
    const dot = key.indexOf(".");
    if (dot < 0) shape[key] = schema;
    else {
      const members = groups.get(key.slice(0, dot)) ?? {};
      members[key.slice(dot + 1)] = schema;
      groups.set(key.slice(0, dot), members);
    }
  }
  for (const [name, members] of groups) {
    const isInput = Object.values(members).every((member) => member instanceof z.ZodOptional);
    const group = z.strictObject(members);
    shape[name] = isInput ? group.nullable().optional() : group;
  }
  return shape;
}

const describe = ({ label }: Field): string => `${label.da} / ${label.en}`;

/** Why a field may not be written, in words; undefined when it may. */
function refusalOf(key: string, field: Field, mode: "create" | "patch"): string | undefined {
  if (field.computed || field.virtual) return `${key} is computed by the gateway and cannot be written.`;
  if (field.immutable && mode === "patch") return `${key} is set once, when the record is made.`;
  return undefined;
}

function refusals(catalogue: Catalogue, mode: "create" | "patch", keys: readonly string[]): string {
  const words = keys.map((key) => {
    const members = Object.keys(catalogue.fields).filter((name) => name === key || name.startsWith(`${key}.`));
    const field = catalogue.fields[members[0] ?? ""];
    return (field && refusalOf(key, field, mode)) ?? `There is no field ${key}.`;
  });
  return words.join(" ");
}

function inputField(field: Field, mode: "create" | "patch"): z.ZodType {
  const described = typedField(field).describe(describe(field));
  if (field.required) return mode === "create" ? described : described.optional();
  return described.nullable().optional();
}

/** The JSON type with its limits; the rules behind it are judged once the whole body is read. */
function typedField(field: Field): z.ZodType {
  switch (field.kind) {
    case "bool":
      return z.boolean();
    case "int":
      return z.int();
    case "decimal":
      return z.union([z.string(), z.number().transform(String)]);
    case "code":
      return z
        .enum([...(field.codes ?? []), ...otherSpellings(field)])
        .transform((code) => codeSpellings[code] ?? code);
    case "codeSet":
      return z.array(z.enum([...(field.codes ?? [])]));
    case "textSet":
    case "textList":
    case "pNumbers":
      return z.array(line(field));
    case "longText":
      return limited(field).transform((text) => (text.trim() === "" ? null : text.normalize("NFC")));
    default:
      return line(field).transform((text) => (text === "" ? null : text));
  }
}

const otherSpellings = (field: Field): string[] =>
  Object.keys(codeSpellings).filter((other) => field.codes?.includes(codeSpellings[other] ?? "") === true);

const limited = (field: Field) => (field.max === undefined ? z.string() : z.string().max(field.max));
const line = (field: Field) => limited(field).transform((text) => text.replaceAll("\0", "").normalize("NFC").trim());

function outputField(field: Field): z.ZodType {
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
    default:
      return z.string();
  }
}

type Fail = (path: string, code: string, message: string) => void;

/** An unknown name is an error, never Denmark (S12). */
function readLand(land: unknown, values: Values, fail: Fail): void {
  const read = typeof land === "string" && land.trim() !== "" ? readCountry(land) : undefined;
  if (read?.ok === false) return fail("land", read.code, read.detail);
  const code = read?.value ?? null;
  const said = values.landekode;
  const meant = typeof said === "string" ? readCountry(said) : undefined;
  if (said !== undefined && (meant?.ok === true ? meant.value : null) !== code) {
    return fail("land", "contradiction", "land and landekode say different things.");
  }
  values.landekode = code;
}

function judge(catalogue: Catalogue, values: Values, { today }: InputOptions, fail: Fail): void {
  const context = today === undefined ? {} : { today: today() };
  for (const [key, typed] of Object.entries(values)) {
    const field = catalogue.fields[key];
    if (field === undefined) continue;
    const value: Value = compactKinds.has(field.kind) ? normalise(field, typed) : typed;
    values[key] = value;
    if (field.required && value === null) fail(key, "missing", `${key} is required.`);
    const landekode = field.kind === "postnr" ? values[key.replace(/postnr$/, "landekode")] : undefined;
    const fault = checkValue(field, value, typeof landekode === "string" ? { ...context, landekode } : context);
    if (fault !== null) fail(key, fault.code, fault.detail);
  }
  if (("gps.lat" in values || "gps.lng" in values) && (values["gps.lat"] == null) !== (values["gps.lng"] == null)) {
    fail("gps", "contradiction", "A position has both lat and lng, or neither.");
  }
  if (Number(values["gps.lat"]) === 0 && Number(values["gps.lng"]) === 0 && values["gps.lat"] != null) {
    fail("gps", "bad_value", "0,0 is no position of a company.");
  }
}

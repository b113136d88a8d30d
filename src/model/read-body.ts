import { domainToUnicode } from "node:url";
import type { z } from "zod";
import { readCountry } from "../danish/country.ts";
import { readEmailDomain } from "../danish/email-domain.ts";
import { compactIndustry, listOf } from "../danish/industry.ts";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "./catalogue.ts";
import { checkValue, surroundingsOf } from "./check-value.ts";
import { normalise } from "./compare.ts";
import type { Field, Kind, Value } from "./field.ts";
import { flatten } from "./nesting.ts";
import { type BodyMode, inputSchema, refusalOf } from "./schemas.ts";
import { isUnlisted, type Vocabularies, wordsOf } from "./vocabularies.ts";

export interface BodyContext {
  /** `YYYY-MM-DD` in Copenhagen; without it, rules that need today are not asked. */
  readonly today?: string;
  /** The record as it stands, for rules about fields that belong together. */
  readonly before?: Values;
  /** The country of the company that a contact belongs to. */
  readonly landekode?: string | null;
  /** Lists of words that the installation keeps; nothing else is typed into their fields. */
  readonly vocabularies?: Vocabularies;
}

export type ReadBody =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly issues: readonly z.core.$ZodIssue[] };

const shapes = {
  kundeemne: { create: inputSchema(kundeemneCatalogue, "create"), patch: inputSchema(kundeemneCatalogue, "patch") },
  kontaktperson: {
    create: inputSchema(kontaktpersonCatalogue, "create"),
    patch: inputSchema(kontaktpersonCatalogue, "patch"),
  },
};

/**
 * A record's body as flat values, or everything that is wrong with it at once: zod's issues, of which those of ours are
 * `custom` with `params: { code, … }`. At the API a value that breaks a rule is an error (domain notes, d.1); from an ERP
 * it is kept and flagged. In a patch what is absent stays out; null clears.
 */
export function readBody(catalogue: Catalogue, mode: BodyMode, body: unknown, context: BodyContext = {}): ReadBody {
  const parsed = shapes[catalogue.kind][mode].safeParse(body, { reportInput: true });
  const issues: z.core.$ZodIssue[] = [];
  for (const issue of parsed.error?.issues ?? []) issues.push(...refusedKeys(catalogue, mode, body, issue));
  const sound = parsed.success ? parsed.data : withoutFaults(catalogue, mode, body);
  const values = flatten(catalogue, sound);
  const fail: Fail = (path, code, message, facts = {}) =>
    void issues.push({ code: "custom", path: path.split("."), message, params: { code, ...facts } });
  if (sound.land !== undefined) readLand(sound.land, values, fail);
  judge(catalogue, values, context, fail);
  judgeTogether({ ...context.before, ...values }, values, fail);
  return issues.length === 0 ? { ok: true, values } : { ok: false, issues };
}

type Fail = (path: string, code: string, message: string, facts?: Readonly<Record<string, string | number>>) => void;

/** Names that may not be written are told one by one, each with its reason. */
export function refusedKeys(
  catalogue: Catalogue<string>,
  mode: BodyMode,
  body: unknown,
  issue: z.core.$ZodIssue,
): readonly z.core.$ZodIssue[] {
  const isRequired = catalogue.fields[issue.path.join(".")]?.required === true;
  if (issue.code === "invalid_type" && isRequired && (issue.input === undefined || issue.input === null)) {
    return [{ code: "custom", path: issue.path, message: "This is required.", params: { code: "missing" } }];
  }
  if (issue.code !== "unrecognized_keys") return [issue];
  return issue.keys.flatMap((key) => {
    const path = [...issue.path, key];
    const value = at(body, path);
    // Of a computed group the members that were sent are named.
    const members = isObject(value) && catalogue.fields[path.join(".")] === undefined ? Object.keys(value) : [];
    const isGroup = members.length > 0 && members.every((member) => catalogue.fields[[...path, member].join(".")]);
    return (isGroup ? members.map((member) => [...path, member]) : [path]).map((named): z.core.$ZodIssue => {
      const name = named.join(".");
      const { code, field, unit } = refusalOf(catalogue, mode, name) ?? {
        code: "unknown_field",
        field: name,
        unit: "",
      };
      return { code: "custom", path: named, message: refusalWords[code](name), params: { code, field, unit } };
    });
  });
}

const refusalWords = {
  unknown_field: (key: string) => `There is no field ${key}.`,
  computed_field: (key: string) => `${key} is computed by the gateway and cannot be written.`,
  immutable_field: (key: string) => `${key} is set once, when the record is made.`,
};

/** The fields whose types are right, read each by itself, so that their rules are judged beside the others' faults. */
function withoutFaults(catalogue: Catalogue, mode: BodyMode, body: unknown): Readonly<Record<string, unknown>> {
  const sound: Record<string, unknown> = {};
  if (!isObject(body)) return sound;
  for (const [key, schema] of Object.entries(shapes[catalogue.kind][mode].shape)) {
    if (body[key] === undefined) continue;
    const parsed = schema.safeParse(body[key]);
    if (parsed.success) sound[key] = parsed.data;
  }
  return sound;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const at = (body: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (isObject(value) ? value[String(part)] : undefined), body);

/** `land` is landekode as a name; an unknown name is an error, never Denmark (S12). */
function readLand(land: unknown, values: Values, fail: Fail): void {
  const read = typeof land === "string" && land.trim() !== "" ? readCountry(land) : undefined;
  if (read?.ok === false) return fail("land", read.code, read.detail);
  const code = read?.value ?? null;
  const said = values.landekode;
  const meant = typeof said === "string" ? readCountry(said) : undefined;
  if (said !== undefined && (meant?.ok === true ? meant.value : null) !== code) {
    const facts = { field: "land", other: "landekode" };
    return fail("land", "contradiction", "land and landekode say different things.", facts);
  }
  values.landekode = code;
}

/** Domains by which companies are known: registrable ones, and none at which anybody can have an address (domain notes, e.5). */
function readDomains(value: Value, fail: Fail): Value {
  if (!Array.isArray(value)) return value;
  const domains = value.map((typed: string) => {
    const domain = readEmailDomain(typed);
    if (!domain.ok) fail("emailDomaener", domain.code, domain.detail);
    return domain.ok ? domainToUnicode(domain.value) : typed;
  });
  return [...new Set(domains)];
}

/** Kinds whose names and cases are read before they are judged. */
const namedKinds: ReadonlySet<Kind> = new Set(["country", "currency"]);
/** Kinds that are stored compact when typed at the API; an ERP's spelling of them is kept. */
const compactKinds: ReadonlySet<Kind> = new Set(["cvr", "se", "euVat", "gln", "instant"]);

/** Each value by the rules of its kind; what passes is left in the spelling in which it is kept. */
function judge(
  catalogue: Catalogue,
  values: Values,
  { today, before, landekode, vocabularies = {} }: BodyContext,
  fail: Fail,
): void {
  for (const [key, typed] of Object.entries(values)) {
    const field = catalogue.fields[key];
    if (field === undefined) continue;
    const isIndustry = field.list === "industry" && typeof typed === "string";
    const value = isIndustry ? compactIndustry(typed) : namedKinds.has(field.kind) ? normalise(field, typed) : typed;
    values[key] = value;
    if (field.required && value === null) fail(key, "missing", `${key} is required.`);
    const fault = checkValue(field, value, {
      ...surroundingsOf(key, { landekode: landekode ?? null, ...before, ...values }),
      ...(today === undefined ? {} : { today }),
    });
    if (fault !== null) fail(key, fault.code, fault.detail, factsOf(key, field, fault.rule));
    else if (isUnlisted(vocabularies, key, value))
      fail(key, "not_listed", "This is not in the field's list of words.", {
        ...{ field: key, choices: wordsOf(vocabularies, key)?.join(", ") ?? "" },
      });
    else if (compactKinds.has(field.kind)) values[key] = normalise(field, value);
    else if (key === "emailDomaener") values[key] = readDomains(value, fail);
  }
  const { "branche.kode": kode, "branche.klassifikation": klassifikation = before?.["branche.klassifikation"] } =
    values;
  // Without a word the list is the only one that has the code, else nobody knows (S40).
  if (typeof kode === "string" && (klassifikation ?? null) === null) values["branche.klassifikation"] = listOf(kode);
}

const factsOf = (key: string, { max, min, codes, scale }: Field, rule: string | undefined) => ({
  field: key,
  masked: "******-****",
  ...(max === undefined ? {} : { limit: max }),
  ...(min === undefined ? {} : { least: min }),
  ...(codes === undefined ? {} : { choices: codes.join(", ") }),
  ...(scale === undefined ? {} : { scale }),
  ...(rule === undefined ? {} : { rule }),
});

/** What means something only together, on the record as it would be; asked only of what is written. */
function judgeTogether(after: Values, written: Values, fail: Fail): void {
  const says = (...fields: readonly string[]) => fields.some((field) => written[field] !== undefined);
  const empty = (field: string) => after[field] === null || after[field] === undefined;
  if (says("gps.lat", "gps.lng")) {
    if (empty("gps.lat") !== empty("gps.lng")) {
      fail("gps", "incomplete", "A position has both lat and lng, or neither.", { field: "gps.lat", other: "gps.lng" });
    }
    if (Number(after["gps.lat"]) === 0 && Number(after["gps.lng"]) === 0 && !empty("gps.lat") && !empty("gps.lng")) {
      fail("gps", "bad_value", "0,0 is no position of a company.", { rule: "position" });
    }
  }
  if (says("antalMedarbejdere.fra", "antalMedarbejdere.til")) {
    const [from, to] = [after["antalMedarbejdere.fra"], after["antalMedarbejdere.til"]];
    if (typeof from === "number" && typeof to === "number" && from > to) {
      fail("antalMedarbejdere", "contradiction", "fra is more than til.", {
        field: "antalMedarbejdere.fra",
        other: "antalMedarbejdere.til",
      });
    }
  }
  // Approval without its date proves nothing (domain notes, a9).
  if (says("gdprOk", "gdprDato") && after.gdprOk === true && empty("gdprDato")) {
    for (const field of ["gdprOk", "gdprDato"]) {
      fail(field, "incomplete", "gdprOk needs gdprDato, the date of the approval.", {
        field: "gdprOk",
        other: "gdprDato",
      });
    }
  }
}

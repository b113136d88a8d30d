import { readCountry } from "../danish/country.ts";
import type { Catalogue, Values } from "../model/catalogue.ts";
import type { Field } from "../model/field.ts";
import { judgeField } from "./field-value.ts";
import { readLand } from "./land.ts";
import { type Fault, Problem, pointerOf } from "./problems.ts";

/** A body with an own `version`, `id` or `meta` is an answer sent back; these are the gateway's. */
const OURS = new Set(["id", "meta"]);

export interface BodyOptions {
  /** `YYYY-MM-DD` in Copenhagen. */
  readonly today: string;
  /** Where the record's address lies now, for rules that ask the country. */
  readonly landekode?: string | null;
  /** Pointer to where the record stands in the body. */
  readonly base?: string;
}

/**
 * A record's body as flat values. Nested objects are groups (`gps: { lat }`), null clears; in a patch (RFC 7396) what is
 * absent stays as it is. All faults are told at once, as a 422: unknown, computed and immutable fields, wrong shapes,
 * values that break a rule.
 */
export function readRecordBody(
  catalogue: Catalogue,
  body: unknown,
  mode: "create" | "patch",
  { base = "", today, landekode }: BodyOptions,
): Values {
  const faults: Fault[] = [];
  const values: Values = {};
  if (!isObject(body)) {
    throw new Problem(422, "invalid_request", {
      faults: [{ pointer: base, code: "wrong_type", facts: { expected: "object" } }],
    });
  }
  const country = landekodeOf(body) ?? landekode ?? null;
  for (const [key, value] of flatten(catalogue, body)) {
    const fault = refusedName(catalogue, key, mode);
    if (fault !== undefined) {
      // `land` has its own reading: it is a spelling of landekode.
      if (!(key === "land" && catalogue.kind === "kundeemne")) faults.push(fault);
      continue;
    }
    const field = catalogue.fields[key];
    if (field === undefined) continue;
    const judged = judgeField(key, field, value, { today, landekode: country });
    if ("fault" in judged) faults.push(judged.fault);
    else values[key] = judged.value;
  }
  if (catalogue.kind === "kundeemne" && "land" in body) {
    const fault = readLand(body.land, values);
    if (fault !== undefined) faults.push(fault);
  }
  for (const [key, field] of Object.entries(catalogue.fields)) {
    if (!field.required) continue;
    const isMissing = values[key] === null || (mode === "create" && values[key] === undefined);
    const isJudged = faults.some(({ pointer }) => pointer === pointerOf(key));
    if (isMissing && !isJudged) faults.push({ pointer: pointerOf(key), code: "missing" });
  }
  if (faults.length > 0) {
    throw new Problem(422, "invalid_request", {
      faults: faults.map((fault) => ({ ...fault, pointer: base + fault.pointer })),
    });
  }
  return values;
}

/** The country that the body itself names, so that its postal code and telephone are judged by it. */
function landekodeOf(body: { readonly [key: string]: unknown }): string | undefined {
  const named = body.landekode ?? body.land;
  if (typeof named !== "string") return undefined;
  const reading = readCountry(named);
  return reading.ok ? reading.value : undefined;
}

/**
 * Whether a caller may write a field. Which contact is primary can be said of a record that has contacts; all else that
 * has no column follows from other rows.
 */
export const isWritable = (field: Field, mode: "create" | "patch"): boolean =>
  !field.computed && !(field.virtual && !(mode === "patch" && field.kind === "id"));

function refusedName(catalogue: Catalogue, key: string, mode: "create" | "patch"): Fault | undefined {
  const pointer = pointerOf(key);
  const field = catalogue.fields[key];
  if (OURS.has(key)) return { pointer, code: "computed_field", facts: { field: key, unit: key } };
  if (field === undefined) return { pointer, code: "unknown_field" };
  if (!isWritable(field, mode)) {
    return { pointer, code: "computed_field", facts: { field: key, unit: catalogue.unitOf.get(key)?.name ?? key } };
  }
  if (field.immutable && mode === "patch") return { pointer, code: "immutable_field", facts: { field: key } };
  return undefined;
}

/** `gps: { lat: 1 }` → `gps.lat`; null for a whole group is null for each of its fields that can be written. */
function* flatten(
  catalogue: Catalogue,
  body: { readonly [key: string]: unknown },
): Generator<[key: string, value: unknown]> {
  for (const [key, value] of Object.entries(body)) {
    const members = Object.keys(catalogue.fields).filter((field) => field.startsWith(`${key}.`));
    if (members.length === 0) yield [key, value];
    else if (value === null) {
      for (const member of members) yield [member, null];
    } else if (isObject(value)) {
      for (const [part, inner] of Object.entries(value)) yield [`${key}.${part}`, inner];
    } else yield [key, value];
  }
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

import { readCountry } from "../danish/country.ts";
import { readCvr, readSe } from "../danish/cvr.ts";
import { readGln } from "../danish/gln.ts";
import { readPNumber } from "../danish/p-number.ts";
import type { Reading } from "../danish/result.ts";
import { readEuVat } from "../danish/vat.ts";
import { type CheckContext, checkValue } from "../model/check-value.ts";
import { isInstant, severalKinds } from "../model/criteria.ts";
import { canonicalDecimal } from "../model/decimal.ts";
import type { Field, Kind, Value } from "../model/field.ts";
import { type Facts, type Fault, pointerOf } from "./problems.ts";

export type Judged = { readonly value: Value } | { readonly fault: Fault };

/**
 * A value as a caller typed it: brought to the spelling in which we keep it (trimmed, NFC, numbers compact), then checked.
 * At the API a value that breaks a rule is an error (domain notes, d.1); from an ERP it is kept and flagged. Empty text
 * and an empty list are null.
 */
export function judgeField(key: string, field: Field, value: unknown, context: CheckContext): Judged {
  const pointer = pointerOf(key);
  const expected = EXPECTED[field.kind] ?? (severalKinds.has(field.kind) ? "array of strings" : "string");
  if (value === null) return { value: null };
  const spelled = spell(field, value);
  if (spelled === undefined) return { fault: { pointer, code: "wrong_type", facts: { expected } } };
  if (field.kind === "id" && !UUID.test(String(spelled)))
    return { fault: { pointer, code: "bad_value", facts: { rule: "UUID" } } };
  const found = checkValue(field, spelled, context);
  if (found === null) return { value: spelled };
  if (found.code === "cpr_like") {
    // Not kept, and not in the answer either.
    return { fault: { pointer, code: "cpr_like", facts: { field: key, masked: "******-****" } } };
  }
  return {
    fault: {
      pointer,
      code: found.code,
      facts: { ...factsOf(field, expected), rule: found.detail },
      detail: found.detail,
    },
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const EXPECTED: Partial<Record<Kind, string>> = { bool: "boolean", int: "integer", decimal: "decimal" };

function factsOf(field: Field, expected: string): Facts {
  return {
    expected,
    ...(field.max === undefined ? {} : { limit: field.max }),
    ...(field.min === undefined ? {} : { least: field.min }),
    ...(field.codes === undefined ? {} : { choices: field.codes.join(", ") }),
  };
}

/** Undefined: the JSON type can be no value of the field. */
function spell(field: Field, value: unknown): Value | undefined {
  if (severalKinds.has(field.kind)) {
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) return undefined;
    const read = field.kind === "pNumbers" ? readPNumber : undefined;
    const items = value.map((item: string) => spelling(clean(item, false), read)).filter((item) => item !== "");
    if (items.length === 0) return null;
    return field.kind === "textList" ? items : [...new Set(items)];
  }
  switch (field.kind) {
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "int":
      return typeof value === "number" && Number.isInteger(value) ? value : undefined;
    case "decimal": {
      // A JSON number is taken as it reads; kept is the exact text.
      const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
      return typeof text === "string" ? (canonicalDecimal(text.trim()) ?? (text.trim() || null)) : undefined;
    }
    default:
      return typeof value === "string" ? spellText(field, value) : undefined;
  }
}

function spellText(field: Field, raw: string): Value {
  const text = clean(raw, field.kind === "longText");
  if (text === "") return null;
  if (field.kind === "instant") return isInstant(text) ? new Date(text).toISOString() : text;
  return spelling(text, READERS[field.kind]);
}

const READERS: Partial<Record<Kind, (text: string) => Reading<string>>> = {
  cvr: readCvr,
  se: readSe,
  euVat: readEuVat,
  gln: readGln,
  country: readCountry,
};

/** What cannot be read stays as typed, for the check to say why. */
function spelling(text: string, read: ((text: string) => Reading<string>) | undefined): string {
  const reading = read?.(text);
  return reading?.ok ? reading.value : text;
}

/** PostgreSQL keeps no U+0000; nobody types one. */
const clean = (raw: string, isLong: boolean): string => {
  const text = raw.replaceAll("\0", "").normalize("NFC");
  return isLong && text.trim() !== "" ? text : text.trim();
};

import { readCountry } from "../danish/country.ts";
import { isActiveCurrency, minorUnits } from "../danish/currency.ts";
import { looksLikeCpr, readCvr, readSe } from "../danish/cvr.ts";
import { isDate } from "../danish/dates.ts";
import { readGln } from "../danish/gln.ts";
import { readIndustry } from "../danish/industry.ts";
import { readPNumber } from "../danish/p-number.ts";
import { readPhone } from "../danish/phone.ts";
import { readPostnr } from "../danish/postal.ts";
import type { Reading } from "../danish/result.ts";
import { readEuVat } from "../danish/vat.ts";
import type { Values } from "./catalogue.ts";
import { isInstant } from "./criteria.ts";
import { canonicalDecimal, scaleOf } from "./decimal.ts";
import type { Field, Value } from "./field.ts";

export interface ValueFault {
  readonly code: string;
  /** A sentence with the rule; it never quotes the value. */
  readonly detail: string;
  /** Which rule, where the code alone does not say it. */
  readonly rule?: ValueRule;
}

/** Rules behind the code `bad_value`; the API has a sentence for each in every language. */
export const valueRules = ["decimal", "scale", "digits", "email", "instant", "one_line", "position", "url"] as const;
export type ValueRule = (typeof valueRules)[number];

/** What a rule needs to know besides the value. Left out: the rules that need it are not asked. */
export interface CheckContext {
  /** `YYYY-MM-DD` in Copenhagen. */
  readonly today?: string;
  /** The country of the same address. */
  readonly landekode?: string | null;
  /** The list that the same record's industry code is of. */
  readonly klassifikation?: string | null;
}

/**
 * Is the value valid by its kind? Null: it is. At the API a fault is a 422; a value that an ERP holds is kept all the
 * same, flagged, no match key, and not pushed on (domain notes, d.1). Emptiness is always valid here.
 */
export function checkValue(field: Field, value: Value, context: CheckContext = {}): ValueFault | null {
  if (value === null || value === "") return null;
  switch (field.kind) {
    case "bool":
      return typeof value === "boolean" ? null : wrongType("true or false");
    case "int":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrongType("a whole number");
      return outside(field, value);
    case "codeSet":
    case "textSet":
    case "textList":
    case "pNumbers":
      return checkSeveral(field, value, context);
    default:
      return typeof value === "string" ? checkText(field, value, context) : wrongType("text");
  }
}

const fault = (code: string, detail: string): ValueFault => ({ code, detail });
const badValue = (rule: ValueRule, detail: string): ValueFault => ({ code: "bad_value", rule, detail });
const wrongType = (wanted: string): ValueFault => fault("wrong_type", `This must be ${wanted}.`);
const verdict = (reading: Reading<unknown>): ValueFault | null =>
  reading.ok ? null : fault(reading.code, reading.detail);

/** The country by whose rules a field's value is judged: of its own address, else of the record. */
export function countryFor(key: string, values: Values): string | null {
  const own = values[key.replace(/\w+$/, "landekode")];
  const country = key.startsWith("besoegsadresse.") ? own : values.landekode;
  return typeof country === "string" ? country : null;
}

/** What a field's value is judged by besides itself: the country of its address, the list of its industry code. */
export function surroundingsOf(key: string, values: Values): Pick<CheckContext, "landekode" | "klassifikation"> {
  const klassifikation = values["branche.klassifikation"];
  return {
    landekode: countryFor(key, values),
    klassifikation: typeof klassifikation === "string" ? klassifikation : null,
  };
}

/** Dates that tell of something done cannot lie ahead of us. */
const PAST_KINDS: ReadonlySet<string> = new Set(["gdpr"]);
/** A subset of RFC 5322 that every mail system takes: no comments, quotes or bare hosts. */
const EMAIL = /^[^\s@<>()[\],;:"\\]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?\.[\p{L}\p{N}-]{2,}$/u;
const DECIMAL_DIGITS = 15;

function checkText(field: Field, value: string, context: CheckContext): ValueFault | null {
  if (
    field.max !== undefined &&
    field.kind !== "decimal" &&
    value.length > field.max &&
    [...value].length > field.max
  ) {
    return fault("too_long", `${field.max} characters at most.`);
  }
  switch (field.kind) {
    case "cvr":
      return verdict(readCvr(value));
    case "se":
      return verdict(readSe(value));
    case "euVat":
      return looksLikeCpr(value) ? fault("cpr_like", "Ten digits may be a CPR number.") : verdict(readEuVat(value));
    case "gln":
      return verdict(readGln(value));
    case "phone":
      return verdict(readPhone(value, context.landekode ?? "DK"));
    case "postnr":
      return verdict(readPostnr(value, context.landekode ?? ""));
    case "country":
      return value.length === 2 && readCountry(value).ok ? null : fault("country_unknown", "No country has this code.");
    case "currency":
      return checkCurrency(value, context.today);
    case "email":
      return EMAIL.test(value) && !value.includes("..") ? null : badValue("email", "An e-mail address is name@domain.");
    case "url":
      return isWebAddress(value) ? null : badValue("url", "A web address starts with http(s):// or a host name.");
    case "code":
      return field.codes?.includes(value) ? null : fault("not_allowed", `One of ${field.codes?.join(", ")}.`);
    case "decimal":
      return checkDecimal(field, value);
    case "date":
      return checkDate(field, value, context.today);
    case "instant":
      return isInstant(value) ? null : badValue("instant", "An instant is ISO 8601 with an offset.");
    case "longText":
      return null;
    default:
      if (field.list === "industry") return verdict(readIndustry(value, context.klassifikation));
      return /[\r\n]/.test(value) ? badValue("one_line", "One line only.") : null;
  }
}

function checkSeveral(field: Field, value: Value, context: CheckContext): ValueFault | null {
  if (!Array.isArray(value)) return wrongType("a list of texts");
  const one: Field = { ...field, kind: field.kind === "codeSet" ? "code" : "text" };
  for (const item of value) {
    const found = field.kind === "pNumbers" ? verdict(readPNumber(item)) : checkText(one, item, context);
    if (found !== null) return found;
  }
  return null;
}

function checkCurrency(value: string, today: string | undefined): ValueFault | null {
  if (minorUnits(value) === undefined) return fault("currency_unknown", "No currency has this code.");
  if (today === undefined || isActiveCurrency(value, today)) return null;
  return fault("currency_inactive", "The currency is not in use today.");
}

function checkDecimal(field: Field, value: string): ValueFault | null {
  const canonical = canonicalDecimal(value);
  if (canonical === undefined) return badValue("decimal", "A decimal is written 123.45.");
  if (canonical.replace(/\..*|-/g, "").length > DECIMAL_DIGITS)
    return badValue("digits", `${DECIMAL_DIGITS} digits before the point at most.`);
  if (field.scale !== undefined && scaleOf(canonical) > field.scale) {
    return badValue("scale", `${field.scale} decimals at most.`);
  }
  return outside(field, Number(canonical));
}

function checkDate(field: Field, value: string, today: string | undefined): ValueFault | null {
  if (!isDate(value)) return fault("date_invalid", "A date is YYYY-MM-DD and stands in the calendar.");
  if (today === undefined || !PAST_KINDS.has(field.group ?? "") || value <= today) return null;
  return fault("date_ahead", "The date must not lie ahead.");
}

function outside(field: Field, value: number): ValueFault | null {
  if (field.min !== undefined && value < field.min) return fault("too_small", `At least ${field.min}.`);
  if (field.max !== undefined && value > field.max) return fault("too_large", `At most ${field.max}.`);
  return null;
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  return url?.hostname.includes(".") === true && !/\s/.test(text);
}

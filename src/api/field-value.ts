import { readCountry } from "../danish/country.ts";
import { looksLikeCpr, readCvr, readSe } from "../danish/cvr.ts";
import { readGln } from "../danish/gln.ts";
import { readPNumber } from "../danish/p-number.ts";
import type { Reading } from "../danish/result.ts";
import { readEuVat } from "../danish/vat.ts";
import { isInstant } from "../model/criteria.ts";
import type { Field, Kind, Value } from "../model/field.ts";
import { type Fault, pointerOf } from "./problems.ts";

export type Judged = { readonly value: Value } | { readonly fault: Fault };

/**
 * A value as a caller typed it. At the API a value that breaks a rule is an error (domain notes, d.1); the same value from
 * an ERP is kept and flagged. Empty text is null; texts are trimmed and NFC.
 */
export function judgeField(key: string, field: Field, value: unknown): Judged {
  const pointer = pointerOf(key);
  const refuse = (code: string, facts: Readonly<Record<string, string | number>> = {}): Judged => ({
    fault: { pointer, code, facts },
  });
  const wrongType = (expected: string) => refuse("wrong_type", { expected });
  if (value === null) return { value: null };

  switch (field.kind) {
    case "bool":
      return typeof value === "boolean" ? { value } : wrongType("boolean");
    case "int":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrongType("integer");
      return outside(field, value, refuse) ?? { value };
    case "decimal":
      return judgeDecimal(field, value, refuse, wrongType);
    case "codeSet":
    case "textSet":
    case "textList":
    case "pNumbers":
      return judgeSeveral(key, field, value, refuse, wrongType);
    default:
      return typeof value === "string" ? judgeText(key, field, value, refuse) : wrongType("string");
  }
}

type Refuse = (code: string, facts?: Readonly<Record<string, string | number>>) => Judged;

const READERS: Partial<Record<Kind, (text: string) => Reading<string>>> = {
  cvr: readCvr,
  se: readSe,
  euVat: readEuVat,
  gln: readGln,
  country: readCountry,
  pNumbers: readPNumber,
};
const REGISTRATION: ReadonlySet<Kind> = new Set(["cvr", "se", "euVat"]);
const EMAIL = /^[^\s@<>()[\],;:"\\]+@[^\s@]+\.[^\s@.]+$/;

function judgeText(key: string, field: Field, raw: string, refuse: Refuse): Judged {
  const trimmed = (field.kind === "longText" ? raw.replace(/^\s+$/, "") : raw.trim()).normalize("NFC");
  if (trimmed === "") return { value: null };
  if (trimmed.includes("\0")) return refuse("bad_value", { rule: "U+0000" });
  // A CPR number typed into a number field must not be kept, nor come back in the answer.
  if (REGISTRATION.has(field.kind) && looksLikeCpr(trimmed)) {
    return refuse("cpr_like", { field: key, masked: "******-****" });
  }
  const reading = READERS[field.kind]?.(trimmed);
  if (reading !== undefined && !reading.ok) {
    return { fault: { pointer: pointerOf(key), code: reading.code, detail: reading.detail } };
  }
  const text = reading?.value ?? trimmed;
  if (field.max !== undefined && [...text].length > field.max) return refuse("too_long", { limit: field.max });
  if (field.kind !== "longText" && /[\r\n]/.test(text)) return refuse("bad_value", { rule: "one line" });
  switch (field.kind) {
    case "code":
      if (!field.codes?.includes(text)) return refuse("not_allowed", { choices: (field.codes ?? []).join(", ") });
      return { value: text };
    case "date":
      return isDate(text) ? { value: text } : refuse("bad_value", { rule: "YYYY-MM-DD" });
    case "instant":
      return isInstant(text) ? { value: new Date(text).toISOString() } : refuse("bad_value", { rule: "ISO 8601" });
    case "email":
      return EMAIL.test(text) ? { value: text } : refuse("bad_value", { rule: "name@domain" });
    case "url":
      return isUrl(text) ? { value: text } : refuse("bad_value", { rule: "http(s) URL" });
    case "currency":
      return /^[A-Z]{3}$/.test(text) ? { value: text } : refuse("bad_value", { rule: "ISO 4217" });
    default:
      return { value: text };
  }
}

/** Exact: a decimal is text in memory; a JSON number is taken as it reads. */
function judgeDecimal(field: Field, value: unknown, refuse: Refuse, wrongType: (expected: string) => Judged): Judged {
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string") return wrongType("decimal");
  if (!/^-?\d{1,15}(\.\d{1,12})?$/.test(text)) return refuse("bad_value", { rule: "123.45" });
  const digits = text.split(".")[1]?.length ?? 0;
  if (field.scale !== undefined && digits > field.scale) {
    return refuse("bad_value", { rule: `${field.scale} decimals` });
  }
  return outside(field, Number(text), refuse) ?? { value: text };
}

function judgeSeveral(
  key: string,
  field: Field,
  value: unknown,
  refuse: Refuse,
  wrongType: (expected: string) => Judged,
): Judged {
  if (!Array.isArray(value)) return wrongType("array");
  const one: Field = {
    ...field,
    kind: field.kind === "codeSet" ? "code" : field.kind === "pNumbers" ? "pNumbers" : "text",
  };
  const texts: string[] = [];
  for (const [index, item] of value.entries()) {
    if (typeof item !== "string") return wrongType("array of strings");
    const judged = judgeText(key, one, item, refuse);
    if ("fault" in judged) return { fault: { ...judged.fault, pointer: `${pointerOf(key)}/${index}` } };
    if (typeof judged.value === "string") texts.push(judged.value);
  }
  if (texts.length === 0) return { value: null };
  return { value: field.kind === "textList" ? texts : [...new Set(texts)] };
}

function outside(field: Field, value: number, refuse: Refuse): Judged | undefined {
  if (field.min !== undefined && value < field.min) return refuse("too_small", { limit: field.min });
  if (field.max !== undefined && value > field.max) return refuse("too_large", { limit: field.max });
  return undefined;
}

const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(text).toJSON()?.startsWith(text) === true;

function isUrl(text: string): boolean {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  return url?.hostname.includes(".") === true;
}

import { domainToASCII } from "node:url";
import { readCountry } from "../danish/country.ts";
import { danishDigits } from "../danish/cvr.ts";
import { phoneKey } from "../danish/phone.ts";
import { vatToken } from "../danish/registration.ts";
import { looseText } from "../danish/text.ts";
import { canonicalDecimal } from "./decimal.ts";
import type { Field, Value } from "./field.ts";

/** Not in every normal form alike, or not plain space: only such texts need work. */
const needsFolding = /[^\u0021-\u007e\u00a1-\u024f ]| {2}|^ | $/;
const space = /\s+/g;
const notPrintedInNumbers = /[\s.\u2010-\u2015-]/g;
const twoCapitals = /^[A-Z]{2}$/;
const severalKinds: ReadonlySet<string> = new Set(["codeSet", "textSet", "textList", "pNumbers"]);
/** Kinds with one spelling for each value: nothing to be loose about. */
const exactKinds: ReadonlySet<string> = new Set(["bool", "int", "decimal", "date", "instant", "id"]);

/**
 * The form in which values of a field are compared (rule R12); values themselves are kept as typed. Every kind of empty
 * is null. Total: what cannot be read as its kind is compared as text.
 */
export function normalise(field: Field, value: Value): Value {
  if (value === null || value === "") return null;
  if (typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value !== "string") return normaliseSeveral(field, value);
  const text = fold(field, value);
  return text === "" ? null : text;
}

/** Are two values of a field the same after normalisation? */
export function sameValue(field: Field, a: Value, b: Value): boolean {
  if (a === b) return true;
  const left = normalise(field, a);
  const right = normalise(field, b);
  if (left === right) return true;
  return Array.isArray(left) && Array.isArray(right) && equalLists(left, right);
}

/**
 * The same in the loose key of rule R17: case, space and punctuation folded, cut at `max` characters as a remote would
 * have cut it. For recognising a rendering of what we sent; never for deciding whether somebody edited.
 */
export function looseSame(field: Field, a: Value, b: Value, max = textMax(field)): boolean {
  if (sameValue(field, a, b)) return true;
  if (exactKinds.has(field.kind)) return false;
  if (typeof a === "string" && typeof b === "string") return looseEqual(a, b, max);
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  const keys = (items: readonly string[]): string[] => {
    const folded = items.map((item) => looseText(item, max));
    return field.kind === "textList" ? folded : folded.sort();
  };
  return equalLists(keys(a), keys(b));
}

const looseEqual = (a: string, b: string, max: number | undefined): boolean => {
  const key = looseText(a, max);
  return key !== "" && key === looseText(b, max);
};

const textMax = (field: Field): number | undefined => (exactKinds.has(field.kind) ? undefined : field.max);

const equalLists = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at]);

/** Sets are sorted and free of doubles; lists keep their order; empty ones are null. */
function normaliseSeveral(field: Field, items: readonly string[]): Value {
  const folded = items.map((item) => (field.kind === "pNumbers" ? item.replace(space, "") : foldText(item)));
  const filled = folded.filter((item) => item !== "");
  if (filled.length === 0) return null;
  return field.kind === "textList" ? filled : [...new Set(filled)].sort();
}

function fold(field: Field, value: string): string {
  switch (field.kind) {
    case "phone":
      return phoneKey(foldText(value));
    case "email":
      return foldEmail(foldText(value));
    case "url":
      return foldUrl(foldText(value));
    case "cvr":
    case "se":
      return danishDigits(value) ?? vatToken(value) ?? "";
    case "euVat":
      return vatToken(value) ?? "";
    case "gln":
      return value.replace(notPrintedInNumbers, "");
    case "postnr":
      return upper(foldText(value));
    case "country":
      return foldCountry(value);
    case "currency":
      return upper(foldText(value));
    case "decimal":
      return canonicalDecimal(value.trim()) ?? foldText(value);
    case "instant":
      return foldInstant(value);
    case "longText":
      return value.includes("\r") || value.trim() !== value || !isPlain(value) ? foldLong(value) : value;
    case "id":
      return value.toLowerCase();
    default:
      return severalKinds.has(field.kind) ? value.trim() : foldText(value);
  }
}

const isPlain = (text: string): boolean => !/[\u0250-\uffff]/.test(text);

/** NFC, outer space gone, inner space single. Case and punctuation count: they are edits. */
const foldText = (text: string): string =>
  needsFolding.test(text) ? text.normalize("NFC").replace(space, " ").trim() : text;

/** Changing case can take a text apart again. */
const upper = (text: string): string => text.toUpperCase().normalize("NFC");

const foldLong = (text: string): string => text.normalize("NFC").replace(/\r\n?/g, "\n").trim();

/** Mail systems take the same box whatever the case; domains are compared in punycode (domain notes, e.5). */
function foldEmail(text: string): string {
  const lower = text.toLowerCase().normalize("NFC");
  const at = lower.lastIndexOf("@");
  if (at < 0 || isAscii(lower)) return lower;
  const domain = lower.slice(at + 1);
  return `${lower.slice(0, at)}@${domainToASCII(domain) || domain}`;
}

const isAscii = (text: string): boolean => !/\P{ASCII}/u.test(text);

/** Scheme and host in lower case, no lone slash at the end; a missing scheme stays missing. */
function foldUrl(text: string): string {
  const [, scheme = "", host = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)(.*)$/is.exec(text) ?? [];
  return (scheme.toLowerCase() + host.toLowerCase()).normalize("NFC") + (rest === "/" ? "" : rest);
}

function foldCountry(text: string): string {
  if (text === "DK") return text;
  const read = readCountry(text);
  if (read.ok) return read.value;
  const trimmed = foldText(text);
  return twoCapitals.test(upper(trimmed)) ? upper(trimmed) : trimmed;
}

function foldInstant(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text.trim() : new Date(at).toISOString();
}

import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/min";
import { type Fault, fault, type Reading, read, shapeOf, warning } from "./result.ts";

export interface Phone {
  /** `+4570102030`; null for a short code, which has no international form. */
  readonly e164: string | null;
  /** Only `subscriber` may ever be called or sent an SMS by a machine. */
  readonly kind: "subscriber" | "short" | "m2m";
  /** What stood behind the number: an extension, a second number, a remark. As typed. */
  readonly note?: string;
}

const DANISH = "45";
const DANISH_DIGITS = 8;
const M2M_DIGITS = 12;
const SHORT_CODE = /^\d{3,6}$/;
const LABEL =
  /^\s*(?:telefonnummer|telefonnr|telefon|telf|tlf|tel|phone|mobiltelefon|mobilnr|mobil|mob|telefax|fax|t|m|f)(?:\.|:|\s)+/i;
const NUMBER_AND_REST = /^(\(?\+?[\d(][\d ().\u00a0\u202f\u2010-\u2015-]*)(.*)$/su;
const NOT_DIGIT = /\D/g;
const SLASHES = /\//g;
const REST_SEPARATOR = /^[\s/,;|]+/;
const EXTENSION = /^(?:lok|lokal|ext|x|omst)/i;
/** `00`, or a plus in brackets. */
const INTERNATIONAL = /^\(?(?:\+|00)/;
const LETTER = /^\p{L}/u;
const NOT_WORD = /[^\p{L}\p{N}]+/gu;
/** So that `+45 70 10 20 30/40…` with a slash as punctuation is not cut: fewer digits than this are no number yet. */
const COMPLETE_DIGITS = 6;

/**
 * Reads a phone number (domain notes, d.3 and e.2). Denmark's plan is closed: eight digits that start with 2–9, twelve
 * for machines, three to six for short codes. Other countries' numbers are read by libphonenumber and kept when they
 * are possible, with a warning when their plan does not know them. A label in front is dropped, what follows is a note.
 */
export function readPhone(text: string, defaultCountry = "DK"): Reading<Phone> {
  const parts = takeApart(text);
  if (parts === undefined)
    return fault("phone_shape", `No phone number can be read from this (${shapeOf(text.trim())}).`);
  const { number, note } = parts;
  const result = readNumber(number, defaultCountry);
  if (!result.ok || note === undefined) return result;
  const extra = warning("phone_extra", "Only the first number is used; what follows it is kept as a note.");
  return read({ ...result.value, note }, ...result.warnings, extra);
}

/**
 * The form in which phone numbers are compared: E.164, else the trimmed text. What follows the number is part of the
 * key, so that an added extension is seen. Called for each field of each record: plain Danish numbers take no library.
 */
export function phoneKey(text: string, defaultCountry = "DK"): string {
  if (defaultCountry === "DK") {
    const quick = plainDanish(text);
    if (quick !== null) return quick;
  }
  const phone = readPhone(text, defaultCountry);
  if (!phone.ok || phone.value.e164 === null) return text.trim();
  const note = phone.value.note?.toLowerCase().replace(NOT_WORD, "") ?? "";
  return note === "" ? phone.value.e164 : `${phone.value.e164};${note}`;
}

/** `70 10 20 30` and `+45 70 10 20 30` by hand; null for anything that is not exactly that. */
export function plainDanish(text: string): string | null {
  let digits = "";
  let plus = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digits += text[i];
    else if (code === 43 && digits === "" && !plus) plus = true;
    else if (code !== 32) return null;
  }
  const national = plus ? (digits.length === 10 && digits.startsWith(DANISH) ? digits.slice(2) : "") : digits;
  return national.length === DANISH_DIGITS && national.charCodeAt(0) >= 50 ? `+${DANISH}${national}` : null;
}

function takeApart(text: string): { number: string; note?: string } | undefined {
  const bare = text.replace(LABEL, "").trim();
  const match = NUMBER_AND_REST.exec(bare);
  if (match?.[1] === undefined) return undefined;
  const number = match[1];
  const rest = match[2] ?? "";
  if (rest === "") return { number };
  if (rest.startsWith("/") && number.replace(NOT_DIGIT, "").length < COMPLETE_DIGITS)
    return takeApart(bare.replace(SLASHES, " "));
  const isGlued = LETTER.test(rest) && !/[\s(]$/.test(number) && !EXTENSION.test(rest);
  if (isGlued) return undefined;
  const opening = /\(\s*$/.test(number) ? "(" : "";
  const note = opening + rest.replace(REST_SEPARATOR, "").trim();
  return note === "" ? { number } : { number: opening ? number.replace(/\(\s*$/, "") : number, note };
}

function readNumber(number: string, defaultCountry: string): Reading<Phone> {
  const compact = number.replace(NOT_DIGIT, "");
  const isInternational = number.includes("+") || compact.startsWith("00");
  if (isInternational) {
    const full = number.includes("+") ? compact : compact.slice(2);
    return full.startsWith(DANISH) ? readDanish(full.slice(2)) : readForeign(number.replace(INTERNATIONAL, "+"));
  }
  if (defaultCountry !== "DK")
    return SHORT_CODE.test(compact) && !isSixDigitPlan(defaultCountry, compact)
      ? shortCode
      : readForeign(number, defaultCountry);
  if (SHORT_CODE.test(compact)) return shortCode;
  // Eight digits are a Danish number even when they start with 45; only more than that can carry the country code.
  if (compact.length === DANISH.length + DANISH_DIGITS && compact.startsWith(DANISH))
    return readDanish(compact.slice(2));
  return readDanish(compact);
}

/** Greenland's and the Faroe Islands' plans have six digits, so six digits are no short code there. */
const isSixDigitPlan = (country: string, digits: string): boolean =>
  (country === "GL" || country === "FO" || country === "IS") && digits.length === 6;

function readDanish(national: string): Reading<Phone> {
  if (national.length === M2M_DIGITS)
    return read(
      { e164: `+${DANISH}${national}`, kind: "m2m" },
      warning("phone_m2m", "Twelve digits are a machine's number; it is never called or sent an SMS."),
    );
  if (national.length !== DANISH_DIGITS) return lengthFault(national.length, "A Danish number has eight digits");
  if (national < "2") return fault("phone_prefix", "Danish subscriber numbers do not start with 0 or 1.");
  return read({ e164: `+${DANISH}${national}`, kind: "subscriber" });
}

function readForeign(number: string, country?: string): Reading<Phone> {
  const known = country !== undefined && isSupportedCountry(country) ? (country as CountryCode) : undefined; // just asked
  const parsed = parsePhoneNumberFromString(number, known);
  if (parsed === undefined) return fault("phone_shape", "No phone number of any country can be read from this.");
  if (!parsed.isPossible())
    return lengthFault(parsed.nationalNumber.length, "The country's numbers have another length");
  const phone: Phone = { e164: parsed.number, kind: "subscriber" };
  if (parsed.isValid()) return read(phone);
  const unknown = "The length is right, but the country's number plan does not know the number.";
  return read(phone, warning("phone_not_assigned", unknown));
}

const lengthFault = (digits: number, rule: string): Fault => fault("phone_length", `${rule}; this one has ${digits}.`);

const shortCode = read<Phone>(
  { e164: null, kind: "short" },
  warning("phone_short_code", "A short code works inside one country only; it is kept as it is."),
);

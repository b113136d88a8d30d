import { type Fault, fault, type Reading, read, shapeOf } from "./result.ts";

const WEIGHTS = [2, 7, 6, 5, 4, 3, 2, 1] as const;
const EIGHT_DIGITS = /^\d{8}$/;
/** What people put before the number: `CVR-nr.`, `SE nr:`, `Moms`, `DK`. */
const LABEL = /^(?:(?:CVR|SE|MOMS)(?:[\s./-]*SE)?[\s.-]*(?:NR|NUMMER|NO)?[\s.:]*)?(?:DK[\s-]*)?/i;
const SEPARATORS = /[\s.\u2010-\u2015-]/g;
const CPR_SHAPE = /^\d{6}[\s\u2010-\u2015-]?\d{4}$/;
const CPR_IN_TEXT = /(?<!\d)\d{6}[ \u00a0\u2010-\u2015-]?\d{4}(?!\d)/g;

/**
 * Reads a CVR number in any of the usual spellings (`13 74 81 36`, `DK-13748136`) to its eight digits. Modulus 11 holds
 * for all of them (domain notes, d.1); ten digits may be a CPR number and are refused unread.
 */
export function readCvr(text: string): Reading<string> {
  return readRegisterNumber(text, "cvr", "CVR");
}

/** An SE number has the shape and the check digit of a CVR number. */
export function readSe(text: string): Reading<string> {
  return readRegisterNumber(text, "se", "SE");
}

/** Eight digits, compact, that satisfy modulus 11; `00000000` satisfies it too and is none. */
export function isValidCvr(text: string): boolean {
  return EIGHT_DIGITS.test(text) && text !== "00000000" && remainderOf(text) === 0;
}

/** A proposal for seven digits whose leading zero a spreadsheet lost; null when it does not validate. Never apply it unasked. */
export function padLostZero(text: string): string | null {
  const digits = text.replace(SEPARATORS, "");
  const padded = `0${digits}`;
  return digits.length === 7 && isValidCvr(padded) ? padded : null;
}

/** Ten digits where a company number is expected, with or without a hyphen, label or `DK`: possibly somebody's CPR number. */
export function looksLikeCpr(text: string): boolean {
  return (
    CPR_SHAPE.test(text.trim().replace(LABEL, "")) || /^\d{10}$/.test(text.replace(LABEL, "").replace(SEPARATORS, ""))
  );
}

/** The text with everything that has the shape of a CPR number made unreadable. */
export function maskCpr(text: string): string {
  return text.replace(CPR_IN_TEXT, "******-****");
}

/** The eight digits of a Danish number, label, `DK` and separators dropped; null when it is none. The check digit is not asked. */
export function danishDigits(text: string): string | null {
  if (EIGHT_DIGITS.test(text)) return text;
  const digits = text.trim().replace(LABEL, "").replace(SEPARATORS, "");
  return EIGHT_DIGITS.test(digits) ? digits : null;
}

function readRegisterNumber(text: string, kind: "cvr" | "se", name: string): Reading<string> {
  const digits = danishDigits(text);
  if (digits === null) return shapeFault(text, kind, name);
  if (digits === "00000000") return fault(`${kind}_zero`, `Eight zeros are no ${name} number.`);
  if (remainderOf(digits) !== 0) return fault(`${kind}_check_digit`, `The check digit of the ${name} number is wrong.`);
  return read(digits);
}

function shapeFault(text: string, kind: "cvr" | "se", name: string): Fault {
  if (looksLikeCpr(text))
    return fault("cpr_like", `Ten digits may be a CPR number, which is not accepted as a ${name} number.`);
  return fault(`${kind}_shape`, `A ${name} number has eight digits; this is ${shapeOf(text.trim())}.`);
}

function remainderOf(digits: string): number {
  let sum = 0;
  for (let i = 0; i < 8; i++) sum += (digits.charCodeAt(i) - 48) * (WEIGHTS[i] ?? 0);
  return sum % 11;
}

import { fault, type Reading, read, shapeOf } from "./result.ts";

export type AmountProfile = "da" | "en";

const CURRENCY_SIGN = /^(?:kr\.?|dkk|eur|€)\s*|\s*(?:kr\.?|dkk|eur|€)$/gi;
const NO_OERE = /,-{1,2}$/;
const SPACE_OR_APOSTROPHE = "[ \\u00a0\\u202f'\\u2019]";
const SHAPES: { readonly [profile in AmountProfile]: RegExp } = {
  da: new RegExp(`^(\\d{1,3}(?:(?:\\.\\d{3})+|(?:${SPACE_OR_APOSTROPHE}\\d{3})+)|\\d+)?(?:,(\\d+))?$`),
  en: new RegExp(`^(\\d{1,3}(?:(?:,\\d{3})+|(?:${SPACE_OR_APOSTROPHE}\\d{3})+)|\\d+)?(?:\\.(\\d+))?$`),
};
const NOT_DIGIT = /\D/g;

/**
 * Reads an amount to an exact decimal text (`-1234.50`), never to a float. Which sign groups and which divides is the
 * file's declared profile, never guessed from a cell (domain notes, e.4): `1.234` is 1234 in `da` and 1.234 in `en`.
 * One decimal is written as two (`1234,5` → `1234.50`); a whole number stays whole.
 */
export function readAmount(text: string, profile: AmountProfile): Reading<string> {
  const { body, isNegative } = takeSign(text.trim().replace(CURRENCY_SIGN, "").trim());
  const isWhole = NO_OERE.test(body);
  const match = SHAPES[profile].exec(isWhole ? body.replace(NO_OERE, "") : body);
  if (match === null || (match[1] === undefined && match[2] === undefined))
    return fault("amount_shape", `No amount can be read from this (${shapeOf(text.trim())}).`);
  const whole = (match[1] ?? "0").replace(NOT_DIGIT, "").replace(/^0+(?=\d)/, "");
  const decimals = isWhole ? "00" : match[2]?.padEnd(2, "0");
  const value = decimals === undefined ? whole : `${whole}.${decimals}`;
  return read(isNegative && /[1-9]/.test(value) ? `-${value}` : value);
}

function takeSign(text: string): { body: string; isNegative: boolean } {
  if (text.startsWith("(") && text.endsWith(")"))
    return { body: text.slice(1, -1).trim().replace(CURRENCY_SIGN, "").trim(), isNegative: true };
  const isLeading = /^[-\u2212+]/.test(text);
  if (isLeading)
    return { body: text.slice(1).trim().replace(CURRENCY_SIGN, "").trim(), isNegative: !text.startsWith("+") };
  const isTrailing = /[-\u2212]$/.test(text) && !NO_OERE.test(text);
  return { body: isTrailing ? text.slice(0, -1).trim() : text, isNegative: isTrailing };
}

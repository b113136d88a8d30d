import { currencies } from "./currency-data.ts";
import { fault, type Reading, read, shapeOf, warning } from "./result.ts";

const BASE_CURRENCY = "DKK";
/** What is typed for the base currency. */
const KRONER: ReadonlySet<string> = new Set(["KR", "KR.", "DKR", "DKR.", "DKKR"]);

/**
 * Reads an ISO 4217 code as of a date (`YYYY-MM-DD`). Blank and `kr.` are DKK. A currency that was withdrawn, or not yet
 * issued, at that date is a fault: nothing new may be posted in it. The fault names its successor.
 */
export function readCurrency(text: string, on: string): Reading<string> {
  const code = text.trim().toUpperCase();
  if (code === "" || KRONER.has(code)) return read(BASE_CURRENCY);
  const currency = currencies.get(code);
  if (currency === undefined) return fault("currency_unknown", `No currency has this code (${shapeOf(text.trim())}).`);
  if (currency.from !== undefined && on < currency.from)
    return fault("currency_inactive", `${code} is in use from ${currency.from}.`);
  if (currency.until !== undefined && on >= currency.until) {
    const successor = currency.successor === undefined ? "" : `; its successor is ${currency.successor}`;
    return fault("currency_inactive", `${code} was withdrawn on ${currency.until}${successor}.`);
  }
  return read(code);
}

/** The same for what a ledger already holds: a withdrawn currency is kept, with a warning. */
export function readKeptCurrency(text: string, on: string): Reading<string> {
  const reading = readCurrency(text, on);
  if (reading.ok || reading.code !== "currency_inactive") return reading;
  return read(text.trim().toUpperCase(), warning("currency_withdrawn", reading.detail));
}

/** Is the code in use on the date? */
export function isActiveCurrency(code: string, on: string): boolean {
  const currency = currencies.get(code);
  return (
    currency !== undefined && !(on < (currency.from ?? "")) && (currency.until === undefined || on < currency.until)
  );
}

/** Decimals of the currency's smallest unit (DKK 2, JPY 0, KWD 3); undefined for an unknown code. */
export const minorUnits = (code: string): number | undefined => currencies.get(code)?.digits;

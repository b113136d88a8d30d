import { countryOfVatPrefix } from "./country.ts";
import { danishDigits, looksLikeCpr, readCvr } from "./cvr.ts";
import { fault, type Reading, read, shapeOf, warning } from "./result.ts";

/** National patterns after the prefix: the member states' published ones, Northern Ireland and near neighbours. */
const PATTERNS: { readonly [prefix: string]: RegExp } = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CH: /^E\d{9}(?:MWST|TVA|IVA)?$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^[A-Z0-9]\d{7}[A-Z0-9]$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  GB: /^(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^\d[A-Z0-9+*]\d{5}[A-Z]{1,2}$/,
  IS: /^\d{5,6}$/,
  IT: /^\d{11}$/,
  LT: /^(?:\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  NO: /^\d{9}(?:MVA)?$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{10}01$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  XI: /^(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
};
const NOT_OF_A_NUMBER = /[^0-9A-Za-z+*]/g;
const FOREIGN = /^([A-Z]{2})(?=.*\d.*\d)[A-Z0-9+*]{2,16}$/;

/**
 * Reads a VAT number with its country prefix to the compact form (`SE556012345601`). Only the shape is judged; a Danish
 * one is read as a CVR number and keeps `DK`. `GR` becomes `EL`, which is what VAT numbers say (domain notes, d.6).
 */
export function readEuVat(text: string): Reading<string> {
  const compact = compactVat(text);
  if (looksLikeCpr(text))
    return fault("cpr_like", "Ten digits without a country may be a CPR number, which is not accepted here.");
  if (compact.startsWith("DK")) {
    const danish = readCvr(text);
    return danish.ok ? read(`DK${danish.value}`) : danish;
  }
  const prefix = foreignPrefix(compact);
  if (prefix === null)
    return fault("vat_prefix", `A VAT number starts with its country's two letters; this is ${shapeOf(text.trim())}.`);
  const value = prefix === "GR" ? `EL${compact.slice(2)}` : compact;
  const pattern = PATTERNS[value.slice(0, 2)];
  if (pattern === undefined)
    return read(value, warning("vat_pattern_unknown", "The shape of this country's VAT numbers is not known here."));
  if (!pattern.test(value.slice(2)))
    return fault("vat_shape", `This is not the shape of VAT numbers with the prefix ${value.slice(0, 2)}.`);
  if (prefix === "GR") return read(value, warning("vat_prefix_replaced", "Greek VAT numbers start with EL, not GR."));
  return read(value);
}

/** Upper case, without space and punctuation. */
export const compactVat = (text: string): string => text.replace(NOT_OF_A_NUMBER, "").toUpperCase();

/** The country prefix of what may be a foreign VAT number (compact form); null for Danish numbers and for anything else. */
export function foreignPrefix(compact: string): string | null {
  const prefix = FOREIGN.exec(compact)?.[1];
  if (prefix === undefined || prefix === "DK" || danishDigits(compact) !== null) return null;
  return prefix === "GR" || countryOfVatPrefix(prefix) !== null ? prefix : null;
}

import { fault, type Reading, read, shapeOf } from "./result.ts";

const SPACE = /\s/g;
const TEN_DIGITS = /^\d{10}$/;

/**
 * Reads a P-number: ten digits, nothing else. The register gave out a series with wrong check digits, so there is no
 * check digit to ask for (domain notes, d.2).
 */
export function readPNumber(text: string): Reading<string> {
  const digits = text.replace(SPACE, "");
  if (TEN_DIGITS.test(digits)) return read(digits);
  return fault("p_number_shape", `A P-number has ten digits; this is ${shapeOf(text.trim())}.`);
}

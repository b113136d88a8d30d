import { fault, type Reading, read, shapeOf, warning } from "./result.ts";

const SEPARATORS = /[\s-]/g;
const THIRTEEN_DIGITS = /^\d{13}$/;
const DANISH_PREFIX = "579";

/** Reads an EAN-lokationsnummer (GLN): 13 digits with the GS1 check digit. A prefix that is not Danish gives a warning. */
export function readGln(text: string): Reading<string> {
  const digits = text.replace(SEPARATORS, "");
  if (!THIRTEEN_DIGITS.test(digits))
    return fault("gln_shape", `An EAN-lokationsnummer has 13 digits; this is ${shapeOf(text.trim())}.`);
  if (!hasCheckDigit(digits)) return fault("gln_check_digit", "The check digit of the EAN-lokationsnummer is wrong.");
  if (digits.startsWith(DANISH_PREFIX)) return read(digits);
  return read(digits, warning("gln_not_danish", `The number does not start with ${DANISH_PREFIX}, as Danish ones do.`));
}

export const isValidGln = (digits: string): boolean => THIRTEEN_DIGITS.test(digits) && hasCheckDigit(digits);

/** GS1: weights 1 and 3 in turn from the left of 13 digits, the sum divisible by ten. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < 13; i++) sum += (digits.charCodeAt(i) - 48) * (i % 2 === 0 ? 1 : 3);
  return sum % 10 === 0;
}

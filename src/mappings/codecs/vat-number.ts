import { looksLikeCpr } from "../../danish/cvr.ts";
import { defineCodec, type Misread, misread, noOptions } from "./codec.ts";
import { cleanText } from "./text.ts";

/**
 * A registration number as it is typed: CVR, SE or foreign. A wrong check digit is kept and flagged later; what looks
 * like a CPR number is refused without its value (domain notes, d.1).
 */
export function readVatNumber(remote: unknown): string | Misread {
  const number = cleanText(remote);
  if (typeof number === "string" && looksLikeCpr(number)) {
    return misread("cpr_like", "a registration number is expected, and this looks like a CPR number");
  }
  return number;
}

export const vatNumber = defineCodec({
  name: "vatNumber",
  kinds: ["cvr", "se", "euVat"],
  options: noOptions,
  make: () => ({ decode: readVatNumber, encode: (ours) => ours }),
});

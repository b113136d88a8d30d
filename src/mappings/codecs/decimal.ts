import { z } from "zod";
import { readAmount } from "../../danish/amounts.ts";
import { canonicalDecimal } from "../../model/decimal.ts";
import { shapeOf } from "../shape.ts";
import { defineCodec, misread } from "./codec.ts";
import { cleanText } from "./text.ts";

/**
 * An exact decimal, in memory as text with a point. `profile` says how the remote spells numbers, because `1.234` alone
 * does not (domain notes, e.4): `point` 1234.5, `da` 1.234,50, `en` 1,234.50. Written as text unless `json` says number.
 */
export const decimal = defineCodec({
  name: "decimal",
  kinds: ["decimal"],
  options: z.strictObject({
    profile: z.enum(["point", "da", "en"]).optional(),
    json: z.enum(["number", "text"]).optional(),
  }),
  make: ({ profile = "point", json = "text" }, field) => ({
    decode: (remote) => {
      const rule = `a number (${EXAMPLES[profile]}) is expected, not ${shapeOf(remote)}`;
      if (typeof remote === "number") return canonicalDecimal(String(remote)) ?? misread("bad_value", rule);
      const text = cleanText(remote);
      if (typeof text !== "string" || text === "") return text;
      if (profile === "point") return canonicalDecimal(text) ?? misread("bad_value", rule);
      const amount = readAmount(text, profile);
      return amount.ok ? (canonicalDecimal(amount.value) ?? misread("bad_value", rule)) : misread("bad_value", rule);
    },
    encode: (ours) => {
      const value = String(ours);
      if (json === "number") {
        const number = Number(value);
        return canonicalDecimal(String(number)) === canonicalDecimal(value)
          ? number
          : { code: "not_encodable", rule: "a JSON number cannot hold it exactly" };
      }
      return profile === "da" ? danish(value, field.scale ?? 0) : value;
    },
  }),
});

const EXAMPLES = { point: "1234.50", da: "1.234,50", en: "1,234.50" };

/** Decimal comma, the field's scale at least, no grouping (which only reading needs to understand). */
function danish(value: string, scale: number): string {
  const [whole = "0", fraction = ""] = value.split(".");
  const digits = fraction.padEnd(scale, "0");
  return digits === "" ? whole : `${whole},${digits}`;
}

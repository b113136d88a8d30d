import { z } from "zod";
import { shapeOf } from "../shape.ts";
import { defineCodec, misread } from "./codec.ts";
import { cleanText } from "./text.ts";

const truths = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  ["1", true],
  ["0", false],
  ["true", true],
  ["false", false],
  ["j", true],
  ["n", false],
  ["ja", true],
  ["nej", false],
  ["sand", true],
  ["falsk", false],
  ["y", true],
  ["yes", true],
  ["no", false],
  ["x", true],
]);

const spellings = {
  "1/0": ["1", "0"],
  "J/N": ["J", "N"],
  "ja/nej": ["ja", "nej"],
  "true/false": [true, false],
} as const;

/** Yes and no. Every spelling is read; `style` is the one that is written. */
export const bool = defineCodec({
  name: "bool",
  kinds: ["bool"],
  options: z.strictObject({ style: z.enum(["1/0", "J/N", "ja/nej", "true/false"]).optional() }),
  make: ({ style = "1/0" }) => ({
    decode: (remote) =>
      truths.get(remote) ??
      truths.get(typeof remote === "string" ? remote.trim().toLowerCase() : remote) ??
      (typeof remote === "string" && remote.trim() === ""
        ? null
        : misread("bad_value", `yes or no (${style}) is expected, not ${shapeOf(remote)}`)),
    encode: (ours) => spellings[style][ours === true ? 0 : 1],
  }),
});

const wholeNumber = /^[+-]?\d{1,15}$/;
/** What the column holds. */
const LARGEST_INT = 2_147_483_647;

/** A whole number; written as text unless `json` says number. */
export const int = defineCodec({
  name: "int",
  kinds: ["int"],
  options: z.strictObject({ json: z.enum(["number", "text"]).optional() }),
  make: ({ json = "text" }) => ({
    decode: (remote) => {
      const cleaned = cleanText(remote);
      if (typeof cleaned !== "string" || cleaned === "") return cleaned;
      const number = wholeNumber.test(cleaned) ? Number(cleaned) : Number.NaN;
      return Math.abs(number) <= LARGEST_INT
        ? number + 0 // no -0
        : misread("bad_value", `a whole number is expected, not ${shapeOf(remote)}`);
    },
    encode: json === "text" ? String : (ours) => ours,
  }),
});

import { z } from "zod";
import { isDate, readDate, showDate } from "../../danish/dates.ts";
import { shapeOf } from "../shape.ts";
import { defineCodec, misread, noOptions } from "./codec.ts";
import { cleanText } from "./text.ts";

/** The century of two-digit years must not move with the clock, or the same text would read differently next year. */
const PIVOT = "2030-12-31";

/**
 * A date. `style` says how it is written, and whose order of day and month is read: `iso` 2026-11-23, `da` 23-11-2026,
 * `en` 11/23/2026 (month first).
 * What old files put for "none" (00-00-0000) is empty.
 */
export const date = defineCodec({
  name: "date",
  kinds: ["date"],
  options: z.strictObject({ style: z.enum(["iso", "da", "en"]).optional() }),
  make: ({ style = "iso" }) => ({
    decode: (remote) => {
      const text = cleanText(remote);
      if (typeof text !== "string" || text === "") return text;
      if (text.length === 10 && text > "1900-01-01" && isDate(text)) return text;
      const read = readDate(text, { today: PIVOT, profile: style === "en" ? "en" : "da" });
      return read.ok ? read.value : misread("bad_value", `a date (${style}) is expected, not ${shapeOf(remote)}`);
    },
    encode: (ours) => written[style](String(ours)),
  }),
});

const written = {
  iso: (date: string) => date,
  da: showDate,
  en: (date: string) => `${date.slice(5, 7)}/${date.slice(8)}/${date.slice(0, 4)}`,
};

/** A point in time, ISO 8601 with an offset; in memory UTC. */
export const instant = defineCodec({
  name: "instant",
  kinds: ["instant"],
  options: noOptions,
  make: () => ({
    decode: (remote) => {
      const text = cleanText(remote);
      if (typeof text !== "string" || text === "") return text;
      const at = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) ? Date.parse(text) : Number.NaN;
      return Number.isNaN(at)
        ? misread("bad_value", `an instant with an offset is expected, not ${shapeOf(remote)}`)
        : new Date(at).toISOString();
    },
    encode: (ours) => ours,
  }),
});

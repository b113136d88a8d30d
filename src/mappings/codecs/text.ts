import { z } from "zod";
import type { Kind } from "../../model/field.ts";
import { shapeOf } from "../shape.ts";
import { defineCodec, type FieldCodec, type Misread, misread, noOptions } from "./codec.ts";

/** Latin letters below this are composed already, so most texts need no normalising. */
const beyondLatin = /[\u0300-\uffff]/;
const outerSpace = /^\s|\s$/;

/** One line: NUL stripped (PostgreSQL refuses it), NFC, trimmed; else as typed. A number is taken as its digits. */
export function cleanText(remote: unknown): string | Misread {
  let text: string;
  if (typeof remote === "string") text = remote;
  else if (typeof remote === "number") text = String(remote);
  else return misread("bad_shape", `text is expected, not ${shapeOf(remote)}`);
  if (text.includes("\0")) text = text.replaceAll("\0", "");
  if (beyondLatin.test(text)) text = text.normalize("NFC").toWellFormed();
  return outerSpace.test(text) ? text.trim() : text;
}

/** Several lines: line breaks of any kind become \n. */
function cleanLongText(remote: unknown): string | Misread {
  const text = cleanText(remote);
  return typeof text === "string" && text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
}

const same: FieldCodec["encode"] = (ours) => ours;

/** Kinds whose values are one line of text in memory. */
const oneLine: readonly Kind[] = ["text", "listCode", "phone", "email", "url", "gln", "postnr", "euVat", "id"];

export const text = defineCodec({
  name: "text",
  kinds: oneLine,
  options: noOptions,
  make: () => ({ decode: cleanText, encode: same }),
});

export const longText = defineCodec({
  name: "longText",
  kinds: ["longText", "text"],
  options: z.strictObject({ lineBreak: z.enum(["\n", "\r\n"]).optional() }),
  make: ({ lineBreak = "\n" }) => ({
    decode: cleanLongText,
    encode: lineBreak === "\n" ? same : (ours) => String(ours).replaceAll("\n", lineBreak),
  }),
});

/** Texts whose spelling is kept as typed; their kind says how they are compared. */
const kept = (name: Kind) =>
  defineCodec({ name, kinds: [name], options: noOptions, make: () => ({ decode: cleanText, encode: same }) });

export const keptTexts = (["phone", "email", "url", "gln", "postnr"] as const).map(kept);

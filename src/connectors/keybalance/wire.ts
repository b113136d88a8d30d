import { z } from "zod";
import { RejectedError } from "../../lib/errors.ts";
import type { RemoteImage } from "../../mappings/mapping.ts";

const verbs = z.looseObject({
  get: z.boolean().optional(),
  put: z.boolean().optional(),
  post: z.boolean().optional(),
  delete: z.boolean().optional(),
});

const everything = { get: true, put: true, post: true, delete: true };

/**
 * The functions that an installation offers. The shape is not published: a table of verbs is what we build to, a bare
 * list of names is taken as all verbs, and the first refused write tells better.
 */
export const functionsSchema = z.union([
  z.record(z.string(), verbs),
  z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, everything]))),
]);

export type Functions = z.output<typeof functionsSchema>;

export const logInSchema = z.looseObject({
  token: z.string().min(1),
  expiresIn: z.number().positive().optional().describe("Seconds"),
});

export const isImage = (value: unknown): value is RemoteImage =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The external id in an object; numbers are taken as text, as keys with leading zeros cannot be JSON numbers. */
export function idIn(image: RemoteImage, key: string): string | undefined {
  const raw = image[key];
  const id = typeof raw === "number" ? String(raw) : typeof raw === "string" ? raw.trim() : "";
  return id === "" ? undefined : id;
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const COMMA = 44;

/**
 * Where each object of a JSON array begins and ends, found without parsing any: a list of all accounts is one answer,
 * and holding it both as text and as objects would double the memory. Throws RejectedError `bad_answer` when the text is
 * not a whole array of objects, before anybody has been given one of them.
 */
export function objectBounds(text: string): number[] {
  const bounds: number[] = [];
  let depth = 0;
  let comma = true;
  let closed = false;
  const torn = () => new RejectedError("bad_answer", "The remote's list is not a whole JSON array of objects");
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) {
      if (depth < 2) throw torn();
      at = endOfString(text, at);
      if (at < 0) throw torn();
    } else if (sign === OPEN_OBJECT || sign === OPEN_ARRAY) {
      if (closed || (depth === 0) !== (sign === OPEN_ARRAY && bounds.length === 0)) throw torn();
      if (depth === 1) {
        if (sign !== OPEN_OBJECT || !comma) throw torn();
        bounds.push(at);
        comma = false;
      }
      depth += 1;
    } else if (sign === CLOSE_OBJECT || sign === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 1) bounds.push(at + 1);
      else if (depth === 0) closed = true;
      else if (depth < 0) throw torn();
    } else if (depth < 2 && sign === COMMA) {
      if (depth === 0 || comma) throw torn();
      comma = true;
    } else if (depth < 2 && !isSpace(sign)) throw torn();
  }
  if (!closed || (comma && bounds.length > 0)) throw torn();
  return bounds;
}

/** The index of the closing quote; -1 when the text ends before. */
function endOfString(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}

const isSpace = (sign: number): boolean => sign === 32 || (sign >= 9 && sign <= 13) || sign === 0xfeff;

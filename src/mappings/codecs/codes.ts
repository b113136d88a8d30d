import { z } from "zod";
import type { Kind, Value } from "../../model/field.ts";
import { defineCodec, isMisread, type Misread, misread, type Unwritable } from "./codec.ts";
import { cleanText } from "./text.ts";

/** Ours → theirs. */
const table = z.record(z.string(), z.string().min(1)).optional();

/** A code table both ways. Theirs is found whatever its case; the first of ours that shares one of theirs is read. */
function bothWays(codes: Readonly<Record<string, string>>) {
  const ours = new Map<string, string>();
  for (const [our, their] of Object.entries(codes)) {
    const key = their.toLowerCase();
    if (!ours.has(key)) ours.set(key, our);
  }
  return {
    read: (their: string) => ours.get(their.toLowerCase()),
    write: (our: string): string | undefined => (Object.hasOwn(codes, our) ? codes[our] : undefined),
  };
}

/**
 * A code. With a `table` (ours → theirs) only what stands in it; without one the code as it is, which must be one of the
 * catalogue's where the catalogue lists them.
 */
export const code = defineCodec({
  name: "code",
  kinds: ["code", "listCode", "text"],
  options: z.strictObject({ table }),
  make: ({ table: codes }, field) => {
    const closed = field.codes === undefined ? undefined : new Set(field.codes);
    const both = codes === undefined ? undefined : bothWays(codes);
    return {
      decode: (remote) => {
        const their = cleanText(remote);
        if (typeof their !== "string" || their === "") return their;
        const our = both === undefined ? their : both.read(their);
        if (our === undefined) return misread("unknown_code", "the code does not stand in the mapping's table");
        return closed?.has(our) === false ? misread("unknown_code", "the code is none of the field's") : our;
      },
      encode: (ours): string | Unwritable =>
        (both === undefined ? String(ours) : both.write(String(ours))) ?? {
          code: "unknown_code",
          rule: "the code does not stand in the mapping's table",
        },
    };
  },
});

const setOptions = z.strictObject({
  separator: z.string().min(1).max(3).optional(),
  json: z.literal("list").optional(),
  table,
});
type SetOptions = z.infer<typeof setOptions>;

/** Parts of a JSON list or of one text with a separator, cleaned, empty ones left out. */
function parts(remote: unknown, separator: string): string[] | Misread {
  const raw = Array.isArray(remote) ? remote : undefined;
  if (raw === undefined) {
    const whole = cleanText(remote);
    if (typeof whole !== "string") return whole;
    return whole
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  const cleaned: string[] = [];
  for (const part of raw) {
    const each = cleanText(part);
    if (typeof each !== "string") return each;
    if (each !== "") cleaned.push(each);
  }
  return cleaned;
}

const itemsOf = (ours: Value): readonly string[] => (Array.isArray(ours) ? ours : [String(ours)]);

const DEFAULT_SEPARATOR = ",";

function severalOf(name: "codeSet" | "textSet" | "textList", kinds: readonly Kind[]) {
  const unique = name !== "textList";
  const coded = name === "codeSet";
  return defineCodec<SetOptions>({
    name,
    kinds,
    options: setOptions,
    make: ({ separator = DEFAULT_SEPARATOR, json, table: codes }, field) => {
      const one = coded || codes !== undefined ? code.make({ table: codes }, field) : undefined;
      return {
        decode: (remote) => {
          const read = parts(remote, separator);
          if (isMisread(read)) return read;
          const items: string[] = [];
          for (const part of read) {
            const item = one === undefined ? part : one.decode(part);
            if (isMisread(item)) return item;
            if (typeof item === "string" && !(unique && items.includes(item))) items.push(item);
          }
          return items.length === 0 ? null : items;
        },
        encode: (ours): unknown => {
          const written: string[] = [];
          for (const item of itemsOf(ours)) {
            const their = one === undefined ? item : one.encode(item);
            if (typeof their !== "string") return their; // the reason why it has no code
            if (json === undefined && their.includes(separator)) {
              return { code: "not_encodable", rule: `a part holds the separator "${separator}"` } satisfies Unwritable;
            }
            written.push(their);
          }
          return json === "list" ? written : written.join(separator);
        },
      };
    },
  });
}

export const codeSet = severalOf("codeSet", ["codeSet"]);
export const textSet = severalOf("textSet", ["textSet", "pNumbers"]);
export const textList = severalOf("textList", ["textList"]);

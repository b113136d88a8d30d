import { type ZodType, z } from "zod";
import type { Field, Kind, Value } from "../../model/field.ts";

/** What a codec could not read: a code that may be counted and the rule in words, never the value. */
export interface Misread {
  readonly code: "bad_shape" | "bad_value" | "unknown_code" | "cpr_like";
  readonly rule: string;
}

/** A value that the remote's form has no room for (rule S49: the reason is told). */
export interface Unwritable {
  readonly code: "not_encodable" | "unknown_code";
  readonly rule: string;
}

/**
 * One remote value ↔ one value of ours. Emptiness is judged around it: `decode` never sees undefined, null or "", and
 * `encode` never sees an empty value. Pure, never throws. Values are kept as typed wherever their kind allows it.
 */
export interface FieldCodec {
  readonly decode: (remote: unknown) => Value | Misread;
  readonly encode: (ours: Value) => unknown;
  /** What an empty remote field stands for, where that is not "empty" (a blank currency is DKK). */
  readonly blank?: Value;
}

/** A codec by its name in mappings, with the options it takes there. */
export interface CodecDefinition<Options = unknown> {
  readonly name: string;
  /** Kinds of fields it may serve. */
  readonly kinds: readonly Kind[];
  readonly options: ZodType<Options>;
  readonly make: (options: Options, field: Field) => FieldCodec;
}

/** Keeps the options typed inside; outside they are `unknown` until the schema has read them. */
export const defineCodec = <Options>(definition: CodecDefinition<Options>): CodecDefinition<Options> => definition;

/** Several remote values ↔ the fields of one group. Undefined: the remote left that part out. */
export interface GroupCodec {
  readonly decode: (remotes: readonly unknown[]) => readonly (Value | undefined)[] | Misread;
  /** Undefined: this codec only reads. */
  readonly encode?: (ours: readonly Value[]) => readonly unknown[] | Unwritable;
}

export interface GroupCodecDefinition {
  readonly name: string;
  /** Names of the fields it binds, in order. */
  readonly fields: readonly string[];
  /** How many remote fields it reads. */
  readonly remotes: number;
  readonly make: () => GroupCodec;
}

export const noOptions = z.strictObject({});

export const misread = (code: Misread["code"], rule: string): Misread => ({ code, rule });

/** Values are never plain objects, so an object that is no list is a Misread. */
export const isMisread = (read: unknown): read is Misread =>
  typeof read === "object" && read !== null && !Array.isArray(read);

export const isUnwritable = (written: unknown): written is Unwritable =>
  typeof written === "object" && written !== null && "code" in written && "rule" in written;

const valueSchema: ZodType<Value, Value> = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()),
  z.null(),
]);

/** The codec as zod knows them, with emptiness judged: for checking one value with its reason; the hot path calls it bare. */
export const asZodCodec = (codec: FieldCodec) =>
  z.codec(z.unknown(), valueSchema, {
    decode: (remote, context) => {
      const read = readValue(codec, remote);
      if (!isMisread(read)) return read ?? null;
      context.issues.push({ code: "custom", message: read.rule, input: undefined, params: { code: read.code } });
      return z.NEVER;
    },
    encode: (ours) => (ours === null ? "" : codec.encode(ours)),
  });

/** Absent stays absent (undefined); "" and null are empty (null, or what the codec says a blank stands for). */
export function readValue(codec: FieldCodec, remote: unknown): Value | undefined | Misread {
  if (remote === undefined) return undefined;
  if (remote === null || remote === "") return codec.blank ?? null;
  const read = codec.decode(remote);
  return read === "" ? (codec.blank ?? null) : read;
}

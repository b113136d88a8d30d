import type { Values } from "../model/catalogue.ts";
import { checkValue, surroundingsOf } from "../model/check-value.ts";
import { sameValue } from "../model/compare.ts";
import type { Field, Value } from "../model/field.ts";
import { type FieldCodec, type GroupCodec, isMisread, isUnwritable, readValue } from "./codecs/codec.ts";
import type { FieldFault, RemoteImage, Withheld } from "./mapping.ts";
import { shapeOf } from "./shape.ts";

/** What one line adds to a body, and what reading that back gives. */
export interface LinePart {
  readonly body: readonly (readonly [remote: string, value: unknown])[];
  readonly sent: readonly (readonly [key: string, value: Value])[];
}

export type LineWithheld = Pick<Withheld, "code" | "detail">;

/** A line of a mapping made ready: closures over its codec, nothing is looked up by name any more. */
export interface CompiledLine {
  readonly keys: readonly string[];
  readonly remotes: readonly string[];
  /** Adds its claims, or a fault. */
  read(image: RemoteImage, claims: Values, faults: FieldFault[]): void;
  /**
   * `image` null: a create, where an empty value is simply left out. `shown`: what the remote has ever shown, by our keys;
   * where given, an empty value is left out too for a field that it has not.
   */
  write(values: Values, image: RemoteImage | null, shown?: Values): LinePart | LineWithheld;
}

const nothing: LinePart = { body: [], sent: [] };

export const isWithheld = (part: LinePart | LineWithheld): part is LineWithheld => "code" in part;

const isEmpty = (value: Value | undefined): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** Characters as a person counts them, near enough: code points. */
const isLonger = (text: string, max: number): boolean => text.length > max && [...text].length > max;

const tooLong = (remote: string, max: number): LineWithheld => ({
  code: "too_long",
  detail: `${remote} takes ${max} characters at most`,
});

const notEncodable = (remote: string): LineWithheld => ({
  code: "not_encodable",
  detail: `${remote} would not read back as the value that was written`,
});

/** A postal code is judged by the country of its own address, where that is not known by no country's shape; a telephone by its company's. */
const checked = (field: Field, key: string, value: Value, values: Values): LineWithheld | undefined => {
  const fault = checkValue(field, value, surroundingsOf(key, values));
  if (fault === null) return undefined;
  return { code: fault.code === "too_long" ? "too_long" : "invalid_value", detail: `${key}: ${fault.detail}` };
};

export interface FieldLine {
  readonly key: string;
  readonly remote: string;
  readonly field: Field;
  readonly codec: FieldCodec;
  readonly max: number | undefined;
  /** What empties the remote's field. */
  readonly empty: "" | null;
}

/** One field of ours, one of theirs. */
export function fieldLine({ key, remote, field, codec, max, empty }: FieldLine): CompiledLine {
  const blank = codec.blank ?? null;
  const { decode } = codec;

  function read(image: RemoteImage, claims: Values, faults: FieldFault[]): void {
    const raw = image[remote];
    if (raw === undefined) return;
    if (raw === "" || raw === null) {
      claims[key] = blank;
      return;
    }
    const value = decode(raw);
    if (isMisread(value)) faults.push({ field: key, remote, code: value.code, detail: faultText(value.rule, raw) });
    else claims[key] = value === "" ? blank : value;
  }

  function write(values: Values, image: RemoteImage | null, known?: Values): LinePart | LineWithheld {
    const value = values[key] ?? null;
    const wantsEmpty = isEmpty(value);
    if (image !== null && image[remote] !== undefined) {
      const shown = readValue(codec, image[remote]);
      // An untouched value is never re-spelled: the remote gets back its own characters.
      if (!isMisread(shown) && shown !== undefined && sameValue(field, shown, value)) {
        return { body: [[remote, image[remote]]], sent: [[key, shown]] };
      }
    }
    if (wantsEmpty) {
      const unseen = known !== undefined && known[key] === undefined && image?.[remote] === undefined;
      return image === null || unseen ? nothing : { body: [[remote, empty]], sent: [[key, blank]] };
    }
    const fault = checked(field, key, value, values);
    if (fault !== undefined) return fault;
    const written = codec.encode(value);
    if (isUnwritable(written)) return { code: written.code, detail: `${remote}: ${written.rule}` };
    if (max !== undefined && typeof written === "string" && isLonger(written, max)) return tooLong(remote, max);
    const back = readValue(codec, written);
    if (back === undefined || isMisread(back) || !sameValue(field, back, value)) return notEncodable(remote);
    return { body: [[remote, written]], sent: [[key, back]] };
  }

  return { keys: [key], remotes: [remote], read, write };
}

export interface GroupLine {
  readonly keys: readonly string[];
  readonly remotes: readonly string[];
  readonly fields: readonly Field[];
  readonly codec: GroupCodec;
  readonly max: number | undefined;
  readonly empty: "" | null;
}

/** Several fields of a group, one or more of theirs. */
export function groupLine({ keys, remotes, fields, codec, max, empty }: GroupLine): CompiledLine {
  const same = (a: readonly (Value | undefined)[], b: readonly Value[]): boolean =>
    fields.every((field, at) => sameValue(field, a[at] ?? null, b[at] ?? null));
  const pairs = (read: readonly (Value | undefined)[]) =>
    keys.flatMap((key, at) => (read[at] === undefined ? [] : [[key, read[at]] as const]));

  function read(image: RemoteImage, claims: Values, faults: FieldFault[]): void {
    const raws = remotes.map((remote) => image[remote]);
    const values = codec.decode(raws);
    if (isMisread(values)) {
      const shapes = raws.map(shapeOf).join(", ");
      faults.push({
        field: keys.join(", "),
        remote: remotes.join(", "),
        code: values.code,
        detail: `${values.rule} (${shapes})`,
      });
      return;
    }
    for (const [key, value] of pairs(values)) claims[key] = value;
  }

  function write(values: Values, image: RemoteImage | null, known?: Values): LinePart | LineWithheld {
    const named = remotes.join(", ");
    if (codec.encode === undefined) return { code: "not_encodable", detail: `${named} can only be read` };
    const wanted = keys.map((key) => values[key] ?? null);
    if (image !== null && remotes.every((remote) => image[remote] !== undefined)) {
      const shown = codec.decode(remotes.map((remote) => image[remote]));
      if (!isMisread(shown) && same(shown, wanted)) {
        return { body: remotes.map((remote) => [remote, image[remote]] as const), sent: pairs(shown) };
      }
    }
    if (wanted.every(isEmpty)) {
      const unseen =
        known !== undefined &&
        keys.every((key) => known[key] === undefined) &&
        remotes.every((remote) => image?.[remote] === undefined);
      if (image === null || unseen) return nothing;
      return { body: remotes.map((remote) => [remote, empty] as const), sent: keys.map((key) => [key, null] as const) };
    }
    for (const [at, field] of fields.entries()) {
      const fault = checked(field, keys[at] ?? named, wanted[at] ?? null, values);
      if (fault !== undefined) return fault;
    }
    const written = codec.encode(wanted);
    if (isUnwritable(written)) return { code: written.code, detail: `${named}: ${written.rule}` };
    for (const text of written) {
      if (max !== undefined && typeof text === "string" && isLonger(text, max)) return tooLong(named, max);
    }
    const back = codec.decode(written);
    if (isMisread(back) || !same(back, wanted)) return notEncodable(named);
    return { body: remotes.map((remote, at) => [remote, written[at]] as const), sent: pairs(back) };
  }

  return { keys, remotes, read, write };
}

/** The rule, and the shape of what came where the rule does not say it already. */
export const faultText = (rule: string, raw: unknown): string => {
  const shape = shapeOf(raw);
  return rule.includes(shape) ? rule : `${rule} (${shape})`;
};

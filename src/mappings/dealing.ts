import type { Values } from "../model/catalogue.ts";
import { completeDealing, type DealingKind, dealings } from "../model/dealings.ts";
import { isMisread, readValue } from "./codecs/codec.ts";
import { codecOfKind, codecs } from "./codecs.ts";
import type { RemoteImage } from "./mapping.ts";

/** How a remote shows a field of a dealing; `codes`: ours → theirs. */
export interface DealingField {
  readonly remote: string;
  readonly codes?: Readonly<Record<string, string>>;
}

export type ReadDealingImage =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly field: string; readonly code: string };

/**
 * An aktivitet, opgave, tilbud or note as a remote shows it, as values of ours. What is not shown is empty or its default.
 * The first fault is told by field and code, without the value.
 */
export function readDealingImage(
  kind: DealingKind,
  fields: Readonly<Record<string, DealingField>>,
  image: RemoteImage,
): ReadDealingImage {
  const { catalogue } = dealings[kind];
  const values: Values = {};
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const shown = fields[key];
    const definition = codecs.get(codecOfKind[field.kind]);
    if (key === "kundeemneId" || definition === undefined) continue;
    const options = shown?.codes === undefined ? {} : { table: shown.codes };
    // Options of the codec `code`, which alone has a table; all others are made without any.
    const codec = definition.make(options as never, field);
    const read = shown === undefined ? null : readValue(codec, image[shown.remote]);
    if (isMisread(read)) return { ok: false, field: key, code: read.code };
    values[key] = read ?? field.default ?? null;
    if (field.required && values[key] === null) return { ok: false, field: key, code: "missing" };
  }
  const fault = completeDealing(kind, values);
  return fault === undefined ? { ok: true, values } : { ok: false, ...fault };
}

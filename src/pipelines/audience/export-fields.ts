import { RejectedError } from "../../lib/errors.ts";
import { kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../../model/catalogue.ts";
import type { Channel } from "../../rules/consent-facts.ts";
import type { SegmentLevel } from "../../store/segments.ts";
import type { OutCell } from "../../tables/write-table.ts";

const CONTACT = "kontakt.";
/** In no campaign and in no export, in any format (S24). */
const NEVER: ReadonlySet<string> = new Set(["bogholderiEmail"]);
/** Ways to reach somebody: each only where the rule was asked for its channel. */
const WAYS: Readonly<Record<string, readonly Channel[]>> = {
  telefon: ["phone", "automatic_call"],
  "kontakt.telefon": ["phone", "automatic_call"],
  "kontakt.mobil": ["sms", "phone", "automatic_call"],
  "kontakt.fax": ["fax"],
  "kontakt.email": ["email"],
};
/** Told of everybody: who uses the file must respect it (domain notes, d.9). */
const PROTECTED = "reklamebeskyttet.vaerdi";

const DEFAULTS: Readonly<Record<SegmentLevel, readonly string[]>> = {
  kundeemne: ["firmanavn", "adresse1", "postnr", "bynavn", "telefon"],
  kontaktperson: ["firmanavn", "kontakt.navn", "kontakt.email", "kontakt.mobil"],
};

/**
 * The columns of an export: fields of the catalogue, those of a contact as `kontakt.navn`. Without a wish the usual ones. Throws
 * RejectedError `not_allowed` with those that there are.
 */
export function exportFields(
  level: SegmentLevel,
  channel: Channel,
  wished: readonly string[] | undefined,
): readonly string[] {
  const known = [
    ...Object.entries(kundeemneCatalogue.fields).flatMap(([key, { virtual }]) => (virtual ? [] : [key])),
    ...(level === "kundeemne" ? [] : Object.keys(kontaktpersonCatalogue.fields).map((key) => CONTACT + key)),
  ];
  const allowed = known.filter((key) => !NEVER.has(key) && (WAYS[key]?.includes(channel) ?? true));
  const fields = wished ?? DEFAULTS[level].filter((key) => allowed.includes(key));
  if (fields.some((key) => !allowed.includes(key)))
    throw new RejectedError("not_allowed", "An export has no such field for this channel", {
      context: { field: "fields", allowed },
    });
  return [...new Set([...fields, PROTECTED])];
}

/** What stands in the cells of a row. `isKept`: may this text stand there? */
export const cellsOf = (
  fields: readonly string[],
  record: Values,
  contact: Values | undefined,
  isKept: (text: string) => boolean,
): OutCell[] =>
  fields.map((field) => {
    const value = field.startsWith(CONTACT) ? contact?.[field.slice(CONTACT.length)] : record[field];
    if (value === undefined || value === null) return null;
    if (Array.isArray(value)) return value.map(String);
    if (typeof value === "string") return isKept(value) ? value : null;
    return typeof value === "number" || typeof value === "boolean" ? value : JSON.stringify(value);
  });

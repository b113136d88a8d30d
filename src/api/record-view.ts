import { z } from "@hono/zod-openapi";
import { countryName } from "../danish/country.ts";
import { hasCprLike } from "../danish/cpr.ts";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import { checkValue, surroundingsOf } from "../model/check-value.ts";
import type { Value } from "../model/field.ts";
import { nest } from "../model/nesting.ts";
import { outputShape } from "../model/schemas.ts";
import type { ReadRecord } from "../store/kundeemner-read.ts";
import type { ReadLink } from "../store/links-read.ts";
import type { Language } from "./language.ts";
import { linkSchema } from "./routes/links.ts";

const sourceSchema = z
  .strictObject({
    kind: z.enum(["connection", "api", "person", "derived", "system"]),
    connection: z.string().optional(),
    object: z.string().optional(),
    actor: z.string().optional(),
    at: z.iso.datetime().openapi({ description: "Latest time at which it was so set." }),
    version: z.int().openapi({ description: "The record's version since which it stands." }),
    rule: z.string(),
    mapping: z.string().optional(),
  })
  .openapi("Source");

export const metaSchema = z
  .strictObject({
    id: z.uuid(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    sources: z
      .record(z.string(), sourceSchema)
      .optional()
      .openapi({ description: "Who set what is in force, by field or group. In lists with `include=sources`." }),
    states: z.strictObject({
      archived: z.boolean(),
      restricted: z.boolean(),
      erased: z.boolean(),
      orphaned: z.boolean(),
      mergedInto: z.uuid().nullable(),
    }),
    held: z
      .record(z.string(), z.int())
      .openapi({ description: "Fields that wait for a person: the review, by field or group." }),
    policies: z.array(
      z.strictObject({
        unit: z.string(),
        policy: z.enum(["auto", "if_empty", "propose", "frozen"]),
        pin: z.boolean(),
        connection: z.string().nullable(),
        direction: z.enum(["in", "out"]).nullable(),
        reason: z.string(),
        by: z.string(),
        until: z.iso.datetime().nullable(),
      }),
    ),
    samePerson: z
      .array(z.strictObject({ id: z.uuid(), kundeemneId: z.uuid() }))
      .optional()
      .openapi({
        description:
          "Contacts of other Kundeemner with the same e-mail address: two contacts, one person (S26). At most 50.",
      }),
    warnings: z
      .array(z.strictObject({ field: z.string(), code: z.string() }))
      .optional()
      .openapi({
        description:
          "Values that came from an ERP and break a rule: kept, not used as a key, not pushed on. `cpr_like`: a text may hold a CPR number. Not in lists.",
      }),
  })
  .openapi("Meta");

const kundeemneShape = { ...outputShape(kundeemneCatalogue), land: z.string().nullable(), meta: metaSchema };

export const kundeemneSchema = z.strictObject(kundeemneShape).openapi("Kundeemne");

export const kontaktpersonSchema = z
  .strictObject({ ...outputShape(kontaktpersonCatalogue), kundeemneId: z.uuid(), meta: metaSchema })
  .openapi("Kontaktperson");

// Not `extend`: the document would say `allOf` with a strict part, which nothing can meet.
export const wholeKundeemneSchema = z
  .strictObject({
    ...kundeemneShape,
    kontaktpersoner: z.array(kontaktpersonSchema),
    links: z.array(linkSchema),
    aktiviteterSidste: z
      .strictObject({ days90: z.int(), days365: z.int() })
      .openapi({ description: "Activities in the last 90 and 365 days." }),
  })
  .openapi("WholeKundeemne");

type Kundeemne = z.infer<typeof kundeemneSchema>;
type Kontaktperson = z.infer<typeof kontaktpersonSchema>;

/** What a view tells besides the values: who set them; and which break a rule, as of today. A list of hundreds need not. */
interface Beside {
  readonly sources: boolean;
  readonly checkedOn?: string;
}

export const viewKundeemne = (record: ReadRecord, language: Language, beside: Beside): Kundeemne => ({
  ...nest(record.values, kundeemneEmpties),
  land: landOf(record.values, language),
  meta: metaOf(kundeemneCatalogue, record, beside),
});

export const viewKontaktperson = (record: ReadRecord, today: string): Kontaktperson => ({
  ...nest(record.values, kontaktpersonEmpties),
  kundeemneId: record.kundeemneId ?? "",
  meta: metaOf(kontaktpersonCatalogue, record, { sources: true, checkedOn: today }),
});

/** One read answers master data, contacts and links together (S1). */
export const viewWhole = (
  record: ReadRecord,
  contacts: readonly ReadRecord[],
  links: readonly ReadLink[],
  aktiviteterSidste: { days90: number; days365: number },
  language: Language,
  today: string,
): z.infer<typeof wholeKundeemneSchema> => ({
  ...viewKundeemne(record, language, { sources: true, checkedOn: today }),
  kontaktpersoner: contacts.map((contact) => viewKontaktperson(contact, today)),
  links: [...links],
  aktiviteterSidste,
});

/** A switch that nobody has set shows what it is without being set, a sum of nothing 0. */
const emptiesOf = (catalogue: Catalogue): ReadonlyMap<string, Value> =>
  new Map(
    Object.entries(catalogue.fields).flatMap(([key, { sum, kind, default: unset }]): [string, Value][] =>
      sum ? [[key, "0"]] : kind === "bool" && unset !== undefined ? [[key, unset]] : [],
    ),
  );

const kundeemneEmpties = emptiesOf(kundeemneCatalogue);
const kontaktpersonEmpties = emptiesOf(kontaktpersonCatalogue);

/** The name of a record's country in the language of the answer (S12). */
const landOf = ({ landekode }: Values, language: Language): string | null =>
  typeof landekode === "string" ? (countryName(landekode, language) ?? null) : null;

function metaOf(catalogue: Catalogue, record: ReadRecord, { sources, checkedOn }: Beside): z.infer<typeof metaSchema> {
  return {
    id: record.id,
    version: record.version,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    ...(sources ? { sources: sourcesOf(record) } : {}),
    states: {
      archived: record.values["arkiveret.vaerdi"] === true,
      restricted: record.values["begraenset.vaerdi"] === true,
      erased: record.erasedAt !== null,
      orphaned: record.orphanedAt !== null,
      mergedInto: record.mergedInto,
    },
    held: { ...record.holds },
    policies: record.policies.map(({ unit, policy, pin, connection, direction, reason, by, until }) => ({
      unit,
      policy,
      pin: pin ?? false,
      connection: connection ?? null,
      direction: direction ?? null,
      reason,
      by,
      until: until === undefined ? null : new Date(until).toISOString(),
    })),
    ...(record.samePerson === undefined ? {} : { samePerson: [...record.samePerson] }),
    ...(checkedOn === undefined ? {} : { warnings: warningsOf(catalogue, record.values, checkedOn) }),
  };
}

/** Few have set many: what is told of a setter is made once. */
function sourcesOf({ provenance }: ReadRecord): NonNullable<z.infer<typeof metaSchema>["sources"]> {
  const setters = provenance.s.map(({ kind, connection, object, actor, mapping, to }) => ({
    kind,
    ...(connection === undefined ? {} : { connection }),
    ...(object === undefined ? {} : { object }),
    ...(actor === undefined ? {} : { actor }),
    ...(mapping === undefined ? {} : { mapping }),
    at: new Date(to).toISOString(),
  }));
  const sources: NonNullable<z.infer<typeof metaSchema>["sources"]> = {};
  for (const [unit, [version, setter, rule]] of Object.entries(provenance.u)) {
    const by = setters[setter];
    if (by !== undefined) sources[unit] = { ...by, version, rule };
  }
  return sources;
}

/** Values in force that a caller could not have typed (domain notes, d.1). */
function warningsOf(catalogue: Catalogue, values: Values, today: string): { field: string; code: string }[] {
  const warnings: { field: string; code: string }[] = [];
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const value = values[key];
    if (value === null || value === undefined || field.computed || field.virtual) continue;
    const found = checkValue(field, value, { today, ...surroundingsOf(key, values) });
    if (found !== null) warnings.push({ field: key, code: found.code });
    if (field.kind === "longText" && typeof value === "string" && hasCprLike(value))
      warnings.push({ field: key, code: "cpr_like" });
  }
  return warnings;
}

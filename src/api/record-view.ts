import { z } from "@hono/zod-openapi";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import { checkValue } from "../model/check-value.ts";
import type { Field, Value } from "../model/field.ts";
import type { ReadRecord } from "../store/kundeemner-read.ts";
import type { ReadLink } from "../store/links-read.ts";
import { landOf } from "./land.ts";
import type { Language } from "./language.ts";
import { isWritable } from "./record-body.ts";
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
      .openapi({ description: "Who set what is in force, by field or group." }),
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
    warnings: z
      .array(z.strictObject({ field: z.string(), code: z.string() }))
      .optional()
      .openapi({
        description:
          "Values that came from an ERP and break a rule: kept, not used as a key, not pushed on. Not in lists.",
      }),
  })
  .openapi("Meta");

/** Body of a record as a caller writes it: all fields that can be written, nested, none required but `required`. */
export const bodySchema = (catalogue: Catalogue, mode: "create" | "patch"): JsonSchema => {
  const properties = nestedJson(
    catalogue,
    (field) => isWritable(field, mode) && !(mode === "patch" && field.immutable),
  );
  const extra = catalogue.kind === "kundeemne" ? { land: LAND_JSON } : {};
  const required = Object.entries(catalogue.fields).flatMap(([key, field]) =>
    field.required && mode === "create" ? [key] : [],
  );
  return {
    type: "object",
    properties: { ...properties, ...extra },
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  };
};

const LAND_JSON = { type: ["string", "null"], description: "landekode as a name, Danish or English." } as const;

const kundeemneShape = { ...answerShape(kundeemneCatalogue), land: z.string().nullable(), meta: metaSchema };

export const kundeemneSchema = z.strictObject(kundeemneShape).openapi("Kundeemne");

export const kontaktpersonSchema = z
  .strictObject({ ...answerShape(kontaktpersonCatalogue), kundeemneId: z.uuid(), meta: metaSchema })
  .openapi("Kontaktperson");

// Not `extend`: the document would say `allOf` with a strict part, which nothing can meet.
export const wholeKundeemneSchema = z
  .strictObject({ ...kundeemneShape, kontaktpersoner: z.array(kontaktpersonSchema), links: z.array(linkSchema) })
  .openapi("WholeKundeemne");

type Kundeemne = z.infer<typeof kundeemneSchema>;
type Kontaktperson = z.infer<typeof kontaktpersonSchema>;

/** As it stands in a list; a list of hundreds does not check each value again. */
export const viewKundeemne = (record: ReadRecord, language: Language, options = { warnings: false }): Kundeemne => ({
  ...nest(kundeemneCatalogue, record.values),
  land: landOf(record.values, language),
  meta: metaOf(kundeemneCatalogue, record, options),
});

export const viewKontaktperson = (record: ReadRecord): Kontaktperson => ({
  ...nest(kontaktpersonCatalogue, record.values),
  kundeemneId: record.kundeemneId ?? "",
  meta: metaOf(kontaktpersonCatalogue, record, { warnings: true }),
});

/** One read answers master data, contacts and links together (S1). */
export const viewWhole = (
  record: ReadRecord,
  contacts: readonly ReadRecord[],
  links: readonly ReadLink[],
  language: Language,
): z.infer<typeof wholeKundeemneSchema> => ({
  ...viewKundeemne(record, language, { warnings: true }),
  kontaktpersoner: contacts.map(viewKontaktperson),
  links: [...links],
});

type Nested = Value | { [member: string]: Value };

/** `gps.lat` → `gps: { lat }`. A switch that nobody has set shows what it is without being set. */
function nest(catalogue: Catalogue, values: Values): { [key: string]: Nested } {
  const nested: { [key: string]: Nested } = {};
  for (const [key, kept] of Object.entries(values)) {
    const [group = "", member] = key.split(".");
    const field = catalogue.fields[key];
    const value = field?.kind === "bool" ? (kept ?? field.default ?? null) : kept;
    if (member === undefined) nested[key] = value;
    else nested[group] = { ...(nested[group] as object | undefined), [member]: value }; // only this loop writes groups
  }
  return nested;
}

function metaOf(
  catalogue: Catalogue,
  record: ReadRecord,
  options: { readonly warnings: boolean },
): z.infer<typeof metaSchema> {
  return {
    id: record.id,
    version: record.version,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    sources: sourcesOf(record),
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
    ...(options.warnings ? { warnings: warningsOf(catalogue, record.values) } : {}),
  };
}

function sourcesOf({ provenance }: ReadRecord): z.infer<typeof metaSchema>["sources"] {
  const sources: z.infer<typeof metaSchema>["sources"] = {};
  for (const [unit, [version, setter, rule]] of Object.entries(provenance.u)) {
    const by = provenance.s[setter];
    if (by === undefined) continue;
    const { kind, connection, object, actor, mapping, to } = by;
    sources[unit] = {
      kind,
      ...(connection === undefined ? {} : { connection }),
      ...(object === undefined ? {} : { object }),
      ...(actor === undefined ? {} : { actor }),
      at: new Date(to).toISOString(),
      version,
      rule,
      ...(mapping === undefined ? {} : { mapping }),
    };
  }
  return sources;
}

/** Values in force that a caller could not have typed (domain notes, d.1). */
function warningsOf(catalogue: Catalogue, values: Values): { field: string; code: string }[] {
  const landekode = typeof values.landekode === "string" ? values.landekode : null;
  const warnings: { field: string; code: string }[] = [];
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const value = values[key];
    if (value === null || value === undefined || field.computed || field.virtual) continue;
    const found = checkValue(field, value, { landekode });
    if (found !== null) warnings.push({ field: key, code: found.code });
  }
  return warnings;
}

function answerShape(catalogue: Catalogue): { [key: string]: z.ZodType<Nested> } {
  const shape: { [key: string]: z.ZodType<Nested> } = {};
  const groups = new Map<string, { [member: string]: z.ZodType<Value> }>();
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const [group = "", member] = key.split(".");
    if (member === undefined) shape[key] = answerField(field);
    else groups.set(group, { ...groups.get(group), [member]: answerField(field) });
  }
  for (const [group, members] of groups) shape[group] = z.strictObject(members);
  return shape;
}

/** Answers show what is kept, so they promise a type and no limits: an ERP's value may break a rule. */
function answerField(field: Field): z.ZodType<Value> {
  const label = { description: `${field.label.da} / ${field.label.en}` };
  switch (field.kind) {
    case "bool":
      return z.boolean().nullable().openapi(label);
    case "int":
      return z.int().nullable().openapi(label);
    case "codeSet":
    case "textSet":
    case "textList":
    case "pNumbers":
      return z.array(z.string()).nullable().openapi(label);
    case "id":
      return z.uuid().nullable().openapi(label);
    default:
      return z.string().nullable().openapi(label);
  }
}

export type JsonSchema = { readonly [key: string]: unknown };

function nestedJson(catalogue: Catalogue, wanted: (field: Field) => boolean): { [key: string]: JsonSchema } {
  const properties: { [key: string]: JsonSchema } = {};
  const groups = new Map<string, { [member: string]: JsonSchema }>();
  for (const [key, field] of Object.entries(catalogue.fields)) {
    if (!wanted(field)) continue;
    const [group = "", member] = key.split(".");
    if (member === undefined) properties[key] = bodyField(field);
    else groups.set(group, { ...groups.get(group), [member]: bodyField(field) });
  }
  for (const [group, members] of groups) {
    properties[group] = { type: ["object", "null"], properties: members, additionalProperties: false };
  }
  return properties;
}

function bodyField(field: Field): JsonSchema {
  const description = `${field.label.da} / ${field.label.en}`;
  const limit = field.max === undefined ? {} : { maxLength: field.max };
  switch (field.kind) {
    case "bool":
      return { type: ["boolean", "null"], description };
    case "int":
      return { type: ["integer", "null"], description, ...(field.min === undefined ? {} : { minimum: field.min }) };
    case "decimal":
      return { type: ["string", "number", "null"], description: `${description}. Exact; a text with a point.` };
    case "code":
      return { enum: [...(field.codes ?? []), null], description };
    case "codeSet":
      return { type: ["array", "null"], items: { enum: [...(field.codes ?? [])] }, description };
    case "textSet":
    case "textList":
    case "pNumbers":
      return { type: ["array", "null"], items: { type: "string", ...limit }, description };
    case "date":
      return { type: ["string", "null"], format: "date", description };
    case "instant":
      return { type: ["string", "null"], format: "date-time", description };
    case "id":
      return { type: ["string", "null"], format: "uuid", description };
    default:
      return { type: ["string", "null"], ...limit, description };
  }
}

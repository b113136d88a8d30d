import { z } from "zod";
import type { Mapping } from "./mapping.ts";

const name = z.string().min(1).max(100);

const survivorship = z.strictObject({
  rule: z.enum(["owner", "source_priority", "most_recent", "manual"]).describe("Who decides a clash"),
  owner: z.enum(["crm", "ledger"]).optional(),
  order: z.array(name).optional().describe("Sides and connections, the first wins"),
  then: z.enum(["owner", "manual"]).optional(),
});

const line = z
  .strictObject({
    field: name.optional().describe("A field of the catalogue, or of the primary contact (primaer.email)"),
    fields: z
      .array(name)
      .min(2)
      .optional()
      .describe("Fields of a group that share remote fields through a group codec"),
    remote: z.union([name, z.array(name).min(1)]).describe("The remote's name of the field"),
    as: z
      .union([name, z.looseObject({ codec: name })])
      .optional()
      .describe("A named two-way codec, with options; without one the codec of the field's kind"),
    direction: z.enum(["in", "out", "both"]).optional().describe("both unless said"),
    write: z.enum(["always", "if_empty", "on_create"]).optional().describe("always unless said"),
    survivorship: survivorship.optional(),
    max: z.int().min(1).optional().describe("Characters the remote takes; longer values are withheld, never cut"),
    match: z.enum(["name", "cvr", "gln", "address", "id", "email"]).optional(),
    assignedByRemote: z.boolean().optional(),
    emptyMeansUnknown: z.boolean().optional(),
    link: name.optional().describe("The value is an external id of this object at the same connection"),
  })
  .refine((each) => (each.field === undefined) !== (each.fields === undefined), {
    message: "a line names either field or fields",
  });

/** A mapping as an operator writes it (config/mappings/*.yaml) and as connectors ship it: one shape. */
export const mappingSchema = z.strictObject({
  object: name.describe("Our name of the remote object"),
  remote: name.describe("The remote's name of it"),
  as: z.enum(["kundeemne", "kontaktperson"]).describe("What a link of this object stands for"),
  key: name.describe("The remote field that holds the external id"),
  parent: z.strictObject({ remote: name, object: name }).optional(),
  sharedSeries: z.boolean().optional().describe("Account numbers of this object and of the CRM come from one series"),
  requiredAtCreate: z
    .array(z.string())
    .optional()
    .describe("Fields without which the remote makes no such object: a conversion names them before anything is sent"),
  onRemoteEdit: z.enum(["leave", "restore"]).optional(),
  empty: z.enum(["text", "null"]).optional().describe('How a field is emptied: "" (unless said) or null'),
  fields: z.array(line).min(1),
});

/** For editors. */
export const mappingJsonSchema = (): object => z.toJSONSchema(mappingSchema, { io: "input" });

export type MappingInput = z.input<typeof mappingSchema>;

/** What the schema has read is a Mapping but for `undefined` in place of absent options, which the compiler reads alike. */
export const asMapping = (read: z.output<typeof mappingSchema>): Mapping => JSON.parse(JSON.stringify(read)) as Mapping; // data only; this drops the undefined ones

import { z } from "zod";
import { mappingJsonSchema } from "../mappings/mapping-schema.ts";
import { kontaktpersonCatalogue, kundeemneCatalogue } from "../model/catalogue.ts";
import { outputSchema } from "../model/schemas.ts";
import { configSchema } from "./schema.ts";

/** JSON Schemas (draft 2020-12) for editors and programs, by the name of their file in config/schema. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  const record = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "output" });
  return new Map([
    [
      "kobling.schema.json",
      text("Kobling configuration (kobling.yaml)", z.toJSONSchema(configSchema, { io: "input" })),
    ],
    ["mapping.schema.json", text("Kobling mapping (config/mappings/*.yaml)", mappingJsonSchema())],
    ["kundeemne.schema.json", text("The fields of a Kundeemne", record(outputSchema(kundeemneCatalogue)))],
    ["kontaktperson.schema.json", text("The fields of a contact", record(outputSchema(kontaktpersonCatalogue)))],
  ]);
}

const text = (title: string, schema: object): string => `${JSON.stringify({ ...schema, title }, null, 2)}\n`;

import { z } from "zod";
import { configSchema } from "./schema.ts";

/** `kobling.yaml` as JSON Schema (draft 2020-12), for editors; the text of `config/schema/kobling.schema.json`. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input" });
  const titled = { ...schema, title: "Kobling configuration (kobling.yaml)" };
  return `${JSON.stringify(titled, null, 2)}\n`;
}

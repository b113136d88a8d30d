/** Writes the JSON Schemas that editors read, from the schemas that the program itself checks with. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configJsonSchema } from "../src/config/json-schema.ts";

const file = fileURLToPath(new URL("../config/schema/kobling.schema.json", import.meta.url));
writeFileSync(file, configJsonSchema());
console.log(`Wrote ${file}`);

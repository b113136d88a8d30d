/** Writes the JSON Schemas that editors and programs read, from the schemas that the program itself checks with. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { publishedSchemas } from "../src/config/json-schema.ts";

for (const [name, text] of publishedSchemas()) {
  const file = fileURLToPath(new URL(`../config/schema/${name}`, import.meta.url));
  writeFileSync(file, text);
  console.log(`Wrote ${file}`);
}

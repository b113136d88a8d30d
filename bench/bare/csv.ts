import { createReadStream } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "csv-parse";

/** The bare limit of reading a file: csv-parse over the whole, rows counted and dropped. Prints one line of JSON. */
const { values: given } = parseArgs({ options: { file: { type: "string" }, delimiter: { type: "string" } } });
const { file = "", delimiter = ";" } = given;

let rows = -1; // the headings are none
let bytes = 0;
const began = performance.now();
const source = createReadStream(file);
source.on("data", (chunk) => {
  bytes += chunk.length;
});
for await (const _ of source.pipe(parse({ delimiter }))) rows += 1;
const seconds = (performance.now() - began) / 1000;
process.stdout.write(
  `${JSON.stringify({ rows, seconds, rowsPerSecond: rows / seconds, bytesPerRow: bytes / rows })}\n`,
);

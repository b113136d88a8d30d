import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";

/** The bare limit of getting rows into a table at all: one COPY of a file into an empty table. Prints one line of JSON. */
const { values: given } = parseArgs({
  options: { url: { type: "string" }, table: { type: "string" }, rows: { type: "string" } },
});
const { url = "", table = "", rows: path = "" } = given;

const sql = postgres(url, { max: 1, onnotice: () => undefined });
const { size } = await stat(path);
const began = performance.now();
await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), await sql`copy ${sql(table)} from stdin`.writable());
const seconds = (performance.now() - began) / 1000;
const [counted] = await sql<{ rows: number }[]>`select count(*)::int as rows from ${sql(table)}`;
const rows = counted?.rows ?? 0;
process.stdout.write(`${JSON.stringify({ rows, seconds, rowsPerSecond: rows / seconds, bytesPerRow: size / rows })}\n`);
await sql.end();

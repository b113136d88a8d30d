import { parseArgs } from "node:util";
import postgres from "postgres";
import { readRows } from "./rows-file.ts";

/**
 * The bare limit of writing records: rows of a file into a table, 500 a statement, insert or update by id, by `unnest` of
 * text arrays, the fastest way known. Nothing is read, compared or decided; statements follow one another on one
 * connection. The rows stand ready as parameters before the clock starts. Prints one line of JSON.
 */
const { values: given } = parseArgs({
  options: { url: { type: "string" }, table: { type: "string" }, rows: { type: "string" } },
});
const { url = "", table = "", rows: path = "" } = given;
const BATCH = 500;

const sql = postgres(url, { max: 1, onnotice: () => undefined });
const columns = await sql<{ name: string; type: string }[]>`
  select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
  where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum`;
const file = readRows(path);
const names = columns.map(({ name }) => name).join(", ");
const unnested = columns.map(({ type }, at) => `$${at + 1}::text[]${isArray(type) ? "" : `::${type}[]`}`).join(", ");
// An array of arrays would be taken apart to its last element: such columns stay text until they are out.
const selected = columns.map(({ name, type }) => (isArray(type) ? `x.${name}::${type}` : `x.${name}`)).join(", ");
const updates = columns.filter(({ name }) => name !== "id").map(({ name }) => `${name} = excluded.${name}`);
const statement = `insert into ${table} (${names}) select ${selected} from unnest(${unnested}) as x(${names})
  on conflict (id) do update set ${updates.join(", ")}`;

const batches: (string | null)[][][] = [];
for (let at = 0; at < file.lines.length; at += BATCH) {
  const rows = file.lines.slice(at, at + BATCH).map(file.valuesOf);
  batches.push(columns.map((_, column) => rows.map((row) => row[column] ?? null)));
}
const began = performance.now();
for (const parameters of batches) await sql.unsafe(statement, parameters, { prepare: true });
const seconds = (performance.now() - began) / 1000;
const rows = file.lines.length;
process.stdout.write(
  `${JSON.stringify({ rows, seconds, rowsPerSecond: rows / seconds, bytesPerRow: file.bytes / rows })}\n`,
);
await sql.end();

function isArray(type: string): boolean {
  return type.endsWith("[]");
}

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import postgres from "postgres";

/**
 * The bare limit of lists: the same statements with the same parameters through the same driver, planned the same way, one
 * after the other; their rows are read and thrown away. Prints one line of JSON: the times of each list, in ms.
 */
const { values: given } = parseArgs({
  options: { url: { type: "string" }, statements: { type: "string" }, times: { type: "string" } },
});
const { url = "", statements: path = "" } = given;
const times = Number(given.times);
const WARMING = 20;

interface Statement {
  readonly text: string;
  readonly parameters: (string | number)[];
}
const lists = JSON.parse(readFileSync(path, "utf8")) as Statement[][]; // the bench wrote it

const connection = { TimeZone: "UTC", plan_cache_mode: "force_custom_plan" };
const sql = postgres(url, { max: 1, onnotice: () => undefined, connection });
const tookMs: number[][] = [];
for (const statements of lists) {
  const each: number[] = [];
  for (let n = -WARMING; n < times; n += 1) {
    const began = performance.now();
    for (const { text, parameters } of statements) await sql.unsafe(text, parameters, { prepare: true });
    if (n >= 0) each.push(performance.now() - began);
  }
  tookMs.push(each);
}
process.stdout.write(`${JSON.stringify(tookMs)}\n`);
await sql.end();

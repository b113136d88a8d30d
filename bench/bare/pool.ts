import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Pool } from "undici";

/**
 * The bare limit of sending: requests of a file (lines of JSON: {method, path, body?}) by one undici pool, 32 in flight,
 * answers read to their end. Nothing is kept. Prints one line of JSON.
 */
const { values: given } = parseArgs({
  options: { origin: { type: "string" }, requests: { type: "string" } },
});
const { origin = "", requests: file = "" } = given;
const IN_FLIGHT = 32;

interface Prepared {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: string;
}
const prepared = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Prepared); // the bench wrote it

const pool = new Pool(origin, { connections: IN_FLIGHT });
let next = 0;
let bytes = 0;
const began = performance.now();
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    for (let one = prepared[next++]; one !== undefined; one = prepared[next++]) {
      const { method, path, body = null } = one;
      const headers = body === null ? {} : { "content-type": "application/json" };
      const answer = await pool.request({ method, path, headers, body });
      await answer.body.dump();
      if (answer.statusCode >= 300) throw new Error(`${method} was answered ${answer.statusCode}`);
      bytes += body?.length ?? 0;
    }
  }),
);
const seconds = (performance.now() - began) / 1000;
const rows = prepared.length;
process.stdout.write(
  `${JSON.stringify({ rows, seconds, rowsPerSecond: rows / seconds, bytesPerRow: bytes / rows })}\n`,
);
await pool.close();

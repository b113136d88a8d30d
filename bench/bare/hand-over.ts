import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { Pool } from "undici";

/**
 * The bare limit of handing over: bodies of a file, one a line, posted by one undici pool, 32 in flight; of each answered one a row
 * for every member goes into `bench_receipts` by COPY. Nothing is asked of anybody. Prints one line of JSON.
 */
const { values: given } = parseArgs({
  options: {
    url: { type: "string", default: "" },
    origin: { type: "string", default: "" },
    bodies: { type: "string", default: "" },
    campaign: { type: "string", default: "" },
  },
});
const IN_FLIGHT = 32;

interface Body {
  readonly data: { readonly adds: readonly { readonly id: string; readonly address: string }[] };
}
const bodies = readFileSync(given.bodies, "utf8")
  .split("\n")
  .filter((line) => line !== "");
const sql = postgres(given.url, { max: 1, onnotice: () => undefined });
const pool = new Pool(given.origin, { connections: IN_FLIGHT });
await sql`select 1`;
let next = 0;
let rows = 0;
const began = performance.now();
const copy =
  await sql`copy bench_receipts (id, campaign_id, connection, address, entity_id, kundeemne_id, act, outcome, reason, batch_id, at) from stdin`.writable();
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const answer = await pool.request({
        method: "POST",
        path: "/",
        body,
        headers: { "content-type": "application/json" },
      });
      await answer.body.dump();
      if (answer.statusCode >= 300) throw new Error(`The target answered ${answer.statusCode}`);
      const { adds } = (JSON.parse(body) as Body).data; // the gateway wrote it
      const at = new Date().toISOString();
      const lines = adds.map(({ id, address }) =>
        [++rows, given.campaign, "tool", address, id, id, "add", "done", "criterion", given.campaign, at].join("\t"),
      );
      if (!copy.write(`${lines.join("\n")}\n`)) await once(copy, "drain");
    }
  }),
);
copy.end();
await once(copy, "finish");
const seconds = (performance.now() - began) / 1000;
process.stdout.write(`${JSON.stringify({ rows, seconds })}\n`);
await pool.close();
await sql.end();

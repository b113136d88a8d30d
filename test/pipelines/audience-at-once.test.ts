import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { populate } from "../../bench/segments/population.ts";
import { handOver } from "../../src/pipelines/audience/hand-over.ts";
import { openShop, type Shop } from "../support/shop.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Answers nobody before two are waiting; whoever comes after them is answered at once. */
const held: ServerResponse[] = [];
let came = 0;
const receiver = createServer((incoming, answer) => {
  incoming.resume().on("end", () => {
    came += 1;
    held.push(answer);
    if (came >= 2) for (const each of held.splice(0)) each.writeHead(204).end();
  });
});

let shop: Shop;
beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const secret = "whsec_c2VjcmV0IG9mIGEgdGVzdCBvbmx5IGFuZCBubyBvdGhlcg==";
  const tool = { connector: "webhook", settings: { url: `http://127.0.0.1:${port}/`, secret } };
  shop = await openShop({ armed: true, connections: { tool } });
});
afterAll(async () => {
  await shop?.close();
  receiver.close();
});

test("a tool that takes several batches at once gets them side by side, each member once", async () => {
  const { deps } = shop.engine;
  await populate(deps.db.sql, 250);
  const post = async (path: string, body: Record<string, unknown> = {}) =>
    (await shop.api("POST", path, { body })).body;
  const segment = await post("/v1/segments", {
    ...{ name: "Alle", level: "kontaktperson", channel: "email", filter: "tilladKampagne" },
  });
  const campaign = await post("/v1/campaigns", {
    ...{ name: "Alle", segment: segment.id, connections: ["tool"], purpose: "markedsfoering" },
  });
  expect(await post(`/v1/campaigns/${campaign.id}/hand-over`)).toMatchObject({ selected: 250 });
  expect(await handOver(deps, "tool")).toBe(3);
  const { sql } = deps.db;
  const [row] =
    await sql`select count(*)::int as n, count(distinct address)::int as people, bool_and(outcome = 'done') as done from hand_over_receipts`;
  expect(row).toEqual({ n: 250, people: 250, done: true });
  expect(came).toBe(3);
  expect(await handOver(deps, "tool")).toBe(0);
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { type CvrIndex, startCvr } from "../../simulators/directories/cvr.ts";
import { setNow } from "../../src/store/clock.ts";
import { findSpent, spend } from "../../src/store/spending.ts";
import { companyDocument } from "../support/directories.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let cvr: CvrIndex;

const DAY = 86_400_000;
const NUMBERS = ["12345674", "45123456", "10150817"] as const;

beforeEach(async () => {
  cvr = await startCvr(NUMBERS.map((number) => companyDocument({ cvr: number, navn: `Firma ${number}` })));
  shop = await openShop({
    connections: {
      register: {
        connector: "cvr",
        settings: { baseUrl: cvr.baseUrl, user: cvr.user, password: cvr.password, feed: false },
        objects: { virksomhed: { direction: "in" } },
        refresh: { after: "30d", perDay: 100, costPerDay: 1.25 },
        prices: { search: 0.5 },
      },
    },
  });
});

afterEach(async () => {
  await shop?.close();
  await cvr?.close();
});

const make = async (externalId: string): Promise<string> =>
  (await ok(shop.api("POST", "/v1/lookups", { body: { connection: "register", externalId } }), 201)).kundeemneId;
const spending = async () => (await ok(shop.api("GET", "/v1/connections/register"))).spending;

async function refreshAfter(ms: number): Promise<void> {
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + ms));
  const { id } = await ok(shop.api("POST", "/v1/connections/register/runs", { body: { kind: "full" } }), 202);
  await shop.settle();
  expect((await ok(shop.api("GET", `/v1/runs/${id}`))).state).toBe("done");
}

test("S80 the money of a day stops the refresh early, shown in status and metrics, and the next day goes on", async () => {
  for (const number of NUMBERS) await make(number);
  expect(await spending()).toEqual({
    ...{ calls: 3, cost: "1.5", kinds: { search: 3 } },
    budget: { calls: 100, cost: 1.25 },
  });
  const asked = cvr.log.length;
  await refreshAfter(31 * DAY);
  expect(cvr.log.length - asked).toBe(2);
  expect(await spending()).toMatchObject({ calls: 2, cost: "1" });
  const metrics = (await shop.api("GET", "/metrics")).text;
  expect(metrics).toContain('kobling_directory_calls_today{connection="register"} 2');
  expect(metrics).toContain('kobling_directory_cost_today{connection="register"} 1');
  // A budget that is spent is no fault, and a person is not stopped by it.
  expect(await ok(shop.api("GET", "/v1/connections/register"))).toMatchObject({ lastError: null, state: "active" });
  await ok(shop.api("GET", "/v1/lookups?q=Firma"));
  await ok(shop.api("GET", "/v1/lookups?q=Firma"));
  expect(await spending()).toMatchObject({ calls: 4, cost: "2" });
  const before = cvr.log.length;
  await refreshAfter(32 * DAY);
  expect(cvr.log.length - before).toBe(1);
});

test("S80 a call is counted though it fails, and the calls that a person made are counted with those of the schedule", async () => {
  await make(NUMBERS[0]);
  cvr.strike({ kind: "status", status: 503 });
  await ok(shop.api("GET", "/v1/lookups?q=Firma"));
  await ok(shop.api("GET", "/v1/lookups?q=Firma"));
  expect(await spending()).toMatchObject({ calls: 3 });
  expect(cvr.log).toHaveLength(3);
});

test("S80 the records that were read on the earliest day come first, and of one day those worth most", async () => {
  const [cheap = "", dear = "", late = ""] = await Promise.all(NUMBERS.map(make));
  await shop.engine.deps.db.sql`update kundeemner set vaerdi = 1000 where id = ${dear}::uuid`;
  await shop.engine.deps.db.sql`update kundeemner set vaerdi = 9000 where id = ${late}::uuid`;
  const at = (entityId: string, text: string) =>
    shop.engine.deps.db
      .sql`update links set last_read_at = ${text}::text::timestamptz where entity_id = ${entityId}::uuid`;
  await at(cheap, "2020-05-04T06:00:00Z");
  await at(dear, "2020-05-04T19:00:00Z");
  await at(late, "2020-05-05T06:00:00Z");
  await refreshAfter(31 * DAY);
  const read = await shop.engine.deps.db
    .sql`select entity_id from links where last_read_at > '2021-01-01' order by entity_id`;
  expect(read.map((row) => row.entity_id)).toEqual([cheap, dear].sort());
  const asked = cvr.log.slice(-2).map(({ body }) => body.match(/\d{8}/)?.[0]);
  expect(asked[0]).toBe(NUMBERS[1]);
});

test("S80 processes that call at the same time keep to one budget together", async () => {
  const budget = { calls: 7, cost: 2 };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      spend(shop.engine.deps.db.sql, { connection: "other", kind: "a", cost: 0.3, budget }),
    ),
  );
  expect(answers.filter(Boolean)).toHaveLength(6);
  expect((await findSpent(shop.engine.deps.db.sql)).get("other")).toEqual({ calls: 6, cost: "1.8", kinds: { a: 6 } });
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { type CvrIndex, startCvr } from "../../simulators/directories/cvr.ts";
import { setNow } from "../../src/store/clock.ts";
import { companyDocument } from "../support/directories.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let cvr: CvrIndex;

const MINUTE = 60_000;
const NORD = { cvr: "12345674", navn: "Nordisk Træ ApS", telefon: "70102030" };
const AUTHORITY = companyDocument({ cvr: "10150817", navn: "Myndigheden" });
const start = Date.now();
const at = (minutes: number): string => new Date(start + minutes * MINUTE).toISOString();

beforeEach(async () => {
  cvr = await startCvr([companyDocument(NORD), AUTHORITY]);
  shop = await openShop({
    connections: {
      register: {
        connector: "cvr",
        settings: { baseUrl: cvr.baseUrl, user: cvr.user, password: cvr.password },
        objects: { virksomhed: { direction: "in" } },
        refresh: { feed: "1m" },
      },
    },
  });
});

afterEach(async () => {
  await shop?.close();
  await cvr?.close();
});

const make = async (externalId = NORD.cvr): Promise<string> =>
  (await ok(shop.api("POST", "/v1/lookups", { body: { connection: "register", externalId } }), 201)).kundeemneId;
const record = (id: string) => ok(shop.api("GET", `/v1/kundeemner/${id}`));
const byNumber = () => cvr.log.filter(({ body }) => body.includes('"term"') && !body.includes("10150817"));

/** A poll this many minutes after the test began. */
async function poll(minutes: number): Promise<void> {
  await setNow(shop.engine.deps.db.sql, new Date(start + minutes * MINUTE));
  await shop.engine.settle("register");
}

test("S80 what the register loads anew is read at the next poll, of linked companies only, and each once", async () => {
  const id = await make();
  await poll(1);
  cvr.put(companyDocument({ ...NORD, telefon: "70102039", beskyttet: true, indlaest: at(30) }));
  for (let number = 0; number < 1200; number += 1)
    cvr.put(companyDocument({ cvr: String(20_000_000 + number), navn: `Fremmed ${number}`, indlaest: at(31) }));
  const before = byNumber().length;
  await poll(60);
  expect(await record(id)).toMatchObject({ telefon: "70102039", reklamebeskyttet: { vaerdi: true } });
  expect(byNumber().length - before).toBe(1);
  expect(cvr.log.filter(({ path }) => path === "/_search/scroll")).toHaveLength(2);
  await poll(61);
  expect(byNumber().length - before).toBe(1);
});

test("S80 a row that the register shows later than it says it was loaded is found by the overlap", async () => {
  const id = await make();
  await poll(1);
  cvr.put(companyDocument({ cvr: "20000001", navn: "Fremmed", indlaest: at(30) }));
  await poll(31);
  cvr.put(companyDocument({ ...NORD, telefon: "70102039", indlaest: at(25) }));
  await poll(32);
  expect((await record(id)).telefon).toBe("70102039");
});

test("S80 a listing of the feed that breaks off goes on at the page where it was", async () => {
  const id = await make();
  await poll(1);
  for (let number = 0; number < 600; number += 1)
    cvr.put(companyDocument({ cvr: String(20_000_000 + number), navn: `Fremmed ${number}`, indlaest: at(30) }));
  cvr.put(companyDocument({ ...NORD, telefon: "70102039", indlaest: at(50) }));
  cvr.loseScroll();
  await poll(60);
  expect((await record(id)).telefon).toBe("70102030");
  expect(await ok(shop.api("GET", "/v1/connections/register"))).toMatchObject({
    state: "active",
    lastError: "unavailable",
  });
  await poll(61);
  expect((await record(id)).telefon).toBe("70102039");
  const asked = cvr.log
    .filter(({ query }) => query.has("scroll"))
    .map(({ body }) => body.match(/"gte":"([^"]+)"/)?.[1]);
  expect(asked.at(-1)).toBe(at(20));
});

test("S78 what the feed brings is only proposed where maaOpdateresAutomatisk is off", async () => {
  const id = await make();
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { maaOpdateresAutomatisk: false } }));
  await poll(1);
  cvr.put(companyDocument({ ...NORD, telefon: "70102039", indlaest: at(30) }));
  await poll(60);
  expect((await record(id)).telefon).toBe("70102030");
  const { items } = await ok(shop.api("GET", `/v1/reviews?kundeemne=${id}&state=open&kind=proposal`));
  expect(items).toMatchObject([{ unit: "telefon" }]);
});

test("S18 an index that was renamed stops the connection with its reason, and takes no company for gone", async () => {
  const id = await make();
  await poll(1);
  const before = await record(id);
  cvr.rename();
  await poll(2);
  expect(await ok(shop.api("GET", "/v1/connections/register"))).toMatchObject({
    state: "stopped",
    reason: "bad_settings",
  });
  expect(await record(id)).toEqual(before);
  const { items } = await ok(shop.api("GET", `/v1/kundeemner/${id}/links`));
  const own = (items as { connection: string }[]).filter(({ connection }) => connection === "register");
  expect(own).toMatchObject([{ state: "linked" }]);
});

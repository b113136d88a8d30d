import { afterAll, beforeAll, expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop({
    debitorer: [{ Kontonr: "1001", Navn: "Vestjysk Træ A/S", Søgenavn: "VEST", SE_Nr: "12345674" }],
  });
});

afterAll(() => shop?.close());

test("R6 a notice without the object is a hint: the object is read by its id, and that reading is decided", async () => {
  const emne = await shop.find("erp", "debitor", "1001");
  shop.erp.control.put("Debitorer", "1001", { Telefon: "70 10 20 30" });
  const before = shop.erp.log.entries({ method: "GET" }).length;
  const notice = { connection: "erp", object: "debitor", via: "hook" } as const;
  expect(await receive(shop.engine.deps, notice, [{ externalId: "1001" }, { externalId: "1001" }])).toMatchObject({
    kept: 1,
    refused: [],
  });
  await shop.engine.work();
  expect((await shop.api("GET", `/v1/kundeemner/${emne.meta.id}`)).body.telefon).toBe("70 10 20 30");
  const reads = shop.erp.log.entries({ method: "GET" }).slice(before);
  expect(reads.map((entry) => entry.id)).toEqual(["1001"]);
  const push = await receive(shop.engine.deps, { ...notice, via: "push" }, [{ externalId: "1001" }]);
  expect(push.refused).toMatchObject([{ index: 0, code: "data_missing" }]);
});

test("a notice of an object that the ledger does not have changes nothing", async () => {
  const before = (await shop.api("GET", "/v1/kundeemner?limit=100")).body.items.length;
  await receive(shop.engine.deps, { connection: "erp", object: "debitor", via: "hook" }, [{ externalId: "9999" }]);
  await shop.engine.work();
  expect((await shop.api("GET", "/v1/kundeemner?limit=100")).body.items.length).toBe(before);
});

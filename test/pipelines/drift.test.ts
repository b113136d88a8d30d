import { afterAll, beforeAll, expect, test } from "vitest";
import { editEntity } from "../../src/pipelines/edit.ts";
import { countDrift } from "../../src/pipelines/standing.ts";
import { pauseConnection, resumeConnection } from "../../src/pipelines/steering.ts";
import { person } from "../support/engine.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop({
    debitorer: [{ Kontonr: "1001", Navn: "Vestjysk Træ A/S", Søgenavn: "VEST", SE_Nr: "12345674" }],
  });
});

afterAll(() => shop?.close());

const at = async (connection: string, object: string) =>
  (await countDrift(shop.engine.deps)).find((each) => each.connection === connection && each.object === object);

test("drift counts an edit from the moment it is known, also while the other side is paused, and is 0 when it has arrived", async () => {
  const { meta } = await shop.find("erp", "debitor", "1001");
  expect(await at("erp", "debitor")).toMatchObject({ drift: 0, held: 0 });
  await pauseConnection(shop.engine.deps, { name: "erp", by: person });
  await editEntity(shop.engine.deps, {
    entity: "kundeemne",
    id: meta.id,
    patch: { telefon: "70 10 20 30", attention: "Lageret" },
    by: person,
  });
  expect(await at("erp", "debitor")).toMatchObject({ drift: 2, held: 0 });
  await resumeConnection(shop.engine.deps, { name: "erp", by: person });
  await shop.settle();
  expect(await at("erp", "debitor")).toMatchObject({ drift: 0, held: 0 });
});

test("a held field is counted apart from drift", async () => {
  const { meta } = await shop.find("erp", "debitor", "1001");
  await editEntity(shop.engine.deps, {
    entity: "kundeemne",
    id: meta.id,
    patch: { firmanavn: "Vestjysk Træ Holding A/S" },
    by: person,
  });
  shop.erp.control.put("Debitorer", "1001", { Navn: "Vestjysk Træ og Finér A/S" });
  await shop.settle();
  expect(await at("erp", "debitor")).toMatchObject({ drift: 0, held: 1 });
});

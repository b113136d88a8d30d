import { afterAll, beforeAll, expect, test } from "vitest";
import { countDrift } from "../../src/pipelines/agreement.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { sweep } from "../../src/pipelines/standing.ts";
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

const agreement = async (connection: string) =>
  (await shop.api("GET", `/v1/connections/${connection}`)).body.agreement as Record<string, number | string | null>;
const gauge = async (name: string): Promise<number> => {
  const { text } = await shop.api("GET", "/metrics");
  return Number(new RegExp(`^${name}\\{connection="erp",object="debitor"\\} (.*)$`, "m").exec(text)?.[1]);
};

test("R16 agreement is told as a share of the fields kept both ways, drift and held apart, and since when the oldest differs", async () => {
  const { meta } = await shop.find("erp", "debitor", "1001");
  const before = await agreement("erp");
  // The field that waits for a person, from the test before.
  expect(before).toMatchObject({ drift: 0, held: 1, agreeing: Number(before.fields) - 1 });
  const since = Date.parse(String(before.oldestAt));
  expect(Date.now() - since).toBeLessThan(120_000);
  await pauseConnection(shop.engine.deps, { name: "erp", by: person });
  await editEntity(shop.engine.deps, {
    entity: "kundeemne",
    id: meta.id,
    patch: { telefon: "33 22 33 44" },
    by: person,
  });
  const after = await agreement("erp");
  expect(after).toMatchObject({ drift: 1, held: 1, fields: before.fields, agreeing: Number(before.fields) - 2 });
  expect(after.oldestAt).toBe(before.oldestAt);
  expect(after.percent).toBe(Math.floor((10_000 * (Number(after.fields) - 2)) / Number(after.fields)) / 100);
  const status = (await shop.api("GET", "/v1/status")).body;
  // The CRM is owed the edit too, until it is delivered.
  expect(status.agreement).toMatchObject({ drift: 2, held: 2 });
  expect(await gauge("kobling_two_way_fields")).toBe(after.fields);
  expect(await gauge("kobling_agreeing_ratio")).toBeCloseTo((Number(after.fields) - 2) / Number(after.fields));
  expect(await gauge("kobling_oldest_disagreement_seconds")).toBeGreaterThan(0);
  await resumeConnection(shop.engine.deps, { name: "erp", by: person });
  await shop.settle();
  expect(await agreement("erp")).toMatchObject({ drift: 0, held: 1 });
});

test("R17 what a remote ignores or refuses is drift, and the sweep counts the same as status does", async () => {
  const { meta } = await shop.find("erp", "debitor", "1001");
  shop.erp.control.addFault({ fault: { kind: "ignoreField", field: "Att" } });
  await editEntity(shop.engine.deps, { entity: "kundeemne", id: meta.id, patch: { attention: "Salg" }, by: person });
  await shop.settle();
  expect(
    await shop.engine.deps.db.sql`select kind from reviews where state = 'open' and kind = 'ignored_write'`,
  ).toHaveLength(1);
  const live = await agreement("erp");
  expect(live).toMatchObject({ drift: 1, held: 1 });
  const swept = await sweep(shop.engine.deps, "erp", "debitor");
  expect(swept).toMatchObject({ drift: 1, held: 1, ignored: 1, differing: 2, oldest: live.oldestAt });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { editEntity } from "../../src/pipelines/edit.ts";
import { person } from "../support/engine.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let id: string;

beforeAll(async () => {
  shop = await openShop({
    debitorer: [{ Kontonr: "1001", Navn: "Ada ApS", SE_Nr: "12345674", Telefon: "33123456", Kontakt: "Bo Holm" }],
  });
  id = (await shop.find("erp", "debitor", "1001")).meta.id;
});
afterAll(() => shop?.close());

const explained = async (field: string, language = "en") =>
  (await shop.api("GET", `/v1/kundeemner/${id}/explain?field=${field}`, { headers: { "accept-language": language } }))
    .body[field];
const edit = (patch: Record<string, string>) =>
  editEntity(shop.engine.deps, { entity: "kundeemne", id, patch, by: person });

test("explain tells what would be sent where next, why not yet, and who has no object of the record", async () => {
  await shop.api("POST", "/v1/connections/erp/pause?why=month%20end");
  await edit({ attention: "Salg" });
  const told = await explained("attention");
  const [crm, erp] = ["crm", "erp"].map((name) =>
    told.links.find((link: { connection: string }) => link.connection === name),
  );
  expect(crm).toMatchObject({ next: { Att: "Salg" }, because: null, delivery: { state: "due" } });
  expect(erp).toMatchObject({ next: { Att: "Salg" }, because: "paused" });
  expect(told.absent).toMatchObject([{ connection: "erp", object: "kreditor", because: "no_link", next: null }]);
  expect(told.text).toContain("Att is owed, but waits: the connection is paused.");
  expect(told.text).toContain("erp/kreditor has it not: there is no object of the record, and none is made.");
  const { text } = await explained("attention", "da-DK");
  expect(text).toContain("Att skyldes, men venter: forbindelsen er sat på pause.");
  await shop.api("POST", "/v1/connections/erp/resume");
  await shop.settle();
  expect((await explained("attention")).links).toMatchObject([
    { next: null, because: null },
    { next: null, because: null },
  ]);
});

test("explain tells what cannot be written, what is only read, and what waits out the quiet time of a try", async () => {
  await edit({ telefon: "11 22 33 44" });
  await shop.engine.work();
  const told = await explained("telefon");
  expect(told.links).toMatchObject([
    { next: null, because: "invalid_value" },
    { next: null, because: "invalid_value" },
  ]);
  expect(told.text).toContain("nothing is sent: the value cannot be written there");
  await edit({ telefon: "33 22 33 44" });
  const sql = shop.engine.deps.db.sql;
  await sql`update links set quiet_until = kobling_now() + interval '1 hour' where connection = 'erp'`;
  const quiet = (await explained("telefon")).links.find((link: { connection: string }) => link.connection === "erp");
  expect(quiet).toMatchObject({ because: "quiet", next: { Telefon: "33 22 33 44" } });
  await sql`update links set quiet_until = null`;
  await sql`update lanes set released_out = false where connection = 'erp'`;
  const armed = (await explained("telefon")).links.find((link: { connection: string }) => link.connection === "erp");
  expect(armed).toMatchObject({ because: "armed", next: null });
  await sql`update lanes set released_out = true where connection = 'erp'`;
  await shop.settle();
});

test("explain tells which review holds a field and what each side says", async () => {
  await edit({ firmanavn: "Ada Holding ApS" });
  shop.erp.control.put("Debitorer", "1001", { Navn: "Ada Handel ApS" });
  await shop.settle();
  const told = await explained("firmanavn");
  expect(told.held).toMatchObject([{ kind: "conflict" }]);
  expect(told.held[0].sides).toMatchObject([
    { connection: null, value: { firmanavn: "Ada Holding ApS" } },
    { connection: "erp", object: "debitor", value: { firmanavn: "Ada Handel ApS" } },
  ]);
  expect(told.text).toContain("ours »Ada Holding ApS«, erp/debitor »Ada Handel ApS«");
  expect((await explained("firmanavn", "da")).text).toContain("venter på en person: vores »Ada Holding ApS«");
});

test("a contact is explained under its emne, with the mapping version that its value came by", async () => {
  const [bo] = (await shop.api("GET", `/v1/kundeemner/${id}/kontaktpersoner`)).body.items;
  const path = `/v1/kundeemner/${id}/kontaktpersoner/${bo.meta.id}/explain`;
  const { navn } = (await shop.api("GET", `${path}?field=navn`)).body;
  expect(navn).toMatchObject({ value: { navn: "Bo Holm" }, setBy: { connection: "erp", object: "debitor" } });
  expect(navn.text).toContain(`mapping ${navn.setBy.mapping}`);
  expect((await shop.api("GET", `${path}?field=firmanavn`)).status).toBe(400);
  expect((await shop.api("GET", path)).status).toBe(200);
});

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readDealings } from "../../src/pipelines/read-dealings.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

const account = (Kontonr: string, Navn: string) => ({
  ...{ Kontonr, Navn, Søgenavn: Navn.toUpperCase(), SE_Nr: "", Adr1: "Havnen 1", PostNr: "6700", ByNavn: "Esbjerg" },
  ...{ Land: "DK" },
});
const table = (key: string, fields: string) => ({
  ...{ like: "Kontaktpersoner", key, fields: fields.split(" "), required: [], references: {}, defaults: {} },
});
const offer = (TilbudNr: string, DKontonr: string, more: Record<string, string> = {}) => ({
  ...{ TilbudNr, DKontonr, Dato: "2026-10-01", Status: "Åbent", Tekst: "Tag på lade", Beløb: "1000.00", Valuta: "" },
  ...more,
});

beforeAll(async () => {
  shop = await openShop({
    debitorer: [account("1", "Vestjysk Træ"), account("2", "Fjord Fragt"), account("3", "Nord Stål")],
    tables: {
      Tilbud: table("TilbudNr", "DKontonr Dato Status Tekst Saelger Beløb Valuta Kurs"),
      Aktiviteter: table("Nr", "DKontonr Type Dato Saelger Notat Værdi"),
    },
    rows: { Tilbud: [], Aktiviteter: [] },
    dealings: {
      tilbud: {},
      aktiviteter: { function: "Aktiviteter", key: "Nr", account: "DKontonr", object: "debitor" },
    },
  });
});
afterAll(() => shop?.close());
beforeEach(() => {
  for (const name of ["Tilbud", "Aktiviteter"])
    for (const row of shop.erp.control.rows(name)) shop.erp.control.remove(name, row.TilbudNr ?? row.Nr ?? "");
});

const put = (name: string, row: Record<string, string>) => shop.erp.control.create(name, row);
const readAll = () => readDealings(shop.engine.deps, "erp");
const recordOf = (externalId: string) => shop.find("erp", "debitor", externalId);
const versionOf = async (externalId: string) => (await recordOf(externalId)).meta.version;
const alerts = () => shop.engine.deps.db.sql`
  select reason, object, external_id, detail from reviews where kind = 'alert' and reason ~ '^(dealing|R9)' order by id`;

test("S5 tilbud and activities of a ledger are read onto the emne of their account, and feed what adds up", async () => {
  put("Tilbud", offer("T1", "1", { Beløb: "1000.10" }));
  put("Tilbud", offer("T2", "1", { Beløb: "200", Valuta: "eur", Kurs: "746.05", Status: "Accepteret" }));
  put("Tilbud", offer("T3", "1", { Beløb: "5000", Status: "Annulleret" }));
  put("Tilbud", offer("T4", "findes-ikke"));
  put("Aktiviteter", { Nr: "7", DKontonr: "1", Type: "Møde", Dato: "2026-09-30", Saelger: "Åse", Værdi: "250.50" });
  expect(await readAll()).toMatchObject({ read: 5, changed: 4, unplaced: 1, unreadable: 0, unchanged: 0, removed: 0 });
  const record = await recordOf("1");
  expect(record).toMatchObject({ tilbudKr: "2492.2", vaerdi: "250.5", nyesteAkt: "2026-09-30" });
  const { items } = (await shop.api("GET", `/v1/kundeemner/${record.meta.id}/tilbud`)).body;
  expect(items.map((each: { nr: string }) => each.nr).sort()).toEqual(["T1", "T2", "T3"]);
  expect(items.find((each: { nr: string }) => each.nr === "T2")).toMatchObject({
    ...{ status: "accepteret", valuta: "EUR", kurs: "746.05", beloeb: "200", dato: "2026-10-01" },
    meta: { source: { connection: "erp", externalId: "T2" } },
  });
});

test("S90 from a ledger's number to the emne: a tilbud is found by its number and leads to its record", async () => {
  put("Tilbud", offer("T10", "2"));
  await readAll();
  const { items } = (await shop.api("GET", "/v1/tilbud?nr=T10")).body;
  expect(items).toMatchObject([{ kundeemneId: (await recordOf("2")).meta.id }]);
});

test("S50 what was read before is not written again, what changed is, and one that moves takes its sum along", async () => {
  put("Tilbud", offer("T20", "2", { Beløb: "700.00" }));
  // Twice: what other tests have left is taken away.
  await readAll();
  await readAll();
  const [before, sum] = [await versionOf("2"), (await recordOf("2")).tilbudKr];
  expect(await readAll()).toMatchObject({ changed: 0, unchanged: 1 });
  expect(await versionOf("2")).toBe(before);
  shop.erp.control.put("Tilbud", "T20", { Beløb: "800.00" });
  expect(await readAll()).toMatchObject({ changed: 1 });
  expect(Number((await recordOf("2")).tilbudKr)).toBe(Number(sum) + 100);
  const third = Number((await recordOf("3")).tilbudKr);
  shop.erp.control.put("Tilbud", "T20", { DKontonr: "3" });
  await readAll();
  expect(Number((await recordOf("3")).tilbudKr)).toBe(third + 800);
  expect(Number((await recordOf("2")).tilbudKr)).toBe(Number(sum) - 700);
});

test("R9 a tilbud is taken away when two listings have not shown it, and one that is back in between stays", async () => {
  put("Tilbud", offer("T30", "3"));
  put("Tilbud", offer("T31", "3"));
  await readAll();
  const listed = async () =>
    (await shop.api("GET", "/v1/tilbud?nr=T30&nr=T31")).body.items.map((each: { nr: string }) => each.nr).sort();
  shop.erp.control.remove("Tilbud", "T30");
  shop.erp.control.remove("Tilbud", "T31");
  await readAll();
  expect(await listed()).toEqual(["T30", "T31"]);
  put("Tilbud", offer("T31", "3"));
  expect((await readAll()).removed).toBeGreaterThan(0);
  expect(await listed()).toEqual(["T31"]);
  expect((await recordOf("3")).tilbudKr).toBe("1000");
});

test("R9 a listing that suddenly lacks most of what there was takes nothing away, and a person is told", async () => {
  for (let n = 0; n < 30; n += 1) put("Tilbud", offer(`M${n}`, "3"));
  await readAll();
  for (let n = 0; n < 30; n += 1) shop.erp.control.remove("Tilbud", `M${n}`);
  await readAll();
  expect((await readAll()).removed).toBe(0);
  expect((await shop.api("GET", "/v1/tilbud?nr=M7")).body.items).toHaveLength(1);
  expect(await alerts()).toContainEqual(expect.objectContaining({ reason: "R9:short_listing", object: "tilbud" }));
});

test("one bad tilbud is told by field and rule and leaves the others alone, and what a ledger keeps is changed there only", async () => {
  put("Tilbud", offer("B1", "3", { Beløb: "mange" }));
  put("Tilbud", offer("B2", "3", { Valuta: "EUR" }));
  put("Tilbud", offer("B3", "3", { Status: "Måske" }));
  put("Tilbud", offer("B4", "3"));
  expect(await readAll()).toMatchObject({ changed: 1, unreadable: 3 });
  expect((await alerts()).filter(({ reason }) => reason.startsWith("dealing:"))).toMatchObject([
    { reason: "dealing:bad_value", external_id: "B1", detail: { field: "beloeb" } },
    { reason: "dealing:incomplete", external_id: "B2", detail: { field: "kurs" } },
    { reason: "dealing:unknown_code", external_id: "B3", detail: { field: "status" } },
  ]);
  const [item] = (await shop.api("GET", "/v1/tilbud?nr=B4")).body.items;
  const path = `/v1/tilbud/${item.meta.id}`;
  const refused = await shop.api("PATCH", path, { body: { beloeb: "1" } });
  expect(refused.body).toMatchObject({ status: 422, code: "read_only" });
  expect((await shop.api("DELETE", path)).body).toMatchObject({ status: 422, code: "read_only" });
});

test("S70 what is archived is given nothing that a ledger shows, and gets it when it is taken out again", async () => {
  const { meta } = await recordOf("1");
  const archived = await shop.api("POST", `/v1/kundeemner/${meta.id}/archive`, { body: { reason: "x" } });
  expect(archived.status).toBe(200);
  put("Tilbud", offer("A1", "1"));
  expect(await readAll()).toMatchObject({ changed: 0, unplaced: 1 });
  await shop.api("POST", `/v1/kundeemner/${meta.id}/unarchive`, { body: { reason: "y" } });
  expect(await readAll()).toMatchObject({ changed: 1 });
});

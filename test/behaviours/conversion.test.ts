import { afterEach, expect, test } from "vitest";
import { setNow } from "../../src/store/clock.ts";
import { openShop, type Shop, type ShopOptions } from "../support/shop.ts";

let shop: Shop;
afterEach(() => shop?.close());

const document = (key: string, required: readonly string[]) => ({
  like: "Debitorer",
  ...{ key, fields: ["DKontonr", "Reference", "Tekst", ...required], required: ["DKontonr", ...required] },
  ...{ references: { DKontonr: "Debitorer" }, computed: [], erpOnly: [], defaults: {}, locationNumbers: [] },
  series: { first: 1, width: 4 },
});
const ledger = {
  tables: {
    Tilbud: document("TilbudNr", []),
    Ordrer: document("OrdreNr", []),
    Fakturaer: document("FakturaNr", []),
    Sager: document("SagsNr", ["SagsArt", "Ansvarlig"]),
  },
  documents: { tilbud: {}, ordre: {}, faktura: {}, sag: {} },
};

/** A ledger that Kundeemner are made from only by conversion, and one lead with prepared finance fields. */
async function open(options: ShopOptions = {}): Promise<{ id: string }> {
  shop = await openShop({ ...ledger, ...options });
  const body = {
    ...{ firmanavn: "Måske Kunde ApS", adresse1: "Torvet 1", postnr: "8000", cvrNr: "45123456" },
    ...{ standardMoms: "I25", bogfoeringsgruppeDeb: "DK", bogfoeringsgruppeKred: "DKK", betalingsbetingelser: "N14" },
    ansvarligSaelger: "Ea",
  };
  const made = await shop.api("POST", "/v1/kundeemner", { body });
  expect(made.status).toBe(201);
  return { id: made.body.meta.id };
}

const convert = (id: string, body: Record<string, unknown>) =>
  shop.api("POST", `/v1/kundeemner/${id}/convert`, { body: { connection: "erp", waitMs: 0, ...body } });
/** Asks, lets the workers work, and asks again: the answer to the repeated call. */
async function converted(id: string, body: Record<string, unknown>) {
  await convert(id, body);
  await shop.engine.work();
  return convert(id, body);
}
const rows = (table: string) => shop.erp.control.rows(table);
const posts = (table: string) => shop.erp.log.writes(table).filter((entry) => entry.method === "POST" && entry.applied);

test("S82 a lead becomes a debitor with what was prepared, once: the same call again gives the same number", async () => {
  const { id } = await open();
  const first = await convert(id, { to: "debitor" });
  expect(first).toMatchObject({ status: 202, body: { state: "running", externalId: null } });
  await shop.engine.work();
  const second = await convert(id, { to: "debitor" });
  expect(second).toMatchObject({ status: 200, body: { id: first.body.id, state: "done" } });
  expect(second.body.doneAt).toMatch(/^\d{4}-\d\d-\d\dT/);
  const { externalId } = second.body;
  expect(await shop.rowOf(id, "debitor")).toMatchObject({
    ...{ Kontonr: externalId, Navn: "Måske Kunde ApS", Moms: "I25", Gruppe: "DK", BetBet: "N14" },
  });
  await shop.settle();
  expect((await convert(id, { to: "debitor" })).body).toMatchObject({ state: "done", externalId });
  expect(posts("Debitorer")).toHaveLength(1);
  const record = await shop.api("GET", `/v1/kundeemner/${id}`);
  expect(record.body).toMatchObject({ findesDeb: true, findesKred: false });
});

test("S83 a kreditor goes beside a debitor, with its own posting group", async () => {
  const { id } = await open();
  const debitor = await converted(id, { to: "debitor" });
  const kreditor = await converted(id, { to: "kreditor" });
  expect([debitor.body.state, kreditor.body.state]).toEqual(["done", "done"]);
  expect(await shop.rowOf(id, "kreditor")).toMatchObject({ Kontonr: kreditor.body.externalId, Gruppe: "DKK" });
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body).toMatchObject({ findesDeb: true, findesKred: true });
  expect([posts("Debitorer").length, posts("Kreditorer").length]).toEqual([1, 1]);
});

test("S84 a tilbud is made at the ledger on the debitor, and found again from its number", async () => {
  const { id } = await open();
  const done = await converted(id, { to: "tilbud", data: { Tekst: "Tag på lade" } });
  expect(done).toMatchObject({ status: 200, body: { state: "done", account: { object: "debitor" } } });
  const [row] = rows("Tilbud");
  expect(row).toMatchObject({
    TilbudNr: done.body.externalId,
    DKontonr: done.body.account.externalId,
    Tekst: "Tag på lade",
  });
  const listed = await shop.api("GET", `/v1/kundeemner/${id}/conversions`);
  expect(listed.body.items).toMatchObject([{ to: "tilbud", externalId: done.body.externalId }]);
  const other = await converted(id, { to: "tilbud", reference: "nummer to" });
  expect(other.body.externalId).not.toBe(done.body.externalId);
  expect(rows("Tilbud")).toHaveLength(2);
});

test("S85 an ordre makes its debitor in the same step, and goes on where a failure stopped it", async () => {
  const { id } = await open();
  shop.erp.control.addFault({ fault: { kind: "status", status: 503 }, function: "Ordrer", verb: "post", times: 1 });
  await convert(id, { to: "ordre" });
  await shop.engine.work();
  expect((await convert(id, { to: "ordre" })).body).toMatchObject({ state: "waiting", reason: "unavailable" });
  expect(posts("Debitorer")).toHaveLength(1);
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 120_000));
  const done = await converted(id, { to: "ordre" });
  expect(done.body).toMatchObject({ state: "done" });
  expect([rows("Ordrer").length, rows("Debitorer").length]).toEqual([1, 1]);
});

test("S86 a faktura to an authority is refused without a valid EAN-lokationsnummer, in both languages, and passes with one", async () => {
  const { id } = await open();
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { kundetype: "BTG" } });
  const refused = await convert(id, { to: "faktura" });
  expect(refused).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/eanLokationsnr", code: "gln_required" }] },
  });
  expect(posts("Debitorer")).toHaveLength(0);
  const plan = await convert(id, { to: "faktura", dryRun: true });
  expect(plan).toMatchObject({
    status: 200,
    body: {
      dryRun: true,
      missing: [{ field: "eanLokationsnr" }],
      account: null,
      accountBody: { Navn: "Måske Kunde ApS" },
    },
  });
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { eanLokationsnr: "5790000000005" } });
  expect((await converted(id, { to: "faktura" })).body).toMatchObject({ state: "done" });
  expect(rows("Fakturaer")).toHaveLength(1);
});

test("S87 a sag names all its missing minimum fields at once and takes what the record knows", async () => {
  const { id } = await open();
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { ansvarligSaelger: null } });
  const refused = await convert(id, { to: "sag" });
  expect(refused.status).toBe(422);
  expect(refused.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual([
    "/data/SagsArt",
    "/data/Ansvarlig",
  ]);
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { ansvarligSaelger: "Bo" } });
  const done = await converted(id, { to: "sag", data: { SagsArt: "MONTAGE" } });
  expect(done.body.state).toBe("done");
  expect(rows("Sager")[0]).toMatchObject({
    SagsArt: "MONTAGE",
    Ansvarlig: "Bo",
    DKontonr: done.body.account.externalId,
  });
});

test("S88 a debitor that the ledger has already is linked, not made again", async () => {
  const { id } = await open({ objects: { debitor: { create: "none" } } });
  const there = shop.erp.control.create("Debitorer", { Navn: "Maaske Kunde", SE_Nr: "DK45123456" }).Kontonr;
  const done = await converted(id, { to: "debitor" });
  expect(done.body).toMatchObject({ state: "done", externalId: there });
  expect(posts("Debitorer")).toHaveLength(0);
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.findesDeb).toBe(true);
});

test("S88 a create whose answer was lost is looked up, also at a ledger that shows new rows late: there is one debitor", async () => {
  const { id } = await open();
  shop.erp.control.addFault({ fault: { kind: "reset", when: "after" }, function: "Debitorer", verb: "post", times: 1 });
  shop.erp.control.addFault({ fault: { kind: "showLate", reads: 1 }, function: "Debitorer", verb: "post", times: 1 });
  await convert(id, { to: "debitor" });
  await shop.engine.work();
  expect((await convert(id, { to: "debitor" })).body).toMatchObject({ state: "running" });
  await shop.settle();
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 120_000));
  await shop.settle();
  const done = await converted(id, { to: "debitor" });
  expect(done.body).toMatchObject({ state: "done" });
  expect([rows("Debitorer").length, posts("Debitorer").length]).toEqual([1, 1]);
});

test("S88 a document whose answer was lost is found by our mark, and not made again", async () => {
  const { id } = await open();
  shop.erp.control.addFault({ fault: { kind: "reset", when: "after" }, function: "Ordrer", verb: "post", times: 1 });
  await convert(id, { to: "ordre" });
  await shop.engine.work();
  expect((await convert(id, { to: "ordre" })).body.state).not.toBe("done");
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 120_000));
  const done = await converted(id, { to: "ordre" });
  expect(done.body).toMatchObject({ state: "done", externalId: rows("Ordrer")[0]?.OrdreNr });
  expect(posts("Ordrer")).toHaveLength(1);
});

test("S88 a ledger that shows no mark makes no second document: whether the first arrived cannot be known", async () => {
  const { id } = await open({ documents: { ordre: { marker: "FindesIkke" } } });
  shop.erp.control.addFault({ fault: { kind: "reset", when: "after" }, function: "Ordrer", verb: "post", times: 1 });
  await convert(id, { to: "ordre" });
  await shop.engine.work();
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 120_000));
  await shop.engine.work();
  const told = (await shop.api("GET", `/v1/kundeemner/${id}/conversions`)).body.items;
  expect(told).toMatchObject([{ state: "failed", reason: "R19:mark_not_shown" }]);
  await converted(id, { to: "ordre" });
  expect(posts("Ordrer")).toHaveLength(1);
});

test("S88 another Kundeemne of the same company that has the debitor is named, and nothing is made", async () => {
  const { id } = await open();
  await converted(id, { to: "debitor" });
  const twin = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Måske Kunde ApS", cvrNr: "45123456" } });
  const refused = await convert(twin.body.meta.id, { to: "debitor" });
  expect(refused).toMatchObject({ status: 409, body: { code: "exists" } });
  expect(refused.body.reason).toContain(id);
  await shop.engine.work();
  expect(rows("Debitorer")).toHaveLength(1);
});

test("S88 a debitor that was deleted at the ledger is made anew only when a person converts again", async () => {
  const { id } = await open();
  const first = await converted(id, { to: "debitor" });
  shop.erp.control.remove("Debitorer", first.body.externalId);
  await shop.settle();
  await shop.settle();
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 120_000));
  await shop.settle();
  expect(rows("Debitorer")).toHaveLength(0);
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.findesDeb).toBe(false);
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { telefon: "97102030" } });
  await shop.settle();
  expect(rows("Debitorer")).toHaveLength(0);
  const again = await converted(id, { to: "debitor" });
  expect(again.body.state).toBe("done");
  expect(rows("Debitorer")).toHaveLength(1);
});

test("S84 wrong input is told: an unknown connection, a document the ledger does not take, a record that is archived", async () => {
  const { id } = await open({ documents: { tilbud: {} } });
  expect((await convert(id, { to: "debitor", connection: "nowhere" })).status).toBe(404);
  const untaken = await convert(id, { to: "sag", data: { SagsArt: "X", Ansvarlig: "Bo" } });
  expect(untaken).toMatchObject({ status: 422, body: { code: "document_not_taken", errors: [{ pointer: "/to" }] } });
  expect(untaken.body.errors[0].detail).toContain("It takes: tilbud.");
  expect((await convert(id, { to: "banan" })).status).toBe(422);
  expect((await shop.api("POST", `/v1/kundeemner/${id}/archive`, { body: { reason: "Ophørt" } })).status).toBe(200);
  const archived = await convert(id, { to: "debitor" });
  expect(archived).toMatchObject({
    status: 409,
    body: { code: "record_closed", reason: expect.stringContaining("archived") },
  });
});

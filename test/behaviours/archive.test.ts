import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { unarchive } from "../../src/pipelines/archive.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let strict: Shop;

const account = (Kontonr: string, Navn: string, more: Record<string, string> = {}) => ({
  ...{ Kontonr, Navn, Søgenavn: Navn.toUpperCase(), SE_Nr: "", Adr1: "Havnen 1", PostNr: "6700", ByNavn: "Esbjerg" },
  ...{ Land: "DK", Saldo: "0.00", SaldoVal: "0.00", Valuta: "DKK" },
  ...more,
});

beforeAll(async () => {
  const debitorer = [
    account("1", "Nul ApS"),
    account("2", "Skylder ApS", { Saldo: "7460.50", SaldoVal: "1000.00", Valuta: "EUR" }),
    account("3", "Rest ApS", { Saldo: "0.01", SaldoVal: "0.00", Valuta: "EUR" }),
    account("4", "Minus ApS", { Saldo: "-0.00", SaldoVal: "-0.00" }),
    account("5", "Støv ApS", { Saldo: "0.00", SaldoVal: "0.0004" }),
    account("6", "Ukendt ApS", { Saldo: "", SaldoVal: "" }),
    account("7", "Kommer Igen ApS", { SE_Nr: "13748136" }),
    account("8", "Rettes ApS", { Telefon: "70102030" }),
    account("9", "Senere ApS"),
    account("10", "Nede ApS"),
  ];
  const kreditorer = [account("70", "Leverandør ApS", { Saldo: "-500.00", SaldoVal: "-500.00" })];
  shop = await openShop({ debitorer, kreditorer });
  strict = await openShop({ debitorer, kreditorer, config: { archive: { requireZeroKreditor: true } } });
});
afterAll(() => Promise.all([shop?.close(), strict?.close()]));
beforeEach(() => shop.erp.control.clearFaults());

const reason = { reason: "Kunden er ophørt" };
const idOf = async (externalId: string, object = "debitor", at = shop): Promise<string> =>
  (await at.find("erp", object, externalId)).meta.id;
const archive = async (id: string, language = "en") =>
  shop.api("POST", `/v1/kundeemner/${id}/archive`, { body: reason, headers: { "accept-language": language } });
const namesIn = async (query = "") =>
  (await shop.api("GET", `/v1/kundeemner?limit=500${query}`)).body.items.map(
    (each: { firmanavn: string }) => each.firmanavn,
  );
const alerts = async () =>
  shop.engine.deps.db.sql`select reason, external_id, detail from reviews where kind = 'alert' and reason like 'S71:%'`;

test("S68 a record is archived and taken out again, each time with reason and actor, and history tells both", async () => {
  const made = (await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Bare Et Lead" } })).body;
  const path = `/v1/kundeemner/${made.meta.id}`;
  expect((await shop.api("POST", `${path}/archive`, { body: {} })).body.errors).toMatchObject([{ pointer: "/reason" }]);
  const archived = await archive(made.meta.id);
  expect(archived.body).toMatchObject({
    arkiveret: { vaerdi: true, by: "test admin", aarsag: "Kunden er ophørt" },
    meta: { states: { archived: true } },
  });
  const again = await archive(made.meta.id);
  expect([again.status, again.body.meta.version]).toEqual([200, archived.body.meta.version]);
  const stale = await shop.api("POST", `${path}/unarchive`, { body: reason, headers: { "if-match": '"1"' } });
  expect(stale.status).toBe(412);
  const back = await shop.api("POST", `${path}/unarchive`, { body: { reason: "Ringede selv" } });
  expect(back.body).toMatchObject({
    arkiveret: { vaerdi: false, by: "test admin", aarsag: "Ringede selv" },
    meta: { states: { archived: false } },
  });
  const { items } = (await shop.api("GET", `${path}/history`)).body;
  expect(items.slice(0, 2)).toMatchObject([
    { kind: "unarchived", by: { actor: "test admin" }, fields: { "arkiveret.aarsag": { to: "Ringede selv" } } },
    { kind: "archived", by: { actor: "test admin" }, fields: { "arkiveret.vaerdi": { to: true } } },
  ]);
});

test("S69 the archived are in no list without an explicit switch, and proposed as nobody's duplicate", async () => {
  const make = async (firmanavn: string) =>
    (await shop.api("POST", "/v1/kundeemner", { body: { firmanavn, cvrNr: "45123456" } })).body.meta.id;
  const [kept, gone] = [await make("Dobbelt Nord"), await make("Dobbelt Syd")];
  await archive(gone);
  expect(await namesIn()).toContain("Dobbelt Nord");
  expect(await namesIn()).not.toContain("Dobbelt Syd");
  expect(await namesIn("&arkiveret=any")).toContain("Dobbelt Syd");
  expect(await namesIn("&arkiveret=true")).toEqual(expect.not.arrayContaining(["Dobbelt Nord"]));
  // Two records share the number: a person is asked, and only the living one is proposed.
  shop.erp.control.create("Debitorer", account("45", "Helt Tredje", { SE_Nr: "45123456" }));
  await shop.settle();
  const { items } = (await shop.api("GET", "/v1/reviews?kind=match_case")).body;
  const review = items.find((each: { externalId: string }) => each.externalId === "45");
  expect(JSON.stringify(review)).toContain(kept);
  expect(JSON.stringify(review)).not.toContain(gone);
});

test("S70 what is archived stays reachable by id, with history, activities and links", async () => {
  const id = await idOf("1");
  await shop.api("POST", `/v1/kundeemner/${id}/aktiviteter`, {
    body: { type: "moede", dato: "2026-01-02", vaerdi: "100" },
  });
  const before = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  expect((await archive(id)).status).toBe(200);
  const after = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  expect(after).toMatchObject({ firmanavn: "Nul ApS", vaerdi: "100", nyesteAkt: "2026-01-02", findesDeb: true });
  expect(after.links).toEqual(before.links);
  expect((await shop.api("GET", `/v1/kundeemner/${id}/aktiviteter`)).body.items).toHaveLength(1);
  expect((await shop.api("GET", `/v1/kundeemner/${id}/history`)).body.items.length).toBe(after.meta.version);
  const links = (await shop.api("GET", "/v1/links?connection=erp&object=debitor&externalId=1")).body.items;
  expect(links).toMatchObject([{ entityId: id, state: "linked" }]);
});

test("S71 a balance that is not zero refuses, with amount and currency as the ledger says after the request", async () => {
  const id = await idOf("2");
  shop.erp.control.put("Debitorer", "2", { SaldoVal: "250.50", Saldo: "1868.86" });
  const last = shop.erp.log.entries({}).at(-1)?.n ?? 0;
  const refused = await archive(id, "da");
  expect(refused.body).toMatchObject({
    status: 409,
    code: "balance_not_zero",
    balances: [
      { connection: "erp", object: "debitor", externalId: "2", amount: "250.5", currency: "EUR" },
      { amount: "1868.86", currency: "DKK" },
    ],
  });
  expect(refused.body.detail).toContain("250.5 EUR");
  expect(refused.body.detail).toMatch(/Udlign/);
  const asked = shop.erp.log.entries({ since: last, function: "Debitorer", method: "GET", id: "2" });
  expect(asked).toMatchObject([{ status: 200 }]);
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.meta.states.archived).toBe(false);
  shop.erp.control.put("Debitorer", "2", { SaldoVal: "0", Saldo: "0.00" });
  expect((await archive(id)).status).toBe(200);
});

test.each([
  ["3", 409, [{ amount: "0.01", currency: "DKK" }]],
  ["4", 200, undefined],
  ["5", 409, [{ amount: "0.0004", currency: "DKK" }]],
])(
  "S71 every currency is zero as an exact decimal: account %s is answered %i",
  async (externalId, status, balances) => {
    const answer = await archive(await idOf(externalId));
    expect(answer.status).toBe(status);
    if (balances !== undefined) expect(answer.body.balances).toMatchObject(balances);
  },
);

test("S71 a ledger that shows no balance, cannot be reached or has lost the account refuses, and says which and why", async () => {
  const unknown = await archive(await idOf("6"));
  expect(unknown.body).toMatchObject({
    status: 409,
    code: "balance_unknown",
    accounts: [{ connection: "erp", object: "debitor", externalId: "6", why: "not_shown" }],
  });
  const id = await idOf("10");
  shop.erp.control.addFault({ fault: { kind: "status", status: 503 }, function: "Debitorer", id: "10" });
  expect((await archive(id)).body).toMatchObject({ code: "balance_unknown", accounts: [{ why: "unavailable" }] });
  shop.erp.control.clearFaults();
  shop.erp.control.addFault({ fault: { kind: "reset", when: "before" }, function: "Debitorer", id: "10" });
  expect((await archive(id)).body).toMatchObject({ code: "balance_unknown", accounts: [{ externalId: "10" }] });
  shop.erp.control.clearFaults();
  shop.erp.control.remove("Debitorer", "10");
  expect((await archive(id)).body).toMatchObject({ code: "balance_unknown", accounts: [{ why: "gone" }] });
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.meta.states.archived).toBe(false);
});

test("S71 a kreditor's balance counts where the set-up says so", async () => {
  expect((await archive(await idOf("70", "kreditor"))).status).toBe(200);
  const id = await idOf("70", "kreditor", strict);
  const refused = await strict.api("POST", `/v1/kundeemner/${id}/archive`, { body: reason });
  expect(refused.body).toMatchObject({
    code: "balance_not_zero",
    balances: [{ object: "kreditor", externalId: "70", amount: "-500", currency: "DKK" }],
  });
});

test("S71 a later balance on what is archived raises an alert, once, and changes nothing of it", async () => {
  const id = await idOf("9");
  const archived = (await archive(id)).body;
  shop.erp.control.put("Debitorer", "9", { SaldoVal: "12.50", Saldo: "12.50", Navn: "Senere A/S" });
  await shop.settle();
  shop.erp.control.put("Debitorer", "9", { SaldoVal: "13.00", Saldo: "13.00" });
  await shop.settle();
  expect(await alerts()).toMatchObject([
    {
      reason: "S71:balance_of_archived",
      external_id: "9",
      detail: { balances: [{ amount: "12.5", currency: "DKK" }] },
    },
  ]);
  const after = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  expect(after).toMatchObject({ firmanavn: "Senere ApS", meta: { version: archived.meta.version } });
});

test("S70 an inbound object never makes an archived company again, nor takes it out of the archive", async () => {
  const id = await idOf("7");
  await archive(id);
  const before = (await namesIn("&arkiveret=any")).length;
  shop.erp.control.create("Debitorer", account("77", "Kommer Igen ApS", { SE_Nr: "13748136" }));
  await shop.settle();
  expect((await namesIn("&arkiveret=any")).length).toBe(before);
  const { items } = (await shop.api("GET", "/v1/reviews?kind=match_case")).body;
  expect(items.find((each: { externalId: string }) => each.externalId === "77")).toMatchObject({
    reason: expect.stringMatching(/:archived$/),
  });
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.meta.states.archived).toBe(true);
});

test("R14 taken out of the archive, what the ledger edited meanwhile is taken, and is not overwritten by what stood before", async () => {
  const id = await idOf("8");
  const path = `/v1/kundeemner/${id}`;
  await archive(id);
  shop.erp.control.put("Debitorer", "8", { Telefon: "86123456" });
  await shop.settle();
  expect((await shop.api("GET", path)).body.telefon).toBe("70102030");
  await shop.api("PATCH", path, { body: { adresse1: "Havnen 22" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "8")).toMatchObject({ Adr1: "Havnen 1", Telefon: "86123456" });
  const back = await shop.api("POST", `${path}/unarchive`, { body: reason });
  expect(back.body).toMatchObject({ telefon: "86123456", adresse1: "Havnen 22" });
  await unarchive(shop.engine.deps, { id, ...reason, by: { kind: "api", name: "again" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "8")).toMatchObject({ Adr1: "Havnen 22", Telefon: "86123456" });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
const debitor = {
  Kontonr: "1001",
  Navn: "Vestjysk Træ A/S",
  Søgenavn: "VESTTRÆ",
  SE_Nr: "12345674",
  Adr1: "Savvej 1",
  PostNr: "6900",
  ByNavn: "Skjern",
  Land: "DK",
};
const kreditor = {
  Kontonr: "7001",
  Navn: "Fjord Fragt ApS",
  Søgenavn: "FJORD",
  SE_Nr: "45123456",
  Adr1: "Kajen 3",
  PostNr: "7600",
  ByNavn: "Struer",
  Land: "DK",
};

beforeAll(async () => {
  shop = await openShop({ debitorer: [debitor], kreditorer: [kreditor] });
});

afterAll(() => shop?.close());

const read = async (id: string) => (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
const writesTo = (table: string): number => shop.erp.log.writes(table).length;

test("S7 a Kundeemne is kept in agreement with a debitor, and with a kreditor, each alone", async () => {
  const customer = await shop.find("erp", "debitor", "1001");
  const supplier = await shop.find("erp", "kreditor", "7001");
  await shop.api("PATCH", `/v1/kundeemner/${customer.meta.id}`, { body: { adresse1: "Savvej 11" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Adr1: "Savvej 11" });
  expect(writesTo("Kreditorer")).toBe(0);
  shop.erp.control.put("Kreditorer", "7001", { Navn: "Fjord Fragt A/S" });
  await shop.settle();
  expect(await read(supplier.meta.id)).toMatchObject({ firmanavn: "Fjord Fragt A/S" });
  await shop.api("PATCH", `/v1/kundeemner/${supplier.meta.id}`, { body: { telefon: "97 10 20 30" } });
  await shop.settle();
  expect(shop.erp.control.row("Kreditorer", "7001")).toMatchObject({ Telefon: "97 10 20 30" });
});

test("S29 all finance fields can be prepared on a lead, and no ledger hears of it", async () => {
  const [debs, kreds] = [writesTo("Debitorer"), writesTo("Kreditorer")];
  const finance = {
    standardMoms: "I25",
    bogfoeringsgruppeDeb: "DK",
    bogfoeringsgruppeKred: "DK",
    valuta: "DKK",
    betalingsbetingelser: "N14",
    leveringsbetingelser: "DAP",
    afdelinger: ["10", "20"],
  };
  const made = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Måske Kunde ApS", ...finance } });
  expect(made.body).toMatchObject(finance);
  await shop.settle();
  expect([writesTo("Debitorer"), writesTo("Kreditorer")]).toEqual([debs, kreds]);
  expect((await read(made.body.meta.id)).findesDeb).toBe(false);
});

test("S31 a new record takes active currencies only, and a withdrawn one from a ledger stays readable and is flagged", async () => {
  expect((await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Kuna d.o.o.", valuta: "HRK" } })).status).toBe(
    422,
  );
  expect((await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Euro GmbH", valuta: "EUR" } })).status).toBe(
    201,
  );
  const number = shop.erp.control.create("Debitorer", { Navn: "Zagreb Trade d.o.o.", Valuta: "HRK" }).Kontonr ?? "";
  await shop.settle();
  const kept = await shop.find("erp", "debitor", number);
  expect(kept.valuta).toBe("HRK");
  expect(JSON.stringify(kept.meta.warnings)).toContain("valuta");
});

test("S33 with sync on a change on either side is on the other within one cycle; without a link nothing is written", async () => {
  const customer = await shop.find("erp", "debitor", "1001");
  shop.erp.control.put("Debitorer", "1001", { Telefon: "96 10 20 30" });
  await shop.settle();
  expect((await read(customer.meta.id)).telefon).toBe("96 10 20 30");
  await shop.api("PATCH", `/v1/kundeemner/${customer.meta.id}`, { body: { hjemmeside: "https://vesttrae.example" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Hjemmeside: "https://vesttrae.example" });
  const before = writesTo("Debitorer");
  await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Uden Link ApS", telefon: "70102030" } });
  await shop.settle();
  expect(writesTo("Debitorer")).toBe(before);
});

test("S34 the four link states are derived from the links, and each can be asked for", async () => {
  shop.erp.control.create("Debitorer", { Navn: "Begge Dele A/S", SE_Nr: "01234560" });
  await shop.settle();
  shop.erp.control.create("Kreditorer", { Navn: "Begge Dele A/S", SE_Nr: "DK 01234560" });
  await shop.settle();
  const names = async (query: string): Promise<string[]> =>
    (await shop.api("GET", `/v1/kundeemner?limit=100&${query}`)).body.items.map(
      (each: { firmanavn: string }) => each.firmanavn,
    );
  expect(await names("findesDeb=true&findesKred=true")).toEqual(["Begge Dele A/S"]);
  expect(await names("findesDeb=true&findesKred=false")).toContain("Vestjysk Træ A/S");
  expect(await names("findesDeb=false&findesKred=true")).toContain("Fjord Fragt A/S");
  expect(await names("findesDeb=false&findesKred=false")).toContain("Uden Link ApS");
});

test("S35 FindesDeb and FindesKred follow the ledger by themselves, cannot be written, and a vanished object raises an alert", async () => {
  const number = shop.erp.control.create("Debitorer", { Navn: "Kortvarig ApS", SE_Nr: "10000009" }).Kontonr ?? "";
  await shop.settle();
  const emne = await shop.find("erp", "debitor", number);
  expect(emne.findesDeb).toBe(true);
  expect((await shop.api("PATCH", `/v1/kundeemner/${emne.meta.id}`, { body: { findesDeb: false } })).status).toBe(422);
  shop.erp.control.remove("Debitorer", number);
  // One listing that misses it is a suspicion, a second one and the ledger's own word settle it.
  await shop.settle();
  await shop.settle();
  expect((await read(emne.meta.id)).findesDeb).toBe(false);
  const { items } = (await shop.api("GET", "/v1/reviews?kind=alert")).body;
  expect(
    items.some(
      (each: { externalId: string; reason: string }) => each.externalId === number && each.reason.includes("gone"),
    ),
  ).toBe(true);
});

test("S36 an update is what triggers sync, field by field, with an audit line of old and new value and no echo", async () => {
  const customer = await shop.find("erp", "debitor", "1001");
  const { id } = customer.meta;
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { attention: "Port 4" } });
  // No poll in between: the edit itself made the delivery due.
  await shop.engine.work();
  const [last] = shop.erp.log.entries({ method: "PUT", id: "1001" }).slice(-1);
  expect(last?.body).toEqual({ Att: "Port 4" });
  const before = shop.erp.log.writes("Debitorer", "1001").length;
  await shop.settle();
  expect(shop.erp.log.writes("Debitorer", "1001").length).toBe(before);
  const { items } = (await shop.api("GET", `/v1/kundeemner/${id}/history`)).body;
  expect(items[0].fields.attention).toMatchObject({ from: null, to: "Port 4" });
  expect(items[0].by.kind).toBe("api");
});

test("S37 off is the default: an armed ledger is read and previewed, and nothing is written before a person releases it", async () => {
  const armed = await openShop({ debitorer: [debitor], armed: true });
  try {
    await armed.settle();
    expect((await armed.api("GET", "/v1/kundeemner")).body.items).toEqual([]);
    const run = await armed.api("POST", "/v1/connections/erp/runs", { body: { kind: "preview", object: "debitor" } });
    await armed.engine.work();
    const preview = (await armed.api("GET", `/v1/runs/${run.body.id}`)).body;
    expect(preview.counts).toMatchObject({ read: 1, created: 1 });
    expect((await armed.api("GET", "/v1/kundeemner")).body.items).toEqual([]);
    expect(armed.erp.log.writes("Debitorer").length).toBe(0);
    await armed.api("POST", "/v1/connections/erp/release", { body: { object: "debitor", preview: run.body.id } });
    await armed.engine.work();
    expect((await armed.api("GET", "/v1/kundeemner")).body.items.length).toBe(1);
  } finally {
    await armed.close();
  }
});

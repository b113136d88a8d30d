import { expect, test } from "vitest";
import { startRaw } from "../support/keybalance-raw.ts";

/** The rows of domain b1: one test for each meaning. */

const nord = { Kontonr: "06011535", Navn: "Nørregård & Sønner A/S" };
const debitor = { rows: { Debitorer: [nord], Kreditorer: [{ Kontonr: "06011535", Navn: "Ærø Bådværft K/S" }] } };

test("account no.: a string with its leading zeros, the same in both ledgers, never changed by a body", async () => {
  const kb = await startRaw(debitor);
  const answer = await kb.json("PUT", "/Debitorer/06011535", { Kontonr: "99", Att: "Indkøb" });
  expect(answer).toMatchObject({ Kontonr: "06011535", Att: "Indkøb" });
  expect(await kb.json("GET", "/Kreditorer/06011535")).toMatchObject({ Kontonr: "06011535", Navn: "Ærø Bådværft K/S" });
});

const writable: readonly [meaning: string, fields: Record<string, string>][] = [
  ["search name, whose key holds an ø", { Søgenavn: "NØRREGÅRD" }],
  ["CVR, SE or VAT no. as DK number", { SE_Nr: "DK13748136" }],
  ["CVR, SE or VAT no. as digits", { SE_Nr: "13748136" }],
  ["CVR, SE or VAT no. from abroad", { SE_Nr: "SE556012345601" }],
  ["name", { Navn: "Café Smørrebrød ApS" }],
  ["address", { Adr1: "Østergade 7", Adr2: "st. tv.", PostNr: "0999", ByNavn: "Ærøskøbing", Land: "DK" }],
  ["attention and contact", { Att: "Bogholderi", Kontakt: "Åse Ødum" }],
  [
    "phone, mobile, fax, e-mail and accounts e-mail",
    {
      ...{ Telefon: "33 12 13 14", Mobil: "+45 20202020", Fax: "33121315" },
      ...{ Email: "aase@noerregaard.example", EmailBoghFak: "faktura@noerregaard.example" },
    },
  ],
  ["currency", { Valuta: "EUR" }],
  [
    "VAT group, posting group, terms, department",
    { Moms: "EU", Gruppe: "B", BetBet: "N8", LevBet: "DAP", Afdeling: "20" },
  ],
];

test.each(writable)("%s: stored and shown as typed, by debitor and kreditor alike", async (_meaning, fields) => {
  const kb = await startRaw(debitor);
  for (const table of ["Debitorer", "Kreditorer"]) {
    expect(await kb.json("PUT", `/${table}/06011535`, fields)).toMatchObject(fields);
    expect(await kb.json("GET", `/${table}/06011535`)).toMatchObject(fields);
  }
});

test("balance: accepted in a body and ignored, as the published example of a POST has it", async () => {
  const kb = await startRaw(debitor);
  const made = await kb.call("POST", "/Debitorer", { Navn: "Kaas ApS", SaldoVal: 30, Saldo: "30.00" });
  expect(made.status).toBe(201);
  expect(JSON.parse(made.body)).toMatchObject({ Saldo: "0.00", SaldoVal: "0.00" });
  expect(await kb.json("PUT", "/Debitorer/06011535", { SaldoVal: 30 })).toMatchObject({ SaldoVal: "0.00" });
});

test("currency: blank stays blank, which means DKK", async () => {
  const kb = await startRaw();
  expect(await kb.json("POST", "/Debitorer", { Navn: "Kaas ApS" })).toMatchObject({ Valuta: "" });
});

test("codes: debitor and kreditor have lists of their own", async () => {
  const tables = { Debitorer: { codes: { BetBet: ["N8"] } }, Kreditorer: { codes: { BetBet: ["K30"] } } };
  const kb = await startRaw({ ...debitor, tables });
  expect((await kb.call("PUT", "/Debitorer/06011535", { BetBet: "N8" })).status).toBe(200);
  const refused = await kb.call("PUT", "/Kreditorer/06011535", { BetBet: "N8" });
  expect(refused).toMatchObject({ status: 400, body: "BetBet: koden findes ikke" });
  expect(kb.control.row("Kreditorer", "06011535")?.BetBet).toBe("");
});

test.each(["EAN", "BetalerEANLokation"])("EAN/GLN: %s is checked by the ledger and refused in words", async (field) => {
  const kb = await startRaw(debitor);
  expect((await kb.call("PUT", "/Debitorer/06011535", { [field]: "5798000000001" })).status).toBe(200);
  const refused = await kb.call("PUT", "/Debitorer/06011535", { [field]: "5790001234567", Att: "x" });
  expect(refused).toMatchObject({ status: 400, body: `${field}: ugyldigt EAN-lokationsnummer` });
  expect(kb.control.row("Debitorer", "06011535")).toMatchObject({ [field]: "5798000000001", Att: "" });
});

test("credit limit, blocked: the ledger's own, ignored in a body and shown when a person sets them", async () => {
  const kb = await startRaw(debitor);
  const sent = { KreditMax: "1.00", Spærret: "1" };
  expect(await kb.json("PUT", "/Debitorer/06011535", sent)).toMatchObject({ KreditMax: "", Spærret: "0" });
  kb.control.put("Debitorer", "06011535", { KreditMax: "5000.00", Spærret: "1" });
  const shown = await kb.json("GET", "/Debitorer/06011535");
  expect(shown).toMatchObject({ KreditMax: "5000.00", Spærret: "1" });
});

test("delivery profile: shown, so that a reader meets fields it has no use for", async () => {
  const kb = await startRaw(debitor);
  const shown = await kb.json("GET", "/Debitorer/06011535");
  expect(Object.keys(shown)).toEqual(expect.arrayContaining(["LevID", "Lev_Adr1", "Lev_Att"]));
});

test("our account no. at the supplier: a kreditor has it, a debitor does not", async () => {
  const kb = await startRaw(debitor);
  const fields = { VoresKontonr: "44100" };
  expect(await kb.json("PUT", "/Kreditorer/06011535", fields)).toMatchObject(fields);
  expect(await kb.json("PUT", "/Debitorer/06011535", fields)).not.toHaveProperty("VoresKontonr");
});

test("requisition required: the ledger's own", async () => {
  const kb = await startRaw(debitor);
  expect(await kb.json("PUT", "/Debitorer/06011535", { ExternRef: "1" })).toMatchObject({ ExternRef: "" });
});

test("every value is a string: numbers and booleans are taken in the ledger's way, objects are refused", async () => {
  const kb = await startRaw();
  const row = await kb.json("POST", "/KundeEmner", {
    Navn: "Kaas ApS",
    AntalMedarb: 12,
    GdprOK: true,
    TilladKampagne: false,
  });
  expect(row).toMatchObject({ AntalMedarb: "12", GdprOK: "1", TilladKampagne: "0", GdprDato: "" });
  const refused = await kb.call("PUT", `/KundeEmner/${row.Kontonr}`, { Navn: { tekst: "x" } });
  expect(refused).toMatchObject({ status: 400, body: "Feltet Navn har en forkert værdi" });
});

test("contact persons: each belongs to a Kundeemne that is there, which is then in use", async () => {
  const kb = await startRaw({ rows: { KundeEmner: [{ Kontonr: "100", Navn: "Kaas ApS" }] } });
  const made = await kb.json("POST", "/Kontaktpersoner", { EmneNr: "100", Navn: "Åse Ødum", Primaer: "1" });
  expect(made).toMatchObject({ Id: "1001", EmneNr: "100", Navn: "Åse Ødum", Primaer: "1" });
  const orphan = await kb.call("POST", "/Kontaktpersoner", { EmneNr: "101", Navn: "Bo" });
  expect(orphan).toMatchObject({ status: 400, body: "EmneNr: 101 findes ikke i KundeEmner" });
  expect(await kb.call("DELETE", "/KundeEmner/100")).toMatchObject({ status: 409 });
});

test("names are the installation's: a table and its fields can be called anything", async () => {
  const tables = { Kunder: { like: "Debitorer", key: "DKontonr", fields: ["Navn", "Telefon"], computed: [] } };
  const kb = await startRaw({ tables, functions: ["Kunder"] });
  expect(await kb.json("POST", "/Kunder", { Navn: "Kaas ApS", Ukendt: "x" })).toEqual({
    ...{ DKontonr: "06010001", Navn: "Kaas ApS", Telefon: "" },
  });
  expect((await kb.call("GET", "/Debitorer")).status).toBe(404);
});

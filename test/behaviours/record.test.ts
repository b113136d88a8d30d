import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop({
    debitorer: [
      {
        Kontonr: "06011535",
        Navn: "Ærø Bådværft K/S",
        Søgenavn: "ÆRØ",
        SE_Nr: "12345674",
        Adr1: "Havnen 1",
        PostNr: "5970",
        ByNavn: "Ærøskøbing",
        Land: "DK",
        Valuta: "DKK",
      },
    ],
    kreditorer: [
      {
        Kontonr: "06011535",
        Navn: "Sønderjysk Stål A/S",
        Søgenavn: "STÅL",
        SE_Nr: "45123456",
        Adr1: "Åvej 2",
        PostNr: "6400",
        ByNavn: "Sønderborg",
        Land: "DK",
      },
    ],
    kundeemner: [
      {
        Kontonr: "06011535",
        Navn: "Café Smørrebrød ApS",
        Søgenavn: "CAFE",
        SE_Nr: "20000023",
        Adr1: "Nørregade 12, 2. tv.",
        PostNr: "8000",
        ByNavn: "Aarhus C",
        Land: "DK",
        EmneType: "lead",
        TilladKampagne: "0",
        MaaOpdateresAuto: "1",
      },
    ],
  });
});

afterAll(() => shop?.close());

test("S2 customers, suppliers and leads live in one collection, and filtering by link state gives each", async () => {
  const names = async (query: string): Promise<string[]> =>
    (await shop.api("GET", `/v1/kundeemner?${query}`)).body.items
      .map((each: { firmanavn: string }) => each.firmanavn)
      .sort();
  expect(await names("findesDeb=true")).toEqual(["Ærø Bådværft K/S"]);
  expect(await names("findesKred=true")).toEqual(["Sønderjysk Stål A/S"]);
  expect(await names("findesDeb=false&findesKred=false")).toEqual(["Café Smørrebrød ApS"]);
  expect((await names("limit=10")).length).toBe(3);
});

test("S3 a Kundeemne is made with a name alone, gets an account number, is read, changed and reaches the CRM", async () => {
  const made = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Ny Kunde ApS" } });
  expect(made.status).toBe(201);
  expect(made.body.kontonummer).toMatch(/^\d+$/);
  const { id } = made.body.meta;
  const changed = await shop.api("PATCH", `/v1/kundeemner/${id}`, {
    body: { telefon: "70 10 20 30" },
    headers: { "if-match": made.headers.get("etag") ?? "" },
  });
  expect(changed.status).toBe(200);
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body).toMatchObject({
    firmanavn: "Ny Kunde ApS",
    telefon: "70 10 20 30",
  });
  await shop.settle();
  expect(await shop.rowOf(id, "kundeemne")).toMatchObject({ Navn: "Ny Kunde ApS", Telefon: "70 10 20 30" });
  const nameless = await shop.api("POST", "/v1/kundeemner", { body: { telefon: "70102030" } });
  expect(nameless.status).toBe(422);
});

test("S8 a lead can become debitor later: id and kontonummer stay as they are", async () => {
  const made = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Vækst Lead A/S", cvrNr: "01234560" } });
  const { id } = made.body.meta;
  expect(made.body).toMatchObject({ findesDeb: false, findesKred: false });
  shop.erp.control.create("Debitorer", { Navn: "Vækst Lead A/S", SE_Nr: "DK01234560" });
  await shop.settle();
  shop.erp.control.create("Kreditorer", { Navn: "Vækst Lead A/S", SE_Nr: "01234560" });
  await shop.settle();
  const after = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  expect(after).toMatchObject({ findesDeb: true, findesKred: true, kontonummer: made.body.kontonummer });
  expect(after.meta.id).toBe(id);
});

test("S9 an emne can be all seven kinds at once, private persons included", async () => {
  const emnetyper = [
    "lead",
    "nuvaerendeKunde",
    "tidligereKunde",
    "leverandoer",
    "kampagnekontakt",
    "marketingmaalgruppe",
    "partner",
  ];
  const made = await shop.api("POST", "/v1/kundeemner", {
    body: { firmanavn: "Åse Ødegård", kundetype: "BTC", emnetyper },
  });
  expect(made.status).toBe(201);
  await shop.settle();
  const row = await shop.rowOf(made.body.meta.id, "kundeemne");
  expect(row?.EmneType?.split(",").sort()).toEqual([...emnetyper].sort());
  const wrong = await shop.api("PATCH", `/v1/kundeemner/${made.body.meta.id}`, { body: { emnetyper: ["ven"] } });
  expect(wrong.status).toBe(422);
});

test("S11 name and address are kept as typed, and Danish letters survive every path", async () => {
  const typed = {
    firmanavn: "Å/S Ærø & Øen – Würth",
    adresse1: "Gl. Kongevej 3 B, st. th",
    adresse2: "c/o Søren Ødegård",
    postnr: "1610",
    bynavn: "København V",
  };
  const made = await shop.api("POST", "/v1/kundeemner", { body: typed });
  await shop.settle();
  expect(await shop.rowOf(made.body.meta.id, "kundeemne")).toMatchObject({
    Navn: typed.firmanavn,
    Adr1: typed.adresse1,
    Adr2: typed.adresse2,
    PostNr: "1610",
    ByNavn: typed.bynavn,
  });
  const ledger = await shop.find("erp", "debitor", "06011535");
  shop.erp.control.put("Debitorer", "06011535", { Adr1: "Ærøstræde 4 ½" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${ledger.meta.id}`)).body.adresse1).toBe("Ærøstræde 4 ½");
  expect(await shop.rowOf(ledger.meta.id, "kundeemne")).toMatchObject({ Adr1: "Ærøstræde 4 ½" });
});

test("S12 a country's name in Danish or English sets its code, and an unknown one is an error, not Denmark", async () => {
  for (const [land, landekode] of [
    ["Tyskland", "DE"],
    ["Germany", "DE"],
    ["Grønland", "GL"],
    ["Færøerne", "FO"],
    ["England", "GB"],
  ]) {
    const made = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: `Firma ${land}`, land } });
    expect(made.body).toMatchObject({ landekode });
    expect(typeof made.body.land).toBe("string");
  }
  const unknown = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Firma", land: "Atlantis" } });
  expect(unknown.status).toBe(422);
  expect(unknown.body.errors[0].pointer).toContain("land");
});

test("S13 the visiting address is another one, and no debitor ever overwrites it", async () => {
  const emne = await shop.find("erp", "debitor", "06011535");
  const besoegsadresse = { adresse1: "Værftet 9", postnr: "5970", bynavn: "Ærøskøbing", landekode: "DK" };
  await shop.api("PATCH", `/v1/kundeemner/${emne.meta.id}`, { body: { besoegsadresse } });
  shop.erp.control.put("Debitorer", "06011535", { Adr1: "Ny Havn 77", Adr2: "Baghuset" });
  await shop.settle();
  const after = (await shop.api("GET", `/v1/kundeemner/${emne.meta.id}`)).body;
  expect(after.adresse1).toBe("Ny Havn 77");
  expect(after.besoegsadresse).toMatchObject(besoegsadresse);
  expect(await shop.rowOf(emne.meta.id, "kundeemne")).toMatchObject({ BesoegAdr1: "Værftet 9", Adr1: "Ny Havn 77" });
});

test("S14 a CVR number is checked at the API, kept and flagged from a ledger, and shared ones are reported", async () => {
  const wrong = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Forkert ApS", cvrNr: "12345678" } });
  expect(wrong.status).toBe(422);
  const cpr = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Person", cvrNr: "010170-1234" } });
  expect(cpr.status).toBe(422);
  expect(cpr.text).not.toContain("010170-1234");
  const nr = shop.erp.control.create("Debitorer", { Navn: "Tastefejl ApS", SE_Nr: "12345678" }).Kontonr ?? "";
  await shop.settle();
  const kept = await shop.find("erp", "debitor", nr);
  expect(kept.cvrNr).toBe("12345678");
  expect(JSON.stringify(kept.meta.warnings)).toContain("cvrNr");
  expect((await shop.rowOf(kept.meta.id, "kundeemne"))?.SE_Nr ?? "").toBe("");
  // A second debitor with the CVR number of one that is linked: allowed, but a person is told.
  const branch =
    shop.erp.control.create("Debitorer", { Navn: "Ærø Bådværft K/S, afdeling 2", SE_Nr: "12345674" }).Kontonr ?? "";
  await shop.settle();
  const { items } = (await shop.api("GET", "/v1/reviews?kind=match_case")).body;
  expect(items.map((each: { externalId: string }) => each.externalId)).toContain(branch);
});

test("S15 an emne has several P numbers of ten digits, and no modulus refuses one", async () => {
  const made = await shop.api("POST", "/v1/kundeemner", {
    body: { firmanavn: "Flere Enheder A/S", pNumre: ["1003388394", "1000000001"] },
  });
  expect(made.body.pNumre).toEqual(["1003388394", "1000000001"]);
  await shop.settle();
  expect((await shop.rowOf(made.body.meta.id, "kundeemne"))?.P_Numre?.split(",")).toEqual(["1003388394", "1000000001"]);
  expect(
    (await shop.api("PATCH", `/v1/kundeemner/${made.body.meta.id}`, { body: { pNumre: ["100338839"] } })).status,
  ).toBe(422);
});

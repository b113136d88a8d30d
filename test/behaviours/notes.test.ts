import { afterAll, beforeAll, expect, test } from "vitest";
import { debitorMapping } from "../../src/connectors/keybalance/debitor.mapping.ts";
import type { Mapping } from "../../src/mappings/mapping.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let id: string;

const NAME_MAX = 40;
const withLimit: Mapping = {
  ...debitorMapping,
  fields: debitorMapping.fields.map((line) =>
    "field" in line && line.field === "firmanavn" ? { ...line, max: NAME_MAX } : line,
  ),
};

beforeAll(async () => {
  shop = await openShop({
    mappings: { "erp.debitor": withLimit },
    debitorer: [{ Kontonr: "1001", Navn: "Sydhavn Papir A/S", Søgenavn: "SYDHAVN", SE_Nr: "12345674" }],
    kundeemner: [
      {
        Kontonr: "5001",
        Navn: "Sydhavn Papir A/S",
        Søgenavn: "SYDHAVN",
        SE_Nr: "12345674",
        TilladKampagne: "0",
        MaaOpdateresAuto: "1",
      },
    ],
  });
  id = (await shop.find("erp", "debitor", "1001")).meta.id;
});

afterAll(() => shop?.close());

const patch = (body: Record<string, unknown>) => shop.api("PATCH", `/v1/kundeemner/${id}`, { body });
const inCrm = () => shop.crm.control.row("KundeEmner", "5001");
const inErp = () => shop.erp.control.row("Debitorer", "1001");

test("S43 Bemærk 1 to 3 are three fields that keep their order and are not merged", async () => {
  await patch({ bemaerk1: "Ring først", bemaerk2: "Kør bagom", bemaerk3: "Hunden bider" });
  await shop.settle();
  expect(inCrm()).toMatchObject({ Bemaerk1: "Ring først", Bemaerk2: "Kør bagom", Bemaerk3: "Hunden bider" });
  shop.crm.control.put("KundeEmner", "5001", { Bemaerk2: "" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body).toMatchObject({
    bemaerk1: "Ring først",
    bemaerk2: null,
    bemaerk3: "Hunden bider",
  });
});

test("S44 Overordnet tekst is a field of its own", async () => {
  await patch({ overordnetTekst: "Rammeaftale 2026" });
  await shop.settle();
  expect(inCrm()).toMatchObject({ OverordnetTekst: "Rammeaftale 2026", Bemaerk1: "Ring først" });
});

test("S45 Pakkeinfo and Pallespecifikation go to the ledger as delivery texts, line breaks and all", async () => {
  const pakkeinfo = "Leveres ved port 3\nKl. 7–15\n\nRing på";
  await patch({ pakkeinfo, pallespecifikation: "EUR-palle, max 120 cm" });
  await shop.settle();
  expect(inErp()).toMatchObject({ Pakkeinfo: pakkeinfo, Pallespec: "EUR-palle, max 120 cm" });
  expect(inCrm()).toMatchObject({ Pakkeinfo: pakkeinfo });
});

test("S46 Titler and Profiler are lists, and can be filtered by", async () => {
  await patch({ titler: ["Direktør", "Indkøber"], profiler: ["Beslutter"] });
  await shop.settle();
  expect(inCrm()).toMatchObject({ Profiler: "Beslutter" });
  const found = await shop.api("GET", `/v1/kundeemner?titler=${encodeURIComponent("Indkøber")}`);
  expect(found.body.items.map((each: { meta: { id: string } }) => each.meta.id)).toEqual([id]);
  expect((await shop.api("GET", `/v1/kundeemner?profiler=${encodeURIComponent("Gæst")}`)).body.items).toEqual([]);
});

test("S47 GDPR status is structured: an approval has its date, and reaches the CRM as one value", async () => {
  expect((await patch({ gdprOk: true, gdprDato: "2999-01-01" })).status).toBe(422);
  expect((await patch({ gdprOk: true, gdprDato: "2026-03-01" })).status).toBe(200);
  await shop.settle();
  expect(inCrm()).toMatchObject({ GdprDato: "2026-03-01" });
  expect(inCrm()?.GdprOK).toBe("1");
});

test("S48 internal notes are never sent to a ledger", async () => {
  await patch({ bemaerk1: "Betaler sent", overordnetTekst: "Fortroligt" });
  await shop.settle();
  const bodies = shop.erp.log.entries().map((entry) => JSON.stringify(entry.body ?? ""));
  expect(bodies.some((body) => body.includes("Betaler sent") || body.includes("Fortroligt"))).toBe(false);
  expect(inCrm()).toMatchObject({ Bemaerk1: "Betaler sent" });
});

test("S49 a text too long for the target is held back with the limit named, never cut, and the rest goes out", async () => {
  const long = "Ø".repeat(1_999);
  expect((await patch({ bemaerk1: "x".repeat(256) })).status).toBe(422);
  const name = "Sydhavn Papir og Karton og alt hvad dertil hører på havnen";
  expect((await patch({ firmanavn: name, pakkeinfo: long, telefon: "70 10 20 31" })).status).toBe(200);
  await shop.settle();
  expect(inErp()).toMatchObject({ Navn: "Sydhavn Papir A/S", Telefon: "70 10 20 31" });
  const [row] = await shop.engine.deps.db.sql.unsafe(
    "select withheld from deliveries where object = 'debitor' and state = 'withheld'",
  );
  expect(JSON.stringify(row?.withheld)).toContain(String(NAME_MAX));
});

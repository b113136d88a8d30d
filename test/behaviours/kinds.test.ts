import { afterAll, beforeAll, expect, test } from "vitest";
import { unlink } from "../../src/pipelines/linking.ts";
import { person } from "../support/engine.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
const account = (Kontonr: string, Navn: string, SE_Nr: string) => ({
  ...{ Kontonr, Navn, Søgenavn: Navn.toUpperCase(), SE_Nr, Adr1: "Kajen 1", PostNr: "9900", ByNavn: "Frederikshavn" },
  Land: "DK",
});

beforeAll(async () => {
  shop = await openShop({
    debitorer: [account("1", "Begge Dele A/S", "12345674"), account("2", "Kun Kunde ApS", "45123456")],
    kreditorer: [account("1", "Begge Dele A/S", "12345674")],
    objects: { kundeemne: { direction: "off", create: "none" }, kontaktperson: { direction: "off", create: "none" } },
  });
});
afterAll(() => shop?.close());

const read = async (id: string) => (await shop.api("GET", `/v1/kundeemner/${id}`)).body;

test("R4 emnetyper follow from the links while nobody has said: customer, supplier, former customer", async () => {
  const both = await shop.find("erp", "debitor", "1");
  expect((await shop.find("erp", "kreditor", "1")).meta.id).toBe(both.meta.id);
  expect(both.emnetyper).toEqual(["nuvaerendeKunde", "leverandoer"]);
  expect(both.meta.sources.emnetyper).toMatchObject({ kind: "derived", rule: "R4:derived" });
  const link = both.links.find((each: { object: string }) => each.object === "debitor");
  await unlink(shop.engine.deps, { linkId: link.id, by: person });
  expect(await read(both.meta.id)).toMatchObject({ findesDeb: false, emnetyper: ["tidligereKunde", "leverandoer"] });
});

test("R4 what a person has said of emnetyper no link changes, nor an emptiness that was set", async () => {
  const customer = await shop.find("erp", "debitor", "2");
  expect(customer.emnetyper).toEqual(["nuvaerendeKunde"]);
  const path = `/v1/kundeemner/${customer.meta.id}`;
  await shop.api("PATCH", path, { body: { emnetyper: ["partner"] } });
  const link = customer.links[0];
  await unlink(shop.engine.deps, { linkId: link.id, by: person });
  expect(await read(customer.meta.id)).toMatchObject({ findesDeb: false, emnetyper: ["partner"] });
});

test("R4 a lead is one until a debitor is linked, then it is a customer", async () => {
  const body = { kilde: "messe", submissionId: "1", kundeemne: { firmanavn: "Ny Kunde ApS", cvrNr: "20000023" } };
  const { lead } = (await shop.api("POST", "/v1/leads", { body })).body;
  expect(await read(lead.kundeemneId)).toMatchObject({ emnetyper: ["lead"], findesDeb: false });
  shop.erp.control.create("Debitorer", account("3", "Ny Kunde ApS", "20000023"));
  await shop.settle();
  expect(await read(lead.kundeemneId)).toMatchObject({ emnetyper: ["nuvaerendeKunde"], findesDeb: true });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let customer: string;
let lead: string;

beforeAll(async () => {
  shop = await openShop({
    debitorer: [
      {
        Kontonr: "1001",
        Navn: "Østkystens VVS A/S",
        Søgenavn: "ØST",
        SE_Nr: "12345674",
        Adr1: "Havn 1",
        PostNr: "5000",
      },
    ],
  });
  customer = (await shop.find("erp", "debitor", "1001")).meta.id;
  const made = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Ærligt Lead ApS" } });
  lead = made.body.meta.id;
});

afterAll(() => shop?.close());

const add = async (id: string, kind: string, body: object) => {
  const answer = await shop.api("POST", `/v1/kundeemner/${id}/${kind}`, { body });
  expect(answer.status, answer.text).toBe(201);
};

test("S52 one reading shows potential and values, and the contact with telephone and e-mail", async () => {
  await add(lead, "tilbud", { nr: "T-9", dato: "2026-11-02", beloeb: "1250.50" });
  await add(lead, "aktiviteter", { type: "opkald", dato: "2026-11-03", vaerdi: "900" });
  await add(lead, "kontaktpersoner", {
    navn: "Åse Holm",
    telefon: "97 10 20 30",
    email: "aase@lead.example",
    primaer: true,
  });
  expect((await shop.api("GET", `/v1/kundeemner/${lead}`)).body).toMatchObject({
    ...{ tilbudKr: "1250.5", vaerdi: "900", nyesteAkt: "2026-11-03" },
    kontaktpersoner: [{ navn: "Åse Holm", telefon: "97 10 20 30", email: "aase@lead.example", primaer: true }],
  });
});

test("S89 customers and leads stand in one list, told apart by their links and sorted by what they are worth", async () => {
  const { items } = (await shop.api("GET", "/v1/kundeemner?sort=-vaerdi")).body;
  expect(items.map((each: { firmanavn: string; findesDeb: boolean }) => [each.firmanavn, each.findesDeb])).toEqual([
    ["Ærligt Lead ApS", false],
    ["Østkystens VVS A/S", true],
  ]);
});

test("S91 another module reads a record by its id or by the ledger's number, and hears of a change once, in the feed", async () => {
  const byNumber = await shop.api("GET", "/v1/links?connection=erp&object=debitor&externalId=1001");
  expect(byNumber.body.items).toMatchObject([{ entityId: customer, state: "linked" }]);
  // The lead of these tests has reached the CRM, and nothing else moves.
  await shop.settle();
  await shop.settle();
  const { cursor } = (await shop.api("GET", "/v1/feed?after=latest")).body;
  shop.erp.control.put("Debitorer", "1001", { Telefon: "97 11 22 33" });
  await shop.settle();
  const heard = (await shop.api("GET", `/v1/feed?after=${cursor}`)).body;
  expect(heard.entries).toMatchObject([{ id: customer, fields: ["telefon"] }]);
  expect((await shop.api("GET", `/v1/kundeemner/${customer}`)).body.telefon).toBe("97 11 22 33");
  expect((await shop.api("GET", `/v1/feed?after=${heard.cursor}`)).body.entries).toEqual([]);
});

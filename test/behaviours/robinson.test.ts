import { afterAll, beforeAll, expect, test } from "vitest";
import { robinsonKey } from "../../src/danish/robinson.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
const ids = new Map<string, string>();
beforeAll(async () => {
  shop = await openShop({ armed: true });
  const rows = [
    { firmanavn: "Jens Peter Holm", adresse1: "Nørregade 12, 2. tv", postnr: "8000", kundetype: "BTC" },
    { firmanavn: "Karen Holm", adresse1: "Nørregade 12, 2. tv", postnr: "8000", kundetype: "BTC" },
    { firmanavn: "Ane Juhl", adresse1: "Bygade 3", postnr: "5000", kundetype: "BTC" },
    { firmanavn: "Uden Adresse", kundetype: "BTC" },
    { firmanavn: "Aarhus Kommune", adresse1: "Rådhuspladsen 2", postnr: "8000", kundetype: "BTG" },
    { firmanavn: "Tømrer ApS", attention: "Bo Lind", adresse1: "Havnevej 7", postnr: "9000", kundetype: "BTB" },
  ];
  for (const body of rows) {
    const { status, body: made } = await shop.api("POST", "/v1/kundeemner", { body });
    expect(status).toBe(201);
    ids.set(body.firmanavn, made.meta.id);
  }
});
afterAll(() => shop?.close());

const day = "2026-10-01";
const check = (csv: string, query = `day=${day}`, type = "text/csv") =>
  shop.api("POST", `/v1/robinson/checks?${query}`, { raw: csv, headers: { "content-type": type } });
const robinsonOf = async (name: string) => {
  const { body } = await shop.api("GET", `/v1/kundeemner/${ids.get(name)}`);
  return {
    listed: body.robinson?.listed ?? null,
    checkedAt: body.robinson?.checkedAt ?? null,
    version: body.meta.version,
  };
};
const LIST = `Postnr;Navn;Adresse1
8000;Jens P. Holm;Nørregade 12 2 tv
9000;Bo Lind;Havnevej 7
7000;Ole Ole;Et sted uden nummer
`;

test("S60 who is on the Robinson list is noted with the day of the list, everybody else as looked up, and nobody without a house", async () => {
  const { status, body } = await check(LIST);
  expect({ status, body }).toEqual({
    status: 200,
    body: { lines: 3, unreadable: 1, checked: 5, listed: 2, unknown: 1 },
  });
  const checkedAt = "2026-10-01T00:00:00.000Z";
  expect(await robinsonOf("Jens Peter Holm")).toMatchObject({ listed: true, checkedAt });
  expect(await robinsonOf("Tømrer ApS")).toMatchObject({ listed: true, checkedAt });
  expect(await robinsonOf("Karen Holm")).toMatchObject({ listed: false, checkedAt });
  expect(await robinsonOf("Ane Juhl")).toMatchObject({ listed: false, checkedAt });
  expect(await robinsonOf("Uden Adresse")).toMatchObject({ listed: null, checkedAt: null });
  expect(await robinsonOf("Aarhus Kommune")).toMatchObject({ listed: null, checkedAt: null });
});

test("S60 the same list again changes nothing; a newer one that names somebody no longer frees them", async () => {
  await check(LIST);
  const before = await robinsonOf("Jens Peter Holm");
  await check(LIST);
  expect(await robinsonOf("Jens Peter Holm")).toEqual(before);
  await check("navn,adresse1,postnr\nBo Lind,Havnevej 7,9000\n", "day=2026-11-01");
  expect(await robinsonOf("Jens Peter Holm")).toMatchObject({ listed: false, checkedAt: "2026-11-01T00:00:00.000Z" });
});

test("a file that is no such list is refused with what is missing, and nobody is freed by it", async () => {
  await check(LIST);
  const before = await robinsonOf("Jens Peter Holm");
  for (const [csv, query, type, status, said] of [
    ["navn;adresse1\nJens Holm;Nørregade 12\n", `day=${day}`, "text/csv", 422, "/postnr"],
    ["", `day=${day}`, "text/csv", 422, "/navn"],
    ["navn;adresse1;postnr\n", `day=${day}`, "text/csv", 422, "robinson_list"],
    ["navn;adresse1;postnr\nHolm;;\n", `day=${day}`, "text/csv", 422, "robinson_list"],
    [LIST, "day=2126-01-01", "text/csv", 422, "/day"],
    [LIST, "day=i%20gaar", "text/csv", 400, "day"],
    [LIST, `day=${day}`, "application/json", 415, "text/csv"],
  ] as const) {
    const answer = await check(csv, query, type);
    expect({ csv, query, status: answer.status }).toEqual({ csv, query, status });
    expect(JSON.stringify(answer.body)).toContain(said);
  }
  expect(await robinsonOf("Jens Peter Holm")).toEqual(before);
});

test("a person is recognised by surname, first letter and house, and by nothing less", () => {
  const at = { adresse1: "Nørregade 12, 2. tv", postnr: "8000" };
  const key = robinsonKey("Jens Peter Holm", at);
  expect(key).not.toBeNull();
  expect(robinsonKey("J. Holm", { adresse1: "Nørregade 12", postnr: "8000" })).toBe(key);
  expect(robinsonKey("Karen Holm", at)).not.toBe(key);
  expect(robinsonKey("Jens Holm", { ...at, adresse1: "Nørregade 14" })).not.toBe(key);
  expect(robinsonKey("Jens Holm", { ...at, postnr: "8200" })).not.toBe(key);
  expect(robinsonKey("Holm", at)).toBeNull();
  expect(robinsonKey("Jens Holm", { adresse1: "Nørregade", postnr: "8000" })).toBeNull();
});

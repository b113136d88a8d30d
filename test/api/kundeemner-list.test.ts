import { beforeAll, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeRecord } from "../support/stored-records.ts";

let database: Database;
let api: TestApi;
let client: CheckedClient;

beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database);
  client = await api.as("read");
  const add = (firmanavn: string, values: object, updatedAt?: string) =>
    storeRecord(database.sql, "kundeemne", { firmanavn, ...values }, updatedAt === undefined ? {} : { updatedAt });
  await add(
    "Åby",
    { postnr: "8230", findesDeb: true, emnetyper: ["lead", "partner"], kreditMax: "10.50", vaerdi: "100" },
    "2026-01-01T00:00:00Z",
  );
  await add(
    "Ærø",
    { postnr: "5970", findesKred: true, emnetyper: ["leverandoer"], "branche.kode": "301100", vaerdi: "-7.5" },
    "2026-02-01T00:00:00Z",
  );
  await add("Zeta", { postnr: "8000", findesDeb: true, findesKred: true, vaerdi: "99.95" }, "2026-03-01T00:00:00Z");
  await add("Aabenraa", { postnr: "6200" }, "2026-04-01T00:00:00Z");
  await add("Øster", { findesDeb: false, "arkiveret.vaerdi": true }, "2026-05-01T00:00:00Z");
});

const namesOf = async (query: string) => {
  const answer = await client("GET", `/v1/kundeemner?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.items.map((item: { firmanavn: string }) => item.firmanavn);
};

test("S34 the four link states can be asked for, and all of them live in one list", async () => {
  expect(await namesOf("findesDeb=true&findesKred=false")).toEqual(["Åby"]);
  expect(await namesOf("findesDeb=false&findesKred=true")).toEqual(["Ærø"]);
  expect(await namesOf("findesDeb=true&findesKred=true")).toEqual(["Zeta"]);
  expect(await namesOf("findesDeb=false&findesKred=false")).toEqual(["Aabenraa"]);
  expect(await namesOf("")).toEqual(["Åby", "Ærø", "Zeta", "Aabenraa"]);
});

test("archived records are left out unless asked for", async () => {
  expect(await namesOf("arkiveret=true")).toEqual(["Øster"]);
  expect(await namesOf("arkiveret=any&sort=firmanavn")).toEqual(["Zeta", "Ærø", "Øster", "Aabenraa", "Åby"]);
});

test.each([
  ["postnr=8000&postnr=6200", ["Zeta", "Aabenraa"]],
  ["postnr=8000&findesDeb=true", ["Zeta"]],
  ["emnetyper=partner", ["Åby"]],
  ["emnetyper=", ["Zeta", "Aabenraa"]],
  ["kreditMax=10.5", ["Åby"]],
  ["branche.kode=301100", ["Ærø"]],
  ["vaerdi[gte]=99.95&sort=vaerdi", ["Zeta", "Åby"]],
  ["vaerdi[lt]=99.95&sort=-vaerdi", ["Aabenraa", "Ærø"]],
  ["vaerdi=0", ["Aabenraa"]],
  ["postnr[gte]=6000&postnr[lte]=8000", ["Zeta", "Aabenraa"]],
  ["branche.kode=", ["Åby", "Zeta", "Aabenraa"]],
  ["firmanavn=%C3%86r%C3%B8", ["Ærø"]],
  ["updatedAfter=2026-02-01T00:00:00Z", ["Zeta", "Aabenraa"]],
  ["updatedAfter=2026-02-01T00:00:00%2B02:00&findesKred=true", ["Ærø", "Zeta"]],
  ["postnr=' or true --", []],
])("the filter %s finds %j", async (query, expected) => {
  expect(await namesOf(query)).toEqual(expected);
});

test.each([
  ["firmnavn=x", "/firmnavn"],
  ["findesDeb=ja", "/findesDeb"],
  ["emnetyper=ven", "/emnetyper"],
  ["sort=-nope", "/sort"],
  ["firmanavn[gt]=x", "/firmanavn[gt]"],
  ["vaerdi[gte]=mange", "/vaerdi[gte]"],
  ["sort=emnetyper", "/sort"],
  ["limit=0", "/limit"],
  ["updatedAfter=yesterday", "/updatedAfter"],
  ["arkiveret=maybe", "/arkiveret"],
  ["include=alt", "/include"],
])("the query %s is refused at %s", async (query, pointer) => {
  const answer = await client("GET", `/v1/kundeemner?${query}`);
  expect(answer.status).toBe(400);
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
});

test.each([
  "createdAt",
  "-updatedAt",
  "firmanavn",
  "-firmanavn",
  "kreditMax",
  "-kreditMax",
  "vaerdi",
  "-vaerdi",
  "nyesteAkt",
  "findesDeb",
  "branche.kode",
  "-postnr",
])(
  "pages sorted by %s show every record once, in the order of one long page, also while records come and go",
  async (sort) => {
    const long = await namesOf(`sort=${sort}&arkiveret=any`);
    expect(long).toHaveLength(5);
    const short: string[] = [];
    let cursor = "";
    do {
      const { body } = await client("GET", `/v1/kundeemner?sort=${sort}&arkiveret=any&limit=2${cursor}`);
      short.push(...body.items.map((item: { firmanavn: string }) => item.firmanavn));
      cursor = body.next === null ? "" : `&cursor=${body.next}`;
    } while (cursor !== "");
    expect(short).toEqual(long);
  },
);

const worth = { Åby: 100, Ærø: -7.5, Zeta: 99.95, Aabenraa: 0, Øster: 0 };
const holds = {
  gt: (a: number, b: number) => a > b,
  gte: (a: number, b: number) => a >= b,
  lt: (a: number, b: number) => a < b,
  lte: (a: number, b: number) => a <= b,
  "": (a: number, b: number) => a === b,
};

test.each(["vaerdi", "-vaerdi"])(
  "a list sorted by %s shows whoever a bound of it lets in, on either side of 0",
  async (sort) => {
    for (const [word, isIn] of Object.entries(holds)) {
      for (const bound of [-8, -7.5, -0.01, 0, 0.01, 99.95, 100, 101]) {
        const filter = word === "" ? `vaerdi=${bound}` : `vaerdi[${word}]=${bound}`;
        const shown = await namesOf(`${filter}&sort=${sort}&arkiveret=any`);
        const expected = Object.entries(worth).filter(([, each]) => isIn(each, bound));
        expect([...shown].sort(), filter).toEqual(expected.map(([name]) => name).sort());
        const sums = shown.map((name: keyof typeof worth) => worth[name]);
        expect(sums, filter).toEqual([...sums].sort((a, b) => (sort === "vaerdi" ? a - b : b - a)));
      }
    }
  },
);

test("a cursor of other filters, or of nobody, is refused", async () => {
  const { body } = await client("GET", "/v1/kundeemner?limit=1&sort=firmanavn");
  for (const query of [
    `sort=-firmanavn&cursor=${body.next}`,
    `sort=firmanavn&postnr=1&cursor=${body.next}`,
    "cursor=abc",
  ]) {
    const answer = await client("GET", `/v1/kundeemner?limit=1&${query}`);
    expect(answer.body).toMatchObject({ status: 400, code: "invalid_cursor" });
  }
});

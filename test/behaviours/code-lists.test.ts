import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

const codes = {
  ...{ like: "Debitorer", key: "Kode", fields: ["Tekst"], required: [], computed: [], erpOnly: [], defaults: {} },
  ...{ locationNumbers: [], verbs: ["get"] as const },
};
const list = (...names: string[]) => names.map((Kode) => ({ Kode, Tekst: `Tekst ${Kode}` }));

beforeAll(async () => {
  shop = await openShop({
    tables: {
      Momskoder: codes,
      DebGrupper: codes,
      KredGrupper: codes,
      BetBetDeb: codes,
      BetBetKred: codes,
      Afd: codes,
    },
    rows: {
      Momskoder: list("I25", "EU"),
      DebGrupper: list("DK"),
      KredGrupper: list("DKK"),
      BetBetDeb: list("N14"),
      BetBetKred: list("N30"),
      Afd: list("10", "20"),
    },
    codeLists: {
      debitor: {
        standardMoms: { function: "Momskoder" },
        bogfoeringsgruppeDeb: { function: "DebGrupper" },
        betalingsbetingelser: { function: "BetBetDeb" },
        afdelinger: { function: "Afd" },
      },
      kreditor: { bogfoeringsgruppeKred: { function: "KredGrupper" } },
    },
  });
  const read = await shop.api("POST", "/v1/connections/erp/code-lists");
  expect(read).toMatchObject({ status: 200 });
  expect(read.body.items).toHaveLength(5);
});

afterAll(() => shop?.close());

const make = async (values: Record<string, unknown>) => {
  const made = await shop.api("POST", "/v1/kundeemner", { body: values });
  expect(made.status).toBe(201);
  return made.body;
};
const convert = (id: string, to: string) =>
  shop.api("POST", `/v1/kundeemner/${id}/convert`, { body: { connection: "erp", to, waitMs: 0 } });
const warned = (record: { meta: { warnings?: { field: string; code: string }[] } }) =>
  (record.meta.warnings ?? []).filter(({ code }) => code === "code_unknown").map(({ field }) => field);

test("S30 posting groups of debitor and kreditor are two fields, each held to its own list: a warning before, an error at conversion", async () => {
  const record = await make({
    ...{ firmanavn: "Gruppe Et ApS", bogfoeringsgruppeDeb: "DKK", bogfoeringsgruppeKred: "DKK", standardMoms: "I25" },
  });
  expect(warned(record)).toEqual(["bogfoeringsgruppeDeb"]);
  const refused = await convert(record.meta.id, "debitor");
  expect(refused).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/bogfoeringsgruppeDeb", code: "code_unknown" }] },
  });
  expect(refused.body.errors[0].detail).toContain("DKK");
  expect((await convert(record.meta.id, "kreditor")).status).toBe(202);
  await shop.settle();
  expect(await shop.rowOf(record.meta.id, "kreditor")).toMatchObject({ Gruppe: "DKK" });
  expect(await shop.rowOf(record.meta.id, "debitor")).toBeUndefined();
  await shop.api("PATCH", `/v1/kundeemner/${record.meta.id}`, { body: { bogfoeringsgruppeDeb: "DK" } });
  expect((await convert(record.meta.id, "debitor")).status).toBe(202);
  await shop.settle();
  expect(await shop.rowOf(record.meta.id, "debitor")).toMatchObject({ Gruppe: "DK", Moms: "I25" });
});

test("S32 terms and departments go along at conversion, and several departments stay in the CRM", async () => {
  const record = await make({
    ...{ firmanavn: "Vilkår ApS", betalingsbetingelser: "N14", leveringsbetingelser: "AB", afdelinger: ["10", "20"] },
  });
  expect(warned(record)).toEqual([]);
  expect((await convert(record.meta.id, "debitor")).status).toBe(202);
  await shop.settle();
  const row = await shop.rowOf(record.meta.id, "debitor");
  expect(row).toMatchObject({ BetBet: "N14", LevBet: "AB" });
  expect(row?.Afdeling?.split(",").sort()).toEqual(["10", "20"]);
  expect((await shop.api("GET", `/v1/kundeemner/${record.meta.id}`)).body.afdelinger).toEqual(["10", "20"]);
  const odd = await make({ firmanavn: "Fremmed ApS", betalingsbetingelser: "N99", afdelinger: ["10", "77"] });
  expect(warned(odd).sort()).toEqual(["afdelinger", "betalingsbetingelser"]);
  const refused = await convert(odd.meta.id, "debitor");
  expect(refused.body.errors.map((each: { pointer: string }) => each.pointer).sort()).toEqual([
    "/afdelinger",
    "/betalingsbetingelser",
  ]);
});

test("S30 lists are read anew and paged; a code that the ledger dropped is unknown from then on", async () => {
  const all: string[] = [];
  let cursor = "";
  for (let page = 0; page < 10; page += 1) {
    const answer = await shop.api("GET", `/v1/code-lists?connection=erp&limit=2${cursor}`);
    all.push(...answer.body.items.map((each: { field: string; code: string }) => `${each.field} ${each.code}`));
    if (answer.body.next === null) break;
    cursor = `&cursor=${answer.body.next}`;
  }
  expect(all).toEqual([
    "afdelinger 10",
    "afdelinger 20",
    "betalingsbetingelser N14",
    "bogfoeringsgruppeDeb DK",
    "standardMoms EU",
    "standardMoms I25",
    "bogfoeringsgruppeKred DKK",
  ]);
  shop.erp.control.remove("Momskoder", "EU");
  await shop.api("POST", "/v1/connections/erp/code-lists");
  expect(warned(await make({ firmanavn: "Uden EU ApS", standardMoms: "EU" }))).toEqual(["standardMoms"]);
  expect((await shop.api("POST", "/v1/connections/nowhere/code-lists")).status).toBe(404);
});

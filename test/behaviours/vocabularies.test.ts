import { afterAll, beforeAll, expect, test } from "vitest";
import { compileMapping } from "../../src/mappings/compile.ts";
import { tableMapping } from "../../src/mappings/table-mapping.ts";
import { readRow } from "../../src/pipelines/import-row.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({
    kundeemner: [{ Kontonr: "9001", Navn: "Fra CRM ApS", Maalgruppe: "DETAIL,GAMMEL" }],
    config: { vocabularies: { maalgrupper: ["DETAIL", "HAANDVAERK"], status: { VARM: "Ring snart", KOLD: "Vent" } } },
  });
});
afterAll(() => shop.close());

test("S6 a field with a list of words takes none but those, whoever types, and says which; one without takes any", async () => {
  const make = (body: Record<string, unknown>, language = "en") =>
    shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "A", ...body }, headers: { "accept-language": language } });
  const refused = await make({ maalgrupper: ["DETAIL", "ANDET"], status: "LUNKEN" });
  expect(refused.status).toBe(422);
  expect(refused.body.errors).toMatchObject([
    { pointer: "/maalgrupper", code: "not_listed", detail: expect.stringContaining("DETAIL, HAANDVAERK") },
    { pointer: "/status", code: "not_listed", detail: expect.stringContaining("VARM, KOLD") },
  ]);
  const danish = await make({ status: "LUNKEN" }, "da");
  expect(danish.body.errors[0].detail).toBe(
    "status tager kun ord fra jeres egen liste: VARM, KOLD. Tilføj ordet under vocabularies, eller vælg et af dem.",
  );
  const made = await make({ maalgrupper: ["HAANDVAERK"], status: "VARM", interessetyper: ["hvad som helst"] });
  expect(made).toMatchObject({
    status: 201,
    body: { maalgrupper: ["HAANDVAERK"], interessetyper: ["hvad som helst"] },
  });
  const patch = await shop.api("PATCH", `/v1/kundeemner/${made.body.meta.id}`, { body: { status: "LUNKEN" } });
  expect(patch.body.errors).toMatchObject([{ pointer: "/status", code: "not_listed" }]);
  const cleared = await shop.api("PATCH", `/v1/kundeemner/${made.body.meta.id}`, { body: { status: null } });
  expect(cleared.body.status).toBeNull();
});

test("S6 a word that a system brings is kept and warned of, never replaced; a spreadsheet's row with one is refused", async () => {
  const record = await shop.find("crm", "kundeemne", "9001");
  expect(record.maalgrupper).toEqual(["DETAIL", "GAMMEL"]);
  expect(record.meta.warnings).toContainEqual({ field: "maalgrupper", code: "code_unknown" });
  const columns = [
    { column: "Navn", field: "firmanavn" },
    { column: "Gruppe", field: "maalgrupper" },
  ];
  const compiled = compileMapping(tableMapping(columns, { dates: "da", decimal: "da" }));
  if (!("mapping" in compiled)) throw new Error(JSON.stringify(compiled));
  const { vocabularies } = shop.engine.deps.config;
  const reader = {
    format: "csv" as const,
    columns,
    mapping: compiled.mapping,
    key: null,
    today: "2026-11-26",
    vocabularies,
  };
  const row = (group: string) => readRow(reader, { row: 1, line: 2, cells: ["A", group] });
  expect(row("DETAIL")).toMatchObject({ ok: true });
  expect(row("DETAIL,NY")).toMatchObject({ ok: false, faults: [{ column: "Gruppe", code: "not_listed" }] });
});

test("S6 the lists are shown with their texts", async () => {
  const { body } = await shop.api("GET", "/v1/vocabularies");
  expect(body.items).toContainEqual({
    field: "status",
    words: [
      { word: "VARM", text: "Ring snart" },
      { word: "KOLD", text: "Vent" },
    ],
  });
});

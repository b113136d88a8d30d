import { afterAll, beforeAll, expect, test } from "vitest";
import { applyImport, correctImport, openImport, tryImport } from "../../src/pipelines/imports.ts";
import { startUndo } from "../../src/pipelines/undo.ts";
import { testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { type ImportShop, openImportShop } from "../support/import-shop.ts";

let shop: ImportShop;
let api: CheckedClient;
let reader: CheckedClient;
beforeAll(async () => {
  shop = await openImportShop();
  const { deps } = shop.engine;
  const { as } = testApi(deps.db, {
    limits: { importBytes: 100_000 },
    gateway: {
      openImport: (act) => openImport(deps, act),
      correctImport: (id, wishes) => correctImport(deps, id, wishes),
      tryImport: ({ id, by }) => tryImport(deps, id, by),
      applyImport: ({ id, ...wish }) => applyImport(deps, id, wish),
      startUndo: (act) => startUndo(deps, act),
    },
  });
  api = await as("write");
  reader = await as("read");
});
afterAll(() => shop.close());

const lines = (...rows: string[]): string => rows.map((row) => `${row}\r\n`).join("");
const csv = { "content-type": "text/csv" };
const bring = (raw: string, query = "") =>
  api("POST", `/v1/imports?fileName=kunder.csv${query}`, { raw, headers: csv });

test("S3 a file goes in by the API: shown, corrected, tried, carried out, its bad rows fetched in Danish and English", async () => {
  const text = lines(
    "Kundenr,Navn,CVR,Oprettet",
    "1,Kaas ApS,12345674,11/23/2026",
    "2,Lars ApS,12345678,",
    "3,=HYPERLINK(1),,x",
  );
  const brought = await bring(text, "&dates=en");
  expect(brought.status).toBe(201);
  expect(brought.body).toMatchObject({
    delimiter: ",",
    key: "Kundenr",
    preview: null,
    run: null,
    encoding: { name: "utf-8", reason: "ASCII only" },
    columns: [
      { column: "Kundenr", field: "kontonummer", samples: ["1", "2", "3"] },
      { column: "Navn", field: "firmanavn" },
      { column: "CVR", field: "cvrNr" },
      { column: "Oprettet", field: null },
    ],
  });
  const path = `/v1/imports/${brought.body.id}`;
  const corrected = await api("PATCH", path, { body: { columns: { Oprettet: "leadkildeDato" } } });
  expect(corrected.body.columns[3]).toMatchObject({ column: "Oprettet", field: "leadkildeDato" });
  expect((await api("PATCH", path, { body: { columns: { Oprettet: "findesDeb" } } })).status).toBe(422);
  expect((await api("POST", `${path}/apply`, { body: {} })).status).toBe(409);

  expect((await api("POST", `${path}/preview`)).status).toBe(202);
  await shop.engine.work();
  const tried = (await reader("GET", path)).body;
  expect(tried.preview).toMatchObject({ state: "done", counts: { read: 3, created: 1, refused: 2 } });
  expect(tried.rows).toEqual([{ row: 1, line: 2, plan: "created", entityId: null }]);
  expect(tried.faults).toMatchObject([
    { line: 3, column: "CVR", code: "cvr_check_digit" },
    { line: 4, column: "Oprettet" },
  ]);

  expect((await api("POST", `${path}/apply`, { body: {} })).body).toMatchObject({ kind: "import", state: "waiting" });
  await shop.engine.work();
  expect((await reader("GET", path)).body.run).toMatchObject({
    state: "done",
    counts: { read: 3, created: 1, refused: 2 },
  });
  expect(await shop.ask("select leadkilde_dato::text as dato from kundeemner")).toEqual([{ dato: "2026-11-23" }]);

  const errors = await reader("GET", `${path}/errors`, { headers: { "accept-language": "da" } });
  expect(errors.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(errors.text.split("\r\n")).toEqual([
    "Kundenr,Navn,CVR,Oprettet,Linje i filen,Fejl",
    "2,Lars ApS,12345678,,3,CVR: CVR-nummerets kontrolciffer er forkert.",
    expect.stringMatching(/^3,'=HYPERLINK\(1\),,x,4,"?Oprettet: Værdien kan ikke læses/),
    "",
  ]);
  const english = await reader("GET", `${path}/errors`);
  expect(english.text).toContain("Line of the file,Errors");
  expect((await reader("GET", "/v1/imports")).body.items).toMatchObject([{ fileName: "kunder.csv" }]);
});

test("a file that is none is refused with its reason, and nothing of it is kept", async () => {
  const before = await shop.ask("select count(*)::int as n from import_chunks");
  expect((await bring("")).body).toMatchObject({ status: 422, reason: "The file is empty" });
  expect((await bring(lines("Navn", "x".repeat(120_000)))).body).toMatchObject({ status: 422, code: "too_long" });
  const zip = await api("POST", "/v1/imports?fileName=x.xlsx", {
    raw: "PK\u0003\u0004 no workbook",
    headers: { "content-type": "application/octet-stream" },
  });
  expect(zip.body).toMatchObject({ status: 422, reason: "The file cannot be read as an XLSX workbook" });
  const json = await api("POST", "/v1/imports?fileName=x.json", {
    raw: "{}",
    headers: { "content-type": "application/json" },
  });
  expect(json.status).toBe(415);
  expect((await bring("a;b", "&connection=nobody")).status).toBe(404);
  expect((await reader("POST", "/v1/imports?fileName=x", { raw: "a", headers: csv })).status).toBe(403);
  expect(await shop.ask("select count(*)::int as n from import_chunks")).toEqual(before);
});

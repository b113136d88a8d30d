import iconv from "iconv-lite";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { editEntity } from "../../src/pipelines/edit.ts";
import { explain } from "../../src/pipelines/explain.ts";
import { readImport } from "../../src/pipelines/import-run.ts";
import { applyImport, correctImport, tryImport } from "../../src/pipelines/imports.ts";
import { retain } from "../../src/pipelines/retention.ts";
import { startUndo } from "../../src/pipelines/undo.ts";
import { setNow } from "../../src/store/clock.ts";
import { person } from "../support/engine.ts";
import { type ImportShop, openImportShop } from "../support/import-shop.ts";

const DAY_MS = 86_400_000;
let filling: ImportShop;
let overwriting: ImportShop;
beforeAll(async () => {
  filling = await openImportShop();
  overwriting = await openImportShop({ firstMeeting: "remote" });
});
afterAll(async () => {
  await filling.close();
  await overwriting.close();
});
beforeEach(async () => {
  await filling.clear();
  await overwriting.clear();
});

const lines = (...rows: string[]): string => rows.map((row) => `${row}\r\n`).join("");

test("S3 a spreadsheet becomes Kundeemner: columns guessed, tried first, each value with its reason", async () => {
  const shop = filling;
  const file = await shop.bring(
    lines(
      "Kundenr;Firma;Vej;Postnr.;By;Land;CVR-nr.;Tlf.;Kontaktperson;E-mail;Antal ansatte;Farve",
      "06011535;Ærø Bådværft K/S;Havnen 1;5970;Ærøskøbing;Danmark;12345674;62 52 12 34;Jens Ø. Hansen;jens@aeroe.dk;10-19;blå",
      "06011536;Nørregård & Sønner A/S;Nørregade 12;8000;Aarhus C;;13585628;;;;;",
    ),
  );
  expect(file.settings).toMatchObject({
    format: "csv",
    encoding: "utf-8",
    delimiter: ";",
    headingRow: 1,
    key: "Kundenr",
  });
  expect(Object.fromEntries(file.settings.columns.map(({ column, field }) => [column, field]))).toEqual({
    Kundenr: "kontonummer",
    Firma: "firmanavn",
    Vej: "adresse1",
    "Postnr.": "postnr",
    By: "bynavn",
    Land: "landekode",
    "CVR-nr.": "cvrNr",
    "Tlf.": "telefon",
    Kontaktperson: "primaer.navn",
    "E-mail": "primaer.email",
    "Antal ansatte": "antalMedarbejdere.fra",
    Farve: null,
  });
  expect(file.found.samples.Firma).toEqual(["Ærø Bådværft K/S", "Nørregård & Sønner A/S"]);
  expect(await shop.try(file)).toMatchObject({ state: "done", counts: { read: 2, created: 2 } });
  expect(await shop.records()).toEqual([]);

  expect(await shop.take(file)).toMatchObject({ kind: "import", state: "done", counts: { read: 2, created: 2 } });
  const [norregaard, aeroe] = await shop.records();
  expect(aeroe).toMatchObject({
    kontonummer: "06011535",
    firmanavn: "Ærø Bådværft K/S",
    landekode: "DK",
    cvr_nr: "12345674",
    antal_medarbejdere_fra: 10,
    antal_medarbejdere_til: 19,
  });
  expect(norregaard).toMatchObject({ kontonummer: "06011536", cvr_nr: "13585628" });
  expect(await shop.ask("select navn, email, primaer from kontaktpersoner")).toEqual([
    { navn: "Jens Ø. Hansen", email: "jens@aeroe.dk", primaer: true },
  ]);
  const why = await explain(shop.engine.deps, { entity: "kundeemne", id: String(aeroe?.id), unit: "telefon" });
  expect(JSON.stringify(why)).toContain("regneark");
});

test("S3 an import is undone as one run, and what somebody changed since stays", async () => {
  const shop = overwriting;
  await shop.take(
    await shop.bring(lines("Kundenr;Navn;Telefon", "1;Ærø Bådværft K/S;62521234", "2;Kaas ApS;70102030")),
  );
  const again = await shop.bring(
    lines("Kundenr;Navn;Telefon", "1;Ærø Bådværft K/S;62521235", "2;Kaas ApS;70102031", "3;Ny ApS;"),
  );
  const run = await shop.take(again);
  expect(run).toMatchObject({ counts: { read: 3, updated: 2, created: 1 } });
  const [, kaas] = await shop
    .records()
    .then((all) => [...all].sort((a, b) => Number(a.kontonummer) - Number(b.kontonummer)));
  await editEntity(shop.engine.deps, {
    entity: "kundeemne",
    id: String(kaas?.id),
    patch: { telefon: "70102099" },
    by: person,
  });
  await startUndo(shop.engine.deps, { target: { run: Number(run.id) }, by: person });
  await shop.engine.work();
  const after = await shop.ask("select kontonummer, telefon, arkiveret_vaerdi from kundeemner order by kontonummer");
  expect(after).toEqual([
    { kontonummer: "1", telefon: "62521234", arkiveret_vaerdi: null },
    { kontonummer: "2", telefon: "70102099", arkiveret_vaerdi: null },
    { kontonummer: "3", telefon: null, arkiveret_vaerdi: true },
  ]);
});

test("S3 bad rows are told by line, column and rule while the others pass, and every row is counted", async () => {
  const shop = filling;
  const file = await shop.bring(
    lines(
      "Kundenr;Navn;CVR;Postnr;Land;E-mail;GDPR OK;Sidste godkendelsesdato;Kreditmaksimum;Bemærk 1",
      '1;Ærø Bådværft;12345674;5970;DK;a@b.dk;ja;03-04-2026;1.234,50;"to\r\nlinjer"',
      "2;Kaas ApS;12345678;5970;DK;;;;;",
      "3;Lars ApS;;597;DK;lars(a)lars.dk;;;;",
      "4;Fjern ApS;;;Atlantis;;;;;",
      "5;Tal ApS;;;;;ja;;;",
      "",
      "6;For få celler",
      "1;Dobbelt ApS;;;;;;;;",
      "7;Dato ApS;;;;;ja;31-02-2026;;",
      "8;;;;;;;;;",
      "9;God ApS;;;;;;;;",
      "10;Tal ApS;;;;;;;1.23,4;",
    ),
  );
  const run = await shop.take(file);
  expect(run).toMatchObject({ state: "done", counts: { read: 11, created: 2, refused: 8, quarantined: 1 } });
  expect(await shop.faults(file)).toEqual([
    "4 CVR cvr_check_digit",
    "5 Postnr postnr_shape",
    "5 E-mail bad_value",
    "6 Land country_unknown",
    "7 GDPR OK incomplete",
    "9  cell_count",
    "10 Kundenr duplicate_key",
    "11 Sidste godkendelsesdato bad_value",
    "12 firmanavn required",
    "14 Kreditmaksimum bad_value",
  ]);
});

test("S3 the table's rows are matched with what is here: a sure match is filled, several wait for a person", async () => {
  const shop = filling;
  await shop.take(await shop.bring(lines("Navn;CVR", "Ærø Bådværft K/S;12345674", "Nørregård & Sønner A/S;13585628")));
  expect(await shop.ask("select * from links")).toEqual([]);
  const file = await shop.bring(
    lines(
      "Navn;CVR;Telefon",
      "Ærø Bådværft;12345674;62521234",
      "Nørregård og Sønner A/S;13585628;70102030",
      "Nørregård og Sønner;13585628;70102031",
    ),
  );
  expect(await shop.try(file)).toMatchObject({
    counts: { read: 3, linked: 2, held: 1, matchCases: 1, fieldsFilled: 2 },
  });
  await shop.take(file);
  const records = await shop.records();
  expect(records.map(({ firmanavn, telefon }) => [firmanavn, telefon])).toEqual([
    ["Nørregård & Sønner A/S", "70102030"],
    ["Ærø Bådværft K/S", "62521234"],
  ]);
  expect(await shop.ask("select kind, state from reviews")).toEqual([{ kind: "match_case", state: "open" }]);
});

test("S3 a table with a key comes again: cells that have not changed since do not undo what was edited here", async () => {
  const shop = filling;
  const rows = ["Kundenr;Navn;Telefon;Bemærk 1", "1;Ærø Bådværft K/S;62521234;fast kunde"];
  await shop.take(await shop.bring(lines(...rows)));
  const [record] = await shop.records();
  await editEntity(shop.engine.deps, {
    entity: "kundeemne",
    id: String(record?.id),
    patch: { telefon: "70102030" },
    by: person,
  });
  const run = await shop.take(await shop.bring(lines(...rows.map((row) => row.replace("fast kunde", "ny aftale")))));
  expect(run).toMatchObject({ counts: { read: 1, updated: 1 } });
  expect(await shop.records()).toMatchObject([{ telefon: "70102030", bemaerk1: "ny aftale" }]);
});

test("the same content twice is refused unless it is meant", async () => {
  const shop = filling;
  const text = lines("Navn;CVR", "Ærø Bådværft K/S;12345674");
  const first = await shop.take(await shop.bring(text));
  const second = await shop.bring(text);
  await expect(shop.take(second)).rejects.toMatchObject({ code: "exists", context: { run: first.id } });
  expect(await shop.take(second, { again: true })).toMatchObject({ counts: { read: 1, linked: 1 } });
  expect(await shop.records()).toHaveLength(1);
});

test("a dry run tells of rows that only deciding would put aside", async () => {
  const shop = filling;
  const file = await shop.bring(lines("Kundenr;Navn", "1;", "2;Kaas ApS"));
  expect(await shop.try(file)).toMatchObject({ counts: { read: 2, created: 1, quarantined: 1 } });
  const [now] = await shop.ask("select preview_run::float8 as run from imports where id = $1", [file.id]);
  expect(await shop.faults({ ...file, previewRun: Number(now?.run) })).toEqual(["2 firmanavn required"]);
});

test("nothing is carried out without a fresh dry run", async () => {
  const shop = filling;
  const file = await shop.bring(lines("Navn;Tlf", "Ærø Bådværft K/S;62521234"));
  await expect(applyImport(shop.engine.deps, file.id, { by: person })).rejects.toMatchObject({ code: "not_fresh" });
  await shop.try(file);
  await correctImport(shop.engine.deps, file.id, { columns: { Tlf: "primaer.mobil" } });
  await expect(applyImport(shop.engine.deps, file.id, { by: person })).rejects.toMatchObject({ code: "not_fresh" });
});

test("what was guessed is corrected: encoding, divider, headings, dates, columns", async () => {
  const shop = filling;
  const text = lines("Kundeliste 2026", "Firma,Oprettet,Konsulent", "S|ren og K{r ApS,04/13/2026,AB");
  const file = await shop.bring(text);
  expect(file.found.encoding).toMatchObject({ maybe: "iso646-dk", isGuess: true });
  expect(file.settings).toMatchObject({ headingRow: 2, delimiter: "," });
  const mended = await correctImport(shop.engine.deps, file.id, { encoding: "iso646-dk", dates: "en" });
  const told = await correctImport(shop.engine.deps, mended.id, { columns: { Oprettet: "leadkildeDato" } });
  expect(told.found.encoding).toEqual({ isGuess: false, reason: "given" });
  await shop.take(told);
  expect(await shop.records()).toMatchObject([{ firmanavn: "Søren og Kær ApS", ansvarlig_saelger: "AB" }]);
  expect(await shop.ask("select leadkilde_dato::text as dato from kundeemner")).toEqual([{ dato: "2026-04-13" }]);
  const other = await shop.bring(text);
  const wrong = { columns: { Farve: "status" } };
  await expect(correctImport(shop.engine.deps, other.id, wrong)).rejects.toMatchObject({ code: "bad_value" });
  const unknown = { columns: { Firma: "findesDeb" } };
  await expect(correctImport(shop.engine.deps, other.id, unknown)).rejects.toMatchObject({ code: "bad_value" });
});

test.each([
  ["utf-8", "utf-8", false],
  ["win1252", "windows-1252", true],
  ["cp865", "cp865", true],
  ["cp850", "cp865", true],
])("a file in %s is read as %s", async (written, read, isGuess) => {
  const shop = filling;
  const file = await shop.bring(
    iconv.encode(lines("Navn;By", "Ærø Bådværft;Ærøskøbing", "Smørrebrød på Nørregade;Åbenrå"), written),
  );
  expect(file.settings.encoding).toBe(read);
  expect(file.found.encoding.isGuess).toBe(isGuess);
  await shop.take(file);
  expect((await shop.records()).map(({ firmanavn, bynavn }) => [firmanavn, bynavn])).toEqual([
    ["Smørrebrød på Nørregade", "Åbenrå"],
    ["Ærø Bådværft", "Ærøskøbing"],
  ]);
});

test("a quote that is never closed is told with its line, at once or by the run; what stood before it is kept", async () => {
  const shop = filling;
  const many = (n: number, from: number) =>
    Array.from({ length: n }, (_, at) => `${at + from};Firma nr. ${at} med et langt navn ApS`);
  const early = lines("Kundenr;Navn", "1;Kaas ApS", '2;"Åben ApS', ...many(30_000, 3));
  await expect(shop.bring(early)).rejects.toMatchObject({ code: "bad_shape", context: { line: 3 } });

  const file = await shop.bring(lines("Kundenr;Navn", ...many(60, 1), '99;"Åben ApS'));
  const { run } = await tryImport(shop.engine.deps, file.id, person);
  await shop.engine.work();
  expect(await shop.ask("select state, detail from runs where id = $1", [run])).toMatchObject([
    { state: "failed", detail: { code: "unclosed_quote", message: expect.stringContaining("line 62") } },
  ]);
});

test("R26 with firstMeeting remote a row overwrites, with crm it only fills", async () => {
  for (const shop of [filling, overwriting]) {
    await shop.take(await shop.bring(lines("Navn;CVR;Telefon", "Ærø Bådværft K/S;12345674;62521234")));
    await shop.take(await shop.bring(lines("Navn;CVR;Telefon;By", "Ærø Bådværft K/S;12345674;70102030;Marstal")));
    expect(await shop.ask("select * from reviews")).toEqual([]);
  }
  expect(await filling.records()).toMatchObject([{ telefon: "62521234", bynavn: "Marstal" }]);
  expect(await overwriting.records()).toMatchObject([{ telefon: "70102030", bynavn: "Marstal" }]);
});

test("an import whose process dies goes on where it was, as the same run, and counts each row once", async () => {
  const shop = filling;
  const { deps } = shop.engine;
  const rows = Array.from({ length: 1_200 }, (_, n) => (n % 100 === 0 ? `${n};` : `${n};Firma nr. ${n} ApS`));
  const file = await shop.bring(lines("Kundenr;Navn", ...rows));
  await shop.try(file);
  const { run } = await applyImport(deps, file.id, { by: person });
  // Dies with the second batch of rows in its transaction.
  let kept = 0;
  const dying = new Proxy(deps.db.sql, {
    get: (sql, name) =>
      name === "begin"
        ? async (act: (tx: unknown) => Promise<unknown>) =>
            sql.begin(async (tx) => {
              const done = await act(tx);
              kept += 1;
              if (kept === 2) throw new Error("The process dies");
              return done;
            })
        : Reflect.get(sql, name),
  });
  await expect(readImport({ ...deps, db: { ...deps.db, sql: dying } }, run)).rejects.toThrow("The process dies");
  await shop.ask("update runs set state = 'running', alive_until = kobling_now() - interval '1 minute' where id = $1", [
    run,
  ]);
  expect(await shop.ask("select rows_done::int as n from imports where id = $1", [file.id])).toEqual([{ n: 499 }]);
  await shop.engine.work();
  const [ended] = await shop.ask("select state, counts from runs where id = $1", [run]);
  expect(ended).toEqual({ state: "done", counts: { read: 1_200, created: 1_188, quarantined: 12, unchanged: 0 } });
  expect(await shop.ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1_188 }]);
});

test("the file goes with the inbox's time, what was read of it with the runs'; then it has to be brought in again", async () => {
  const shop = filling;
  const { deps } = shop.engine;
  const file = await shop.bring(lines("Navn;CVR", "Kaas ApS;12345674", "Lars ApS;1"));
  await shop.take(file);
  await setNow(deps.db.sql, new Date(Date.now() + 31 * DAY_MS));
  expect(await retain(deps)).toMatchObject({ importChunks: 1, imports: 0 });
  await expect(correctImport(deps, (await shop.bring(lines("Navn", "A"))).id, {})).resolves.toMatchObject({
    isKept: true,
  });
  await expect(tryImport(deps, file.id, person)).rejects.toMatchObject({ code: "conflict" });
  await setNow(deps.db.sql, new Date(Date.now() + 181 * DAY_MS));
  await retain(deps);
  await shop.ask("update lanes set preview_id = null");
  expect(await retain(deps)).toMatchObject({ imports: 1 });
  await setNow(deps.db.sql, null);
  const left = await shop.ask(
    "select (select count(*) from import_rows)::int + (select count(*) from import_faults)::int as n",
  );
  expect(left).toEqual([{ n: 0 }]);
});

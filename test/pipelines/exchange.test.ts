import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import iconv from "iconv-lite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defineMapping } from "../../src/mappings/mapping.ts";
import type { Values } from "../../src/model/catalogue.ts";
import { convert } from "../../src/pipelines/conversions/convert.ts";
import { watchConversions } from "../../src/pipelines/conversions/watch.ts";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { exchangeFiles } from "../../src/pipelines/exchange.ts";
import { findKundeemne, listKundeemner } from "../../src/store/kundeemner-read.ts";
import { erp, testApi } from "../support/api.ts";
import { type Engine, person, startEngine } from "../support/engine.ts";
import { type FileDrop, openFileDrop } from "../support/file-drop.ts";

let drop: FileDrop;
let engine: Engine;
beforeEach(async () => {
  drop = await openFileDrop();
});
afterEach(async () => {
  await engine.close();
  await drop.close();
});

const HEADINGS = "Kontonr;EksternId;Navn;Telefon;KreditMax;PostNr;ByNavn";
/** What this ledger's files have; Web is a column of ours only. */
const debitor = defineMapping({
  ...{ object: "debitor", remote: "debitor", as: "kundeemne", key: "Kontonr" },
  fields: [
    { field: "firmanavn", remote: "Navn", match: "name" },
    { field: "telefon", remote: "Telefon" },
    { field: "kreditMax", remote: "KreditMax", as: { codec: "decimal", profile: "da" }, direction: "in" },
    { field: "postnr", remote: "PostNr" },
    { field: "bynavn", remote: "ByNavn" },
    { field: "hjemmeside", remote: "Web", direction: "out" },
  ],
});

/** A ledger that leaves debitorer, whose door is a folder. */
async function open(settings: Record<string, unknown> = {}): Promise<void> {
  const config = {
    connections: {
      fil: {
        connector: "files",
        settings: { folder: drop.folder, ...settings },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } },
      },
    },
  };
  engine = await startEngine(config, { mappings: { "fil.debitor": debitor } });
  await engine.open("fil", "debitor");
}

/** Exchanges, decides what came, and exchanges again what that owes. */
async function exchange(): Promise<void> {
  await exchangeFiles(engine.deps, "fil");
  await engine.work();
  await exchangeFiles(engine.deps, "fil");
}

const records = async () =>
  (
    await listKundeemner(engine.deps.db.sql, {
      ...{ criterion: { and: [] }, sort: { by: "firmanavn", descending: false }, limit: 100 },
    })
  ).records;
const edit = (id: string | undefined, patch: Values) =>
  editEntity(engine.deps, { entity: "kundeemne", id: id ?? "", patch, by: person });
const outFiles = async () => (await drop.names()).filter((name) => name.includes("_out_") && name.endsWith(".csv"));
const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000);

test.each([
  ["utf8", undefined],
  ["win1252", undefined],
  ["cp865", undefined],
  ["cp850", "cp850"],
] as const)("S3 a file in %s becomes records, is answered .ok and goes to done", async (encoding, said) => {
  await open(said === undefined ? {} : { encoding: said });
  const lines = [HEADINGS, "1001;;Nørgård Ærø ApS;33123456;1.250,50;8000;Aarhus C", "1002;;Åby A/S;;;;"];
  const name = await drop.leave("debitor", "20261126180000", lines, encoding);
  await exchange();
  expect((await records()).map(({ values }) => [values.firmanavn, values.telefon, values.kreditMax])).toEqual([
    ["Nørgård Ærø ApS", "33123456", "1250.5"],
    ["Åby A/S", null, null],
  ]);
  expect(await drop.names()).toEqual([name.replace(".csv", ".ok")]);
  expect(await drop.text(name.replace(".csv", ".ok"))).toBe("");
});

test("a bad row is named by line and column in the .err file, waits in quarantine where it can, and the others pass", async () => {
  await open();
  const name = await drop.leave("debitor", "20261126180000", [
    HEADINGS,
    "1001;;Ada ApS;33123456;;;",
    "1002;;Bo A/S;;mange;;",
    ";;Uden nummer;;;;",
    "1003;;Ce ApS;;;;;for mange",
    "1001;;Ada igen;;;;",
    '1004;;"Dorte ""D"" Dam";;;;',
  ]);
  await exchange();
  expect((await records()).map(({ values }) => values.firmanavn)).toEqual(["Ada ApS", 'Dorte "D" Dam']);
  const answer = (await drop.text(name.replace(".csv", ".err"))).trim().split("\r\n");
  expect(answer[0]).toBe("row;column;text");
  expect(answer.slice(1).map((line) => line.split(";").slice(0, 2))).toEqual([
    ["3", "KreditMax"],
    ["4", "Kontonr"],
    ["5", ""],
    ["6", "Kontonr"],
  ]);
  expect(answer.join()).not.toContain("mange;");
  const { sql } = engine.deps.db;
  expect(await sql`select external_id from changes where state = 'quarantined'`).toMatchObject([
    { external_id: "1002" },
  ]);
});

test("a half-written file is left alone, one that is there again says nothing new, an older one changes nothing", async () => {
  await open();
  const row = (telefon: string) => [HEADINGS, `1001;;Ada ApS;${telefon};;;`];
  await writeFile(join(drop.folder, "debitor_in_20261126175900_1.csv.tmp"), "Kontonr;firmanavn\r\n1001;Ada");
  const name = await drop.leave("debitor", "20261126180000", row("33123456"));
  await exchange();
  await drop.leave("debitor", "20261126190000", row("44123456"));
  await exchange();
  await rename(join(drop.folder, "done", name), join(drop.folder, name));
  await drop.leave("debitor", "20261126173000", row("55123456"));
  await exchange();
  expect((await records()).map(({ values }) => values.telefon)).toEqual(["44123456"]);
  expect(await drop.names()).toContain("debitor_in_20261126175900_1.csv.tmp");
  expect((await drop.names()).filter((each) => each.endsWith(".csv"))).toEqual([]);
});

test("an edit goes out with the columns that are owed and no other, once; .ok settles it and .err puts it before a person", async () => {
  await open();
  await drop.leave("debitor", "20261126180000", [
    HEADINGS,
    "1001;;Ada ApS;33123456;;8000;Aarhus C",
    "1002;;Bo A/S;;;;",
  ]);
  await exchange();
  const [ada, bo] = await records();
  await edit(ada?.id, { telefon: "44123456" });
  await edit(bo?.id, { telefon: "55123456", hjemmeside: "bo.example" });
  await exchange();
  await exchange();
  const names = await outFiles();
  const texts = await Promise.all(names.map((name) => drop.text(name)));
  expect(texts.sort()).toEqual([
    `Kontonr;EksternId;Telefon\r\n1001;${ada?.id};44123456\r\n`,
    `Kontonr;EksternId;Telefon;Web\r\n1002;${bo?.id};55123456;bo.example\r\n`,
  ]);
  const of = async (number: string) => {
    for (const name of names) if ((await drop.text(name)).includes(`\r\n${number};`)) return name;
    throw new Error(`No file is about ${number}`);
  };
  const [first, second] = [await of("1001"), await of("1002")];
  await drop.answer(first, ".ok", soon(1));
  await drop.answer(second, ".err", soon(1), "row;column;text\r\n2;Web;For lang\r\n");
  await exchange();
  const client = await testApi(engine.deps.db, { connections: [{ ...erp, name: "fil", connector: "files" }] }).as(
    "read",
  );
  const { items } = (await client("GET", "/v1/connections/fil/files")).body;
  expect(
    items.map(({ direction, state, rows, faults }: Record<string, unknown>) => [direction, state, rows, faults]),
  ).toEqual([
    ["out", "answered", 1, second === items[0].name ? 1 : 0],
    ["out", "answered", 1, second === items[1].name ? 1 : 0],
    ["in", "taken", 2, 0],
  ]);
  expect((await client("GET", "/v1/connections/nogen/files")).status).toBe(404);
  const { sql } = engine.deps.db;
  expect(await sql`select state from deliveries order by state`).toEqual([{ state: "rejected" }, { state: "settled" }]);
  const [told] = await sql`select detail from reviews where kind = 'alert'`;
  expect(JSON.stringify(told?.detail)).toContain("Web: For lang");
  expect(await outFiles()).toEqual([]);
  // Its own values come back with the next file: an echo, no news.
  await drop.leave("debitor", "20991126180000", [HEADINGS, `1001;${ada?.id};Ada ApS;44123456;;8000;Aarhus C`]);
  await exchange();
  expect(await outFiles()).toEqual([]);
  expect((await findKundeemne(sql, ada?.id ?? ""))?.values.telefon).toBe("44123456");
});

test("S82 a debitor that is made by file is linked by the row that names our record, or by the number in .ok", async () => {
  await open();
  const { sql } = engine.deps.db;
  const make = async (firmanavn: string) => {
    const { id } = await createEntity(engine.deps, { entity: "kundeemne", values: { firmanavn }, by: person });
    const act = { entityId: id, to: "debitor", connection: "fil", by: person } as const;
    await convert(engine.deps, watchConversions(sql), act);
    await exchange();
    return id;
  };
  const first = await make("Lead Et");
  const [name = ""] = await outFiles();
  expect(await drop.text(name)).toMatch(new RegExp(`^Kontonr;EksternId;.*\\r\\n;${first};`));
  await drop.answer(name, ".ok", soon(1), "row;number\r\n2;7001\r\n");
  await exchange();
  const second = await make("Lead To");
  const [other = ""] = await outFiles();
  await drop.answer(other, ".ok", soon(2));
  await exchange();
  expect(await outFiles()).toEqual([]); // made, and not sent again while its number is not known
  await drop.leave("debitor", "20991126180000", [HEADINGS, `7002;${second};Lead To;;;;`]);
  await exchange();
  expect(await sql`select external_id, entity_id from links where state = 'linked' order by external_id`).toEqual([
    { external_id: "7001", entity_id: first },
    { external_id: "7002", entity_id: second },
  ]);
  expect(await sql`select count(*)::int as n from exchange_rows`).toEqual([{ n: 0 }]);
  expect(await records()).toHaveLength(2);
});

test("a file that was planned when the process died is written again under its name, as it was", async () => {
  await open();
  await drop.leave("debitor", "20261126180000", [HEADINGS, "1001;;Ada ApS;33123456;;;"]);
  await exchange();
  const [ada] = await records();
  await edit(ada?.id, { telefon: "44123456" });
  const { deps } = engine;
  const real = deps.exchangeOf("fil");
  const dying = { ...deps, exchangeOf: () => ({ ...real, put: () => Promise.reject(new Error("killed")) }) };
  await expect(exchangeFiles(dying, "fil")).rejects.toThrow("killed");
  const [planned] = await deps.db.sql`select name, state from exchange_files where direction = 'out'`;
  expect(planned?.state).toBe("planned");
  await exchange();
  expect(await outFiles()).toEqual([planned?.name]);
  expect(await drop.text(String(planned?.name))).toContain("44123456");
});

test("lines of fixed width go both ways, what is too wide or has no byte is told, and the rest of a line is as it was shown", async () => {
  const columns = [
    { name: "Kontonr", width: 6 },
    { name: "EksternId", width: 36 },
    { name: "Navn", width: 12 },
    { name: "Telefon", width: 10 },
  ];
  await open({ format: { type: "fixed", columns }, encoding: "cp865", writes: "cp865" });
  const line = (...cells: string[]) => cells.map((cell, at) => cell.padEnd(columns[at]?.width ?? 0)).join("");
  await drop.leave(
    "debitor",
    "20261126180000",
    [line("1001", "", "Ærø ApS", "33123456"), line("1002", "", "Bo", "")],
    "cp865",
  );
  await exchange();
  const [bo, aero] = await records();
  await edit(aero?.id, { telefon: "44123456" });
  await edit(bo?.id, { firmanavn: "Bo og hans brødre ApS" });
  await exchange();
  const [name = ""] = await outFiles();
  const text = iconv.decode(await readFile(join(drop.folder, name)), "cp865");
  expect(text).toBe(`${line("1001", aero?.id ?? "", "Ærø ApS", "44123456")}\r\n`);
  const { sql } = engine.deps.db;
  const [told] = await sql`select detail from reviews where kind = 'alert'`;
  expect(JSON.stringify(told?.detail)).toContain("Navn is wider than its column of 12 characters");
});

test("a folder that is gone stops the connection and tells its owner", async () => {
  await open();
  const { sql } = engine.deps.db;
  await rename(drop.folder, `${drop.folder}-væk`);
  await exchangeFiles(engine.deps, "fil");
  expect(await sql`select state, reason from connections where name = 'fil'`).toMatchObject([{ state: "stopped" }]);
  await rename(`${drop.folder}-væk`, drop.folder);
});

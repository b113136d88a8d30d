import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { sftpPlace } from "../../src/connectors/sftp-place.ts";
import { openExport } from "../../src/pipelines/audience/exports.ts";
import { logExported } from "../../src/store/exports.ts";
import { readStamps } from "../../src/store/hand-over-batches.ts";
import { type ExportFormat, exportFormats } from "../../src/tables/write-table.ts";
import { readXlsx } from "../../src/tables/xlsx.ts";
import { type Crowd, crowdOf } from "../support/crowd-of-contacts.ts";
import { person } from "../support/engine.ts";
import { hasSshd, startSftpServer } from "../support/sftp-server.ts";
import { openShop, type Shop } from "../support/shop.ts";

vi.setConfig({ testTimeout: 120_000 });

let shop: Shop;
let crowd: Crowd;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kobling-exports-"));
  const kob = { baseUrl: "http://127.0.0.1:9", key: "k", purpose: "Kredit", acceptUnverifiedContract: true };
  const posts = { url: "http://127.0.0.1:9/audience", secret: `whsec_${"a".repeat(32)}` };
  shop = await openShop({
    armed: true,
    connections: {
      drop: { connector: "export", settings: { folder } },
      kob: { connector: "kob", settings: kob },
      posts: { connector: "webhook", settings: posts },
    },
  });
  crowd = crowdOf(shop);
});
afterAll(async () => {
  await shop?.close();
  await rm(folder, { recursive: true, force: true });
});

const wish = (segment: string, more: object = {}) => ({
  ...{ segment, format: "csv", why: "Efterårets brev", recipient: "Trykkeriet A/S", ...more },
});
const download = (segment: string, more: object = {}) => shop.api("POST", "/v1/exports", { body: wish(segment, more) });
const log = async () => (await crowd.ok(shop.api("GET", "/v1/exports"))).items;
async function bytesOf(segmentId: string, format: ExportFormat, fields?: readonly string[]): Promise<Buffer> {
  const act = { segmentId, format, encoding: "utf-8", delimiter: ";", why: "Prøve", recipient: "Os selv" } as const;
  const opened = await openExport(shop.engine.deps, { ...act, by: person, ...(fields && { fields }) });
  return Buffer.concat(await Array.fromAsync(opened.chunks()));
}
async function sheetOf(bytes: Buffer) {
  const chunks = async function* () {
    yield bytes;
  };
  return (await Array.fromAsync(readXlsx(chunks, { headingRow: 1 }))).flat().map(({ cells }) => cells);
}

test("S63 a segment is downloaded as CSV, JSON, workbook and GeoJSON, and each export is logged with who, when, what for and which records", async () => {
  const a = await crowd.company("6011", { firmanavn: "Ærø Bådværft ApS", gps: { lat: 55.1, lng: 10.2 } });
  const refused = await crowd.company("6012", {}, { consented: false });
  const segment = await crowd.segment("postnr in 6011..6019");
  const csv = await download(segment, { fields: ["firmanavn", "kontakt.email"] });
  expect(csv.status).toBe(200);
  expect(csv.text).toBe(
    `${"\uFEFF".slice(1)}firmanavn;kontakt.email;reklamebeskyttet.vaerdi\r\nÆrø Bådværft ApS;${a.email};false\r\n`,
  );
  expect(csv.headers.get("content-disposition")).toMatch(/^attachment; filename="segment-.*\.csv"$/);
  const json = await download(segment, { format: "json", fields: ["firmanavn", "postnr"] });
  expect(json.body).toEqual([{ firmanavn: "Ærø Bådværft ApS", postnr: "6011", "reklamebeskyttet.vaerdi": false }]);
  const geo = await download(segment, { format: "geojson", fields: ["firmanavn"] });
  expect(geo.body).toEqual({
    type: "FeatureCollection",
    features: [
      {
        ...{ type: "Feature", id: a.person, geometry: { type: "Point", coordinates: [10.2, 55.1] } },
        properties: { firmanavn: "Ærø Bådværft ApS", "reklamebeskyttet.vaerdi": false },
      },
    ],
  });
  expect(await sheetOf(await bytesOf(segment, "xlsx", ["firmanavn", "kontakt.email"]))).toEqual([
    ["Ærø Bådværft ApS", a.email, false],
  ]);
  const [newest, , , first] = await log();
  expect(newest).toMatchObject({ format: "xlsx", state: "done", records: 1 });
  expect(first).toMatchObject({
    ...{
      segment,
      format: "csv",
      encoding: "utf-8",
      why: "Efterårets brev",
      recipient: "Trykkeriet A/S",
      by: "test admin",
    },
    ...{ state: "done", records: 1, replaced: 0, to: null, purpose: "markedsfoering", channel: "email" },
    fields: ["firmanavn", "kontakt.email", "reklamebeskyttet.vaerdi"],
  });
  expect(first.id).toBe(csv.headers.get("export-id"));
  const { items } = await crowd.ok(shop.api("GET", `/v1/exports/${first.id}/records`));
  expect(items).toEqual([{ entityId: a.person, kundeemneId: a.id }]);
  expect(JSON.stringify(items)).not.toContain(refused.person);
});

test("S63 CSV is windows-1252 where that is asked for, tells what it does not have, and no cell is carried out by a spreadsheet", async () => {
  await crowd.company("6112", { firmanavn: "Łódź 東 Æble ApS", telefon: "+4562521234" });
  await crowd.company("6113", { firmanavn: '=HYPERLINK("http://ond.dk")' });
  const segment = await crowd.segment("postnr in 6112..6113");
  const act = { segmentId: segment, why: "Prøve", recipient: "Os selv", by: person, fields: ["firmanavn"] } as const;
  const opened = await openExport(shop.engine.deps, {
    ...act,
    format: "csv",
    encoding: "windows-1252",
    delimiter: ";",
  });
  const text = new TextDecoder("windows-1252").decode(Buffer.concat(await Array.fromAsync(opened.chunks())));
  expect(text.split("\r\n").slice(1, 3).toSorted()).toEqual([
    `"'=HYPERLINK(""http://ond.dk"")";false`,
    "?ódz ? Æble ApS;false",
  ]);
  expect((await log())[0]).toMatchObject({ encoding: "windows-1252", replaced: 3 });
  const workbook = await bytesOf(segment, "xlsx", ["firmanavn"]);
  expect((await sheetOf(workbook)).map(([name]) => name).toSorted()).toEqual([
    '=HYPERLINK("http://ond.dk")',
    "Łódź 東 Æble ApS",
  ]);
});

test("S24 an accounts office's e-mail stands in no export, in any format, whatever field somebody has written it in", async () => {
  const accounts = "regnskab@kontoret.dk";
  await crowd.company("6211", { bogholderiEmail: accounts, telefon: "62521234" });
  const other = await crowd.company("6212", { telefon: "62521235" }, { email: accounts });
  const mails = await crowd.segment("postnr in 6211..6212", { purpose: "service" });
  const calls = await crowd.segment("postnr in 6211..6212", { purpose: "service", channel: "phone" });
  await crowd.ok(
    shop.api("PATCH", `/v1/kundeemner/${other.id}/kontaktpersoner/${other.person}`, { body: { navn: accounts } }),
  );
  for (const format of exportFormats) {
    for (const segment of [mails, calls]) {
      const bytes = await bytesOf(segment, format);
      const text = format === "xlsx" ? JSON.stringify(await sheetOf(bytes)) : bytes.toString("utf8");
      expect(text).toContain("Firma");
      expect(text.toLowerCase()).not.toContain(accounts);
    }
  }
  for (const field of ["bogholderiEmail", "kontakt.mobil", "findesIkke"])
    expect(await download(mails, { fields: [field] })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/fields", code: "not_allowed" }] },
    });
});

test("S62 who withdraws after the verdict is in no file, and the log names exactly those who are", async () => {
  const a = await crowd.company("6311");
  const { sql } = shop.engine.deps.db;
  const segment = await crowd.segment("postnr = 6311");
  const id = (await download(segment)).headers.get("export-id") ?? "";
  const member = { address: a.email, entityId: a.person, kundeemneId: a.id };
  const [stamp] = await readStamps(sql, [member]);
  if (stamp === undefined) throw new Error("No stamp");
  await crowd.withdraw(a);
  await sql.unsafe("delete from export_records where export_id = $1", [id]);
  expect(await logExported(sql, id, [{ ...stamp, ...member }])).toEqual(new Set());
  const [fresh] = await readStamps(sql, [member]);
  if (fresh === undefined) throw new Error("No stamp");
  expect(await logExported(sql, id, [{ ...fresh, ...member }])).toEqual(new Set([a.person]));
  expect((await download(segment)).text.split("\r\n").length).toBe(2);
});

test("S64 companies are exported as companies, into a folder too, whole under their name or not at all", async () => {
  const a = await crowd.company("6411", { telefon: "62521234" });
  const segment = await crowd.segment("postnr = 6411", { level: "kundeemne", channel: "phone" });
  const answer = await download(segment, { to: "drop" });
  expect(answer).toMatchObject({ status: 201, body: { to: "drop", state: "done", records: 1 } });
  expect(await readdir(folder)).toEqual([answer.body.fileName]);
  const text = await readFile(join(folder, answer.body.fileName), "utf8");
  expect(text).toContain(`;6411;`);
  expect(text).toContain(";62521234;");
  const { items } = await crowd.ok(shop.api("GET", `/v1/exports/${answer.body.id}/records`));
  expect(items).toEqual([{ entityId: a.id, kundeemneId: a.id }]);
  expect(await download(segment, { to: "erp" })).toMatchObject({ status: 422, body: { errors: [{ pointer: "/to" }] } });
  await rm(folder, { recursive: true });
  expect((await download(segment, { to: "drop" })).status).toBe(502);
  expect((await log())[0]).toMatchObject({ to: "drop", state: "failed", records: 0 });
});

test.skipIf(!hasSshd)("S63 an export is put on an SFTP server whose key is known", async () => {
  const server = await startSftpServer();
  const there = await mkdtemp(join(tmpdir(), "kobling-exports-"));
  const { port, user, privateKey, hostKey } = server;
  const account = { host: "127.0.0.1", port, user, privateKey, hostKey };
  const place = sftpPlace(there, account);
  try {
    const pages = async function* () {
      yield Buffer.from("a;b\r\n");
      yield Buffer.from("1;æ\r\n");
    };
    await place.put("segment.csv", pages());
    expect(await readdir(there)).toEqual(["segment.csv"]);
    expect(await readFile(join(there, "segment.csv"), "utf8")).toBe("a;b\r\n1;æ\r\n");
  } finally {
    await place.close();
    await server.close();
    await rm(there, { recursive: true, force: true });
  }
});

test("R14 what its source forbids to be passed on stands in no file and is in no campaign", async () => {
  const a = await crowd.company("6511", { telefon: "62521234" });
  const bound = await crowd.company("6512", { telefon: "62521235" });
  const { sql } = shop.engine.deps.db;
  // As if a directory whose terms forbid it had set the telephone, and nobody had taken it yet.
  await sql.unsafe(
    `update kundeemner set provenance = jsonb_set(jsonb_set(provenance::jsonb, '{s}', (provenance::jsonb->'s') || $2::text::jsonb),
       '{u,telefon,1}', to_jsonb(jsonb_array_length(provenance::jsonb->'s')))::json where id = $1`,
    [bound.id, JSON.stringify([{ kind: "connection", side: "directory", connection: "kob", from: 0, to: 0 }])],
  );
  const segment = await crowd.segment("postnr in 6511..6512", { level: "kundeemne", channel: "phone" });
  const rows = (await download(segment, { format: "json", fields: ["postnr", "telefon"] })).body;
  expect(rows.map(({ postnr, telefon }: Record<string, string>) => [postnr, telefon]).toSorted()).toEqual([
    ["6511", "62521234"],
    ["6512", null],
  ]);
  const campaign = await crowd.campaign(segment, { connections: ["posts"] });
  const selection = await crowd.ok(shop.api("POST", `/v1/campaigns/${campaign}/hand-over`, { body: {} }), 202);
  expect(selection).toMatchObject({ selected: 1, refused: { terms: 1 } });
  const { items } = await crowd.ok(shop.api("GET", `/v1/campaigns/${campaign}/members`));
  expect(items.map(({ kundeemneId }: Record<string, string>) => kundeemneId)).toEqual([a.id]);
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { personalData } from "../../src/model/personal-data.ts";
import { openImport, tryImport } from "../../src/pipelines/imports.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { eraseSteps } from "../../src/store/erase-rows.ts";
import { openShop, type Shop } from "../support/shop.ts";

/** Each stands in no other text of the installation, whatever its case and spelling. */
const TOKEN = /zq[a-z]*token|31415926|31 41 59 26|27182818|12345674/i;
const EMAIL = "zqmailtoken@zqdomain-token.dk";
const CVR = "12345674";

let shop: Shop;
beforeEach(async () => {
  shop = await openShop({
    connections: {
      regneark: { connector: "import", objects: { kundeemne: { direction: "in", create: "in", firstMeeting: "crm" } } },
    },
    debitorer: [
      { Kontonr: "1001", Navn: "Zqfirmatoken v/Zqnavntoken", Søgenavn: "ZQSOEGTOKEN", SE_Nr: CVR, Telefon: "31415926" },
    ],
    kundeemner: [
      {
        ...{ Kontonr: "5001", Navn: "Zqfirmatoken v/Zqnavntoken", SE_Nr: CVR },
        ...{ TilladKampagne: "0", MaaOpdateresAuto: "1", Telefon: "31415926" },
      },
    ],
  });
});
afterEach(() => shop?.close());

const sql = () => shop.engine.deps.db.sql;
const ok = async (answer: ReturnType<Shop["api"]>, status = 200) => {
  const { status: got, body } = await answer;
  expect(got, JSON.stringify(body)).toBe(status);
  return body;
};
const post = (path: string, body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  shop.api("POST", path, { body, headers });

/** Tables, of whatever schema, in which a token stands in any form in which a column keeps it; sealed answers are opened. */
async function tablesWithTokens(token = TOKEN): Promise<string[]> {
  const tables = await sql().unsafe(
    `select table_schema as schema, table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') and table_schema not like 'pg_%'`,
  );
  const found: string[] = [];
  for (const { schema, name } of tables) {
    const rows = await sql().unsafe(`select t.* from "${schema}"."${name}" t`);
    if (rows.some((row) => Object.values(row).some((value) => token.test(textOf(value))))) found.push(name);
  }
  return found.sort();
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  return text.startsWith("v1.") ? shop.engine.deps.seal.open(text) : text;
}

/** A person's data wherever the gateway can have them. */
async function plant(): Promise<{ id: string; contact: string; other: string; segment: string }> {
  const id = (await shop.find("erp", "debitor", "1001")).meta.id;
  const all = {
    ...{ soegenavn: "zqsoegtoken", leadkildeDetalje: "zqkildetoken", adresse1: "Zqvejtoken 1", adresse2: "zqtotoken" },
    ...{
      postnr: "8000",
      attention: "zqatttoken",
      bogholderiEmail: "zqbogtoken@zqdomain-token.dk",
      hjemmeside: "https://zqwebtoken.dk",
    },
    ...{
      bemaerk1: "zqbemtoken et",
      bemaerk2: "zqbemtoken to",
      bemaerk3: "zqbemtoken tre",
      overordnetTekst: "zqteksttoken",
    },
    ...{ pakkeinfo: "zqpakketoken", krakId: "zqkraktoken", kobId: "zqkobtoken", tdcId: "zqtdctoken" },
  };
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: all }));
  const person = {
    navn: "Zqnavntoken Hansen",
    titel: "zqtiteltoken",
    email: EMAIL,
    mobil: "27182818",
    telefon: "31415926",
  };
  const contact = (await ok(post(`/v1/kundeemner/${id}/kontaktpersoner`, person, { "idempotency-key": "zq-1" }), 201))
    .meta.id;
  await shop.settle();
  for (const [kind, body] of [
    ["noter", { tekst: "zqnotetoken", kontaktpersonId: contact }],
    ["aktiviteter", { type: "notat", dato: "2026-06-01", notat: "zqakttoken", kontaktpersonId: contact }],
    ["opgaver", { tekst: "zqopgavetoken", opfoelgningsdato: "2026-12-01" }],
    ["tilbud", { nr: "zqtilbudtoken", dato: "2026-06-01", beloeb: "100.00", valuta: "DKK" }],
  ] as const)
    await ok(post(`/v1/kundeemner/${id}/${kind}`, body), 201);
  await ok(
    post(`/v1/kundeemner/${id}/samtykker`, {
      ...{
        channel: "email",
        kind: "given",
        kontaktpersonId: contact,
        evidence: "zqbevistoken",
        source: "zqformtoken",
        optOutOffered: true,
      },
    }),
    201,
  );
  await ok(
    post(`/v1/kundeemner/${id}/samtykker`, { channel: "email", kind: "withdrawn", kontaktpersonId: contact }),
    201,
  );
  await ok(
    post("/v1/leads", {
      ...{ kilde: "hjemmeside", submissionId: "zqleadtoken", detalje: "zqdetaljetoken", besked: "zqbeskedtoken" },
      ...{
        kundeemne: { firmanavn: "Zqfirmatoken v/Zqnavntoken", cvrNr: CVR },
        kontaktperson: { navn: "Zqnavntoken Hansen", email: EMAIL },
      },
    }),
    201,
  );
  // Merged into it: what it had stands in history and for an undo.
  const other = (await ok(post("/v1/kundeemner", { firmanavn: "Zqandettoken", telefon: "27182818" }), 201)).meta.id;
  await ok(post(`/v1/kundeemner/${id}/merge`, { other }));
  const shape = {
    name: "Alle",
    level: "kontaktperson",
    filter: 'firmanavn ~ "zq"',
    channel: "email",
    purpose: "service",
    sender: "own",
  };
  const segment = (await ok(post("/v1/segments", shape), 201)).id;
  await ok(post(`/v1/segments/${segment}/run`, {}));
  const text = `Firmanavn;CVR;E-mail\r\nZqfirmatoken v/Zqnavntoken;${CVR};${EMAIL}\r\n`;
  const bytes = (async function* () {
    yield new TextEncoder().encode(text);
  })();
  const file = {
    fileName: "kunder.csv",
    bytes,
    mostBytes: 1000,
    wishes: {},
    by: { kind: "api", name: "test" },
  } as const;
  const brought = await openImport(shop.engine.deps, file);
  await tryImport(shop.engine.deps, brought.id, file.by);
  await shop.engine.work();
  // Both sides change one field: a conflict waits. What is wrong waits in quarantine, of the linked object and of a stranger.
  shop.crm.control.put("KundeEmner", "5001", { Navn: "Zqcrmtoken v/Zqnavntoken" });
  shop.erp.control.put("Debitorer", "1001", { Navn: "Zqerptoken v/Zqnavntoken" });
  await shop.settle();
  await receive(shop.engine.deps, { connection: "erp", object: "debitor", via: "push" }, [
    { externalId: "1001", data: { Kontonr: "1001", Navn: { zqskadettoken: true } } },
    { externalId: "9009", data: { Kontonr: "9009", Email: EMAIL.toUpperCase(), Telefon: "31415926" } },
  ]);
  await shop.engine.work();
  return { id, contact, other, segment };
}

test("R34 after an erasure a search of every table, in every form, finds nothing of the person, and the audit log verifies", async () => {
  const { id, contact, other } = await plant();
  const before = await tablesWithTokens();
  // The search finds what there is: else finding nothing would mean nothing.
  expect(before).toEqual(
    expect.arrayContaining([
      ...[
        "kundeemner",
        "kontaktpersoner",
        "noter",
        "aktiviteter",
        "opgaver",
        "tilbud",
        "consents",
        "leads",
        "history",
        "links",
      ],
      ...["changes", "attempts", "reviews", "imports", "import_chunks", "idempotency_keys"],
    ]),
  );
  const preview = await ok(post(`/v1/kundeemner/${id}/erase`, { dryRun: true }));
  expect(preview).toMatchObject({ id: null, entityId: id });
  expect(await tablesWithTokens()).toEqual(before);

  const erased = await ok(post(`/v1/kundeemner/${id}/erase`, {}));
  expect(erased).toMatchObject({
    entityId: id,
    entityIds: expect.arrayContaining([id, contact, other]),
    counts: preview.counts,
  });
  expect(await tablesWithTokens()).toEqual([]);
  const [record] = await sql().unsafe("select * from kundeemner where id = $1", [id]);
  const left = Object.entries(record ?? {}).filter(([, value]) => value !== null);
  expect(left.map(([column]) => column).sort()).toEqual([
    "created_at",
    "erased_at",
    "id",
    "provenance",
    "updated_at",
    "version",
  ]);
  const verdict = await ok(post("/v1/audit/verify", {}));
  expect(verdict).toMatchObject({ ok: true, faults: [] });
  expect(verdict.forgotten).toBeGreaterThan(0);
});

test("S72 the receipts say what each system has: the ledger's account is kept for bookkeeping until a day, the rest is to be confirmed", async () => {
  const { id } = await plant();
  const { id: erasure, receipts } = await ok(post(`/v1/kundeemner/${id}/erase`, {}));
  const year = new Date().getFullYear();
  expect(receipts).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        connection: "erp",
        object: "debitor",
        externalId: "1001",
        state: "kept",
        why: "bookkeeping",
        keepUntil: `${year + 5}-12-31`,
      }),
      expect.objectContaining({
        connection: "crm",
        object: "kundeemne",
        externalId: "5001",
        state: "open",
        keepUntil: null,
      }),
      expect.objectContaining({ connection: "crm", object: "kontaktperson", state: "open" }),
    ]),
  );
  for (const { number } of receipts) await ok(shop.api("POST", `/v1/erasures/${erasure}/receipts/${number}/done`));
  const done = await ok(shop.api("GET", `/v1/erasures/${erasure}`));
  expect(
    done.receipts.every(
      (each: { state: string; externalId: unknown }) => each.state === "done" && each.externalId === null,
    ),
  ).toBe(true);
  expect((await ok(shop.api("GET", "/v1/erasures?open=true"))).items).toEqual([]);
});

test("polls that send the person again change nothing, nor does the same person under another id", async () => {
  const { id } = await plant();
  await ok(post(`/v1/kundeemner/${id}/erase`, {}));
  shop.crm.control.put("KundeEmner", "5001", { Navn: "Zqnyttoken" });
  shop.erp.control.put("Debitorer", "1001", { Navn: "Zqnyttoken" });
  shop.erp.control.create("Debitorer", { Kontonr: "1002", Navn: "Zqigentoken", SE_Nr: CVR });
  shop.crm.control.create("KundeEmner", {
    Kontonr: "5002",
    Navn: "Zqigentoken",
    EmailBoghFak: "ZQBOGTOKEN@zqdomain-token.dk",
    TilladKampagne: "0",
    MaaOpdateresAuto: "1",
  });
  await shop.settle();
  await shop.settle();
  expect(await tablesWithTokens()).toEqual([]);
  expect(await sql().unsafe("select id from kundeemner where erased_at is null")).toEqual([]);
  const [hits] = await sql().unsafe("select sum(hits)::int as n from tombstones");
  expect(hits?.n).toBeGreaterThan(3);
  // A neighbour is taken as ever.
  shop.erp.control.create("Debitorer", { Kontonr: "1003", Navn: "Nabo ApS", SE_Nr: "25313763" });
  await shop.settle();
  expect(await sql().unsafe("select firmanavn from kundeemner where erased_at is null")).toMatchObject([
    { firmanavn: "Nabo ApS" },
  ]);
});

test("an erased record tells that it is gone: it cannot be edited, and erasing it again gives the same answer", async () => {
  const { id } = await plant();
  const first = await ok(post(`/v1/kundeemner/${id}/erase`, {}));
  expect((await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: "Igen" } })).status).toBe(410);
  expect(await ok(post(`/v1/kundeemner/${id}/erase`, {}))).toEqual(first);
  expect((await shop.api("GET", "/v1/kundeemner")).body.items).toEqual([]);
  const feed = (await ok(shop.api("GET", "/v1/feed?limit=500"))).entries;
  expect(feed).toEqual(expect.arrayContaining([expect.objectContaining({ id, kind: "erased" })]));
});

test("a contact is erased alone, and its Kundeemne goes on", async () => {
  const { id, contact } = await plant();
  const { entityIds } = await ok(post(`/v1/kundeemner/${id}/kontaktpersoner/${contact}/erase`, {}));
  expect(entityIds).toEqual([contact]);
  // The telephone is the company's as well.
  expect(await tablesWithTokens(/zqnavntoken hansen|zqmailtoken|zqtiteltoken/i)).toEqual([]);
  const record = await ok(shop.api("GET", `/v1/kundeemner/${id}`));
  expect(record).toMatchObject({ firmanavn: "Zqcrmtoken v/Zqnavntoken", kontaktpersoner: [] });
});

test("every table of the database is named with what erasing does to it, and every one that holds values is visited", async () => {
  const tables = await sql().unsafe(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1",
  );
  const queue = /^(bullmq|queue_|jobs?$)/;
  const names = tables.map((row) => String(row.name)).filter((name) => !queue.test(name));
  expect(names.filter((name) => personalData[name] === undefined)).toEqual([]);
  expect(Object.keys(personalData).filter((name) => !names.includes(name))).toEqual([]);
  const visited = new Set(eraseSteps.map(({ table }) => table));
  // Elsewhere: tombstones, hashes, what is struck out and unsealed answers.
  for (const table of ["kundeemner", "kontaktpersoner", "runs"]) visited.add(table);
  const held = Object.entries(personalData).filter(
    ([, how]) => how === "deleted" || how === "blanked" || how === "owed",
  );
  expect(held.map(([name]) => name).filter((name) => !visited.has(name))).toEqual([]);
});

test("R29 an account that shows an erased contact flat is named in a receipt, and emptied there it makes no contact again", async () => {
  const id = (await shop.find("erp", "debitor", "1001")).meta.id;
  const person = { navn: "Zqfladtoken Hansen", email: EMAIL, mobil: "27182818", primaer: true };
  const contact = (await ok(post(`/v1/kundeemner/${id}/kontaktpersoner`, person), 201)).meta.id;
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Kontakt: "Zqfladtoken Hansen", Email: EMAIL });
  const { receipts } = await ok(post(`/v1/kundeemner/${id}/kontaktpersoner/${contact}/erase`, {}));
  const open = { connection: "erp", object: "debitor", externalId: "1001", state: "open", keepUntil: null };
  expect(receipts).toEqual(expect.arrayContaining([expect.objectContaining(open)]));
  await shop.settle();
  shop.erp.control.put("Debitorer", "1001", { Kontakt: "", Email: "", Mobil: "" });
  await shop.settle();
  expect((await ok(shop.api("GET", `/v1/kundeemner/${id}`))).kontaktpersoner).toEqual([]);
  const [link] = await sql().unsafe("select base::text as base from links where external_id = '1001'");
  expect(String(link?.base)).not.toMatch(/zqfladtoken|zqmailtoken|27182818/i);
});

import { beforeAll, expect, test } from "vitest";
import type { Gateway } from "../../src/api/gateway.ts";
import { RejectedError } from "../../src/lib/errors.ts";
import { catalogueOf, type Values } from "../../src/model/catalogue.ts";
import type { Database } from "../../src/store/database.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeLink, storeRecord } from "../support/stored-records.ts";

let database: Database;
let api: TestApi;
let client: CheckedClient;

/** Writes what it is given, without rules: these tests are about what the API takes and shows. */
const gateway = (): Partial<Gateway> => ({
  createEntity: async ({ entity, values, parentId }) => {
    const id = await storeRecord(database.sql, entity, values, parentId === undefined ? {} : { parentId });
    return { id, version: 1 };
  },
  editEntity: async ({ entity, id, patch, ifVersion }) => {
    const table = entity === "kundeemne" ? "kundeemner" : "kontaktpersoner";
    const changed = Object.keys(patch);
    const columns = changed.map((key) => catalogueOf(entity).columnOf.get(key));
    const row = Object.fromEntries(changed.map((key, index) => [columns[index], patch[key]]));
    const sets = columns
      .map((column) => `${column} = p.${column}`)
      .concat("version = t.version + 1", "updated_at = now()");
    const rows = await database.sql.unsafe(
      `update ${table} t set ${sets.join(", ")} from json_populate_record(null::${table}, $1::text::json) p
       where t.id = $2::text::uuid and ($3::text is null or t.version = $3::text::bigint) returning t.version`,
      [JSON.stringify(row), id, ifVersion === undefined ? null : String(ifVersion)],
    );
    if (rows[0] === undefined)
      throw new RejectedError("version_moved", "The record has moved", { context: { version: 99 } });
    return { version: Number(rows[0].version), changed };
  },
  deleteContact: async ({ id }) => database.sql`delete from kontaktpersoner where id = ${id}`,
  explain: async ({ unit = "firmanavn" }) => ({ [unit]: { ...unexplained, unit } }),
});

const unexplained = {
  ...{ value: {}, version: 0, setBy: null, rule: null, losers: [], pinned: false, policies: [], held: [], links: [] },
  ...{ absent: [], text: { da: "Ingen har sat den.", en: "Nobody has set it." } },
};

beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database, { gateway: gateway() });
  client = await api.as("admin");
});

const whole: Values = {
  firmanavn: "Ærø Bådeværft ApS",
  adresse1: "Vestergade 12",
  postnr: "5970",
  bynavn: "Ærøskøbing",
  landekode: "DK",
  cvrNr: "24256790",
  pNumre: ["1001234567"],
  telefon: "62 52 10 20",
  "gps.lat": "54.8912345",
  "gps.lng": "10.4091",
  "gps.source": "manual",
  "branche.kode": "301100",
  "branche.klassifikation": "DB25",
  emnetyper: ["lead", "partner"],
  valuta: "DKK",
  kreditMax: "1234567890.12",
  bemaerk1: "To linjer\nher",
};

test("S11 what is typed is what is read: Danish letters, exact decimals and groups come back unchanged", async () => {
  const body = {
    ...Object.fromEntries(Object.entries(whole).filter(([key]) => !key.includes("."))),
    gps: { lat: "54.8912345", lng: "10.4091", source: "manual" },
    branche: { kode: "301100", klassifikation: "DB25" },
  };
  const made = await client("POST", "/v1/kundeemner", { body });
  expect(made.status).toBe(201);
  expect(made.headers.get("etag")).toBe('"1"');
  const read = await client("GET", made.headers.get("location") ?? "");
  expect(read.status).toBe(200);
  expect(read.body).toMatchObject({ ...body, land: "Denmark", kontaktpersoner: [], links: [] });
  expect(read.body.meta).toMatchObject({ version: 1, warnings: [], states: { archived: false } });
});

test("S12 a country's name in Danish or English sets the code, an unknown one is an error and never Denmark", async () => {
  const make = (land: string) => client("POST", "/v1/kundeemner", { body: { firmanavn: "X", land } });
  expect((await make("Grønland")).body.landekode).toBe("GL");
  expect((await make("Germany")).body).toMatchObject({ landekode: "DE", land: "Germany" });
  const unknown = await make("Atlantis");
  expect(unknown.status).toBe(422);
  expect(unknown.body.errors).toMatchObject([{ pointer: "/land", code: "country_unknown" }]);
  const both = await client("POST", "/v1/kundeemner", { body: { firmanavn: "X", land: "Sverige", landekode: "NO" } });
  expect(both.body.errors).toMatchObject([{ pointer: "/land", code: "contradiction" }]);
  const danish = await client("POST", "/v1/kundeemner", {
    body: { firmanavn: "X", landekode: "DE" },
    headers: { "accept-language": "da" },
  });
  expect(danish.body.land).toBe("Tyskland");
});

test("S35 a computed field refuses to be written, naming the field, the rule and the way out, in both languages", async () => {
  const id = await storeRecord(database.sql, "kundeemne", { firmanavn: "A" });
  const patch = (language: string) =>
    client("PATCH", `/v1/kundeemner/${id}`, {
      body: { findesDeb: true, saldoDeb: { beloeb: "1" }, meta: {} },
      headers: { "accept-language": language },
    });
  const english = await patch("en");
  expect(english.status).toBe(422);
  expect(english.body.errors.map((error: { pointer: string; code: string }) => [error.pointer, error.code])).toEqual([
    ["/findesDeb", "computed_field"],
    ["/saldoDeb/beloeb", "computed_field"],
    ["/meta", "computed_field"],
  ]);
  expect(english.body.errors[0].detail).toContain("findesDeb is set by the gateway from its links to debitors");
  expect((await patch("da")).body.errors[0].detail).toContain("links til debitorer");
});

test("a number that looks like a CPR number is refused, masked, and stands nowhere in the answer", async () => {
  for (const cvrNr of ["0101701234", "010170-1234", "DK 010170 1234"]) {
    const answer = await client("POST", "/v1/kundeemner", { body: { firmanavn: "X", cvrNr } });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ pointer: "/cvrNr", code: "cpr_like" }]);
    expect(answer.text).toContain("******-****");
    expect(answer.text).not.toMatch(/010170|1234/);
  }
});

test.each([
  [{}, "/firmanavn", "missing"],
  [{ firmanavn: "  " }, "/firmanavn", "missing"],
  [{ firmanavn: 7 }, "/firmanavn", "wrong_type"],
  [{ firmanavn: "x".repeat(101) }, "/firmanavn", "too_long"],
  [{ firmanavn: "X", firmnavn: "Y" }, "/firmnavn", "unknown_field"],
  [{ firmanavn: "X", gps: { lat: "91" } }, "/gps/lat", "too_large"],
  [{ firmanavn: "X", gps: { latitude: "1" } }, "/gps/latitude", "unknown_field"],
  [{ firmanavn: "X", gps: 5 }, "/gps", "wrong_type"],
  [{ firmanavn: "X", kundetype: "BTX" }, "/kundetype", "not_allowed"],
  [{ firmanavn: "X", emnetyper: ["lead", "ven"] }, "/emnetyper/1", "not_allowed"],
  [{ firmanavn: "X", emnetyper: "lead" }, "/emnetyper", "wrong_type"],
  [{ firmanavn: "X", cvrNr: "24256791" }, "/cvrNr", "cvr_check_digit"],
  [{ firmanavn: "X", kreditMax: "12,50" }, "/kreditMax", "bad_value"],
  [{ firmanavn: "X", indsigelse: "2026-02-30" }, "/indsigelse", "date_invalid"],
  [{ firmanavn: "X", eanLokationsnr: "5790000000001" }, "/eanLokationsnr", "gln_check_digit"],
  [{ firmanavn: "X", bogholderiEmail: "nobody" }, "/bogholderiEmail", "bad_value"],
  [{ firmanavn: "X", tilladKampagne: "ja" }, "/tilladKampagne", "wrong_type"],
  [{ firmanavn: "X", gdprOk: true }, "/gdprOk", "incomplete"],
  [{ firmanavn: "X", gdprOk: true }, "/gdprDato", "incomplete"],
  [{ firmanavn: "X", gdprOk: true, gdprDato: "2999-01-01" }, "/gdprDato", "date_ahead"],
  [{ firmanavn: "X", gps: { lat: "55.1" } }, "/gps", "incomplete"],
  [{ firmanavn: "X", gps: { lat: 0, lng: 0 } }, "/gps", "bad_value"],
  [{ firmanavn: "X", antalMedarbejdere: { fra: 9, til: 3 } }, "/antalMedarbejdere", "contradiction"],
  [{ firmanavn: "X", antalMedarbejdere: { fra: 1.5 } }, "/antalMedarbejdere/fra", "wrong_type"],
  [{ firmanavn: "X", antalMedarbejdere: "ti" }, "/antalMedarbejdere", "wrong_type"],
  [{ firmanavn: "X", antalMedarbejdere: -1 }, "/antalMedarbejdere/fra", "too_small"],
  [{ firmanavn: "X", kreditMax: true }, "/kreditMax", "wrong_type"],
  [{ firmanavn: "X", kreditMax: "1.005" }, "/kreditMax", "bad_value"],
  [{ firmanavn: "X", kreditMax: "12345678901234567890" }, "/kreditMax", "bad_value"],
  [{ firmanavn: "X", hjemmeside: "ingen side" }, "/hjemmeside", "bad_value"],
  [{ firmanavn: "X", adresse1: "a\nb" }, "/adresse1", "bad_value"],
  [{ firmanavn: "X", bemaerk1: "x".repeat(256) }, "/bemaerk1", "too_long"],
  [{ firmanavn: "X", valuta: "HRK" }, "/valuta", "currency_inactive"],
  [{ firmanavn: "X", besoegsadresse: { landekode: "DK", postnr: "80000" } }, "/besoegsadresse/postnr", "postnr_shape"],
  [{ firmanavn: "X", kontaktpersoner: [] }, "/kontaktpersoner", "computed_field"],
  [[], "", "wrong_type"],
])("a body %j is refused at %s as %s", async (body, pointer, code) => {
  for (const language of ["da", "en"]) {
    const answer = await client("POST", "/v1/kundeemner", { body, headers: { "accept-language": language } });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toContainEqual({ pointer, code, detail: expect.stringMatching(/^[^{}]+$/) });
  }
});

test("approval needs its date, in the body or on the record, and Danish readers are told in Danish", async () => {
  const dated = await storeRecord(database.sql, "kundeemne", { firmanavn: "A", gdprDato: "2026-01-31" });
  const answer = await client("PATCH", `/v1/kundeemner/${dated}`, { body: { gdprOk: true } });
  expect(answer.body).toMatchObject({ gdprOk: true, gdprDato: "2026-01-31" });
  const undated = await client("PATCH", `/v1/kundeemner/${dated}`, {
    body: { gdprDato: null },
    headers: { "accept-language": "da" },
  });
  const detail = "gdprOk og gdprDato hører sammen: udfyld begge, eller lad begge være tomme.";
  expect(undated.body.errors).toEqual([
    { pointer: "/gdprOk", code: "incomplete", detail },
    { pointer: "/gdprDato", code: "incomplete", detail },
  ]);
  expect((await client("PATCH", `/v1/kundeemner/${dated}`, { body: { gdprOk: null, gdprDato: null } })).status).toBe(
    200,
  );
});

test("a postal code and a telephone are judged by the country of the record that is changed", async () => {
  const german = await storeRecord(database.sql, "kundeemne", { firmanavn: "A", landekode: "DE" });
  const patch = (id: string, body: object) => client("PATCH", `/v1/kundeemner/${id}`, { body });
  expect((await patch(german, { postnr: "10115", telefon: "030 901820" })).status).toBe(200);
  const danish = await storeRecord(database.sql, "kundeemne", { firmanavn: "B", landekode: "DK" });
  const refused = await patch(danish, { postnr: "10115", telefon: "030 901820" });
  expect(refused.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual(["/postnr", "/telefon"]);
});

test("an id that was merged into another answers 410 with that record's id, to readers and writers", async () => {
  const main = await storeRecord(database.sql, "kundeemne", { firmanavn: "Main" });
  const lost = await storeRecord(database.sql, "kundeemne", { firmanavn: "Lost" });
  await database.sql`update kundeemner set merged_into = ${main} where id = ${lost}`;
  for (const [method, path] of [
    ["GET", ""],
    ["PATCH", ""],
    ["GET", "/kontaktpersoner"],
    ["POST", "/kontaktpersoner"],
  ] as const) {
    const body = method === "GET" ? {} : { body: { firmanavn: "X" } };
    const answer = await client(method, `/v1/kundeemner/${lost}${path}`, body);
    expect(answer.body, `${method} ${path}`).toMatchObject({ status: 410, code: "merged", mergedInto: main });
  }
});

test.each([
  [{ navn: "x".repeat(101) }, "/navn", "too_long"],
  [{ navn: null }, "/navn", "missing"],
  [{ navn: "Ida", email: "ida" }, "/email", "bad_value"],
  [{ navn: "Ida", mobil: "12345678" }, "/mobil", "phone_prefix"],
  [{ navn: "Ida", oprettetVia: "import" }, "/oprettetVia", "computed_field"],
  [{ navn: "Ida", kundeemneId: "x" }, "/kundeemneId", "computed_field"],
  [{ navn: "Ida", land: "Danmark" }, "/land", "unknown_field"],
  [{ navn: "Ida", profil: [1] }, "/profil/0", "wrong_type"],
])("a contact %j is refused at %s as %s, in both languages", async (body, pointer, code) => {
  const id = await storeRecord(database.sql, "kundeemne", { firmanavn: "A" });
  const details: string[] = [];
  for (const language of ["da", "en"]) {
    const headers = { "accept-language": language };
    const answer = await client("POST", `/v1/kundeemner/${id}/kontaktpersoner`, { body, headers });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
    expect(answer.body.errors).toContainEqual({ pointer, code, detail: expect.stringMatching(/^[^{}]+$/) });
    details.push(answer.body.errors[0].detail);
  }
  expect(details[0]).not.toBe(details[1]);
});

test("all faults of a body are told at once", async () => {
  const answer = await client("POST", "/v1/kundeemner", { body: { cvrNr: "1", findesKred: true, nope: 1 } });
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
    "/cvrNr",
    "/findesKred",
    "/firmanavn",
    "/nope",
  ]);
});

test("a patch clears by null, leaves what is absent, and clears a whole group at once", async () => {
  const id = await storeRecord(database.sql, "kundeemne", whole);
  const answer = await client("PATCH", `/v1/kundeemner/${id}`, {
    raw: JSON.stringify({ telefon: null, gps: null, bynavn: "Marstal" }),
    headers: { "content-type": "application/merge-patch+json" },
  });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ telefon: null, bynavn: "Marstal", adresse1: "Vestergade 12", cvrNr: "24256790" });
  expect(Object.values(answer.body.gps)).toEqual([null, null, null, null, null, null]);
  const required = await client("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: null } });
  expect(required.body.errors).toMatchObject([{ pointer: "/firmanavn", code: "missing" }]);
  const fixed = await client("PATCH", `/v1/kundeemner/${id}`, { body: { kontonummer: "1" } });
  expect(fixed.body.errors).toMatchObject([{ pointer: "/kontonummer", code: "immutable_field" }]);
});

test("If-Match: the version that was seen passes, another is a 412 that tells the present one, a weak tag never matches", async () => {
  const id = await storeRecord(database.sql, "kundeemne", { firmanavn: "A" });
  const patch = (tag: string) =>
    client("PATCH", `/v1/kundeemner/${id}`, { body: { bynavn: tag }, headers: { "if-match": tag } });
  const first = await patch('"1"');
  expect([first.status, first.headers.get("etag")]).toEqual([200, '"2"']);
  const stale = await patch('"1"');
  expect(stale.status).toBe(412);
  expect(stale.body).toMatchObject({ code: "version_moved", currentVersion: 2 });
  expect(stale.headers.get("etag")).toBe('"2"');
  expect((await patch('W/"2"')).status).toBe(412);
  expect((await patch('"7", "2"')).status).toBe(200);
  expect((await patch("*")).status).toBe(200);
});

test("bodies that are no JSON, of another type, or too large are told apart", async () => {
  const send = (raw: string, type: string) =>
    client("POST", "/v1/kundeemner", { raw, headers: { "content-type": type } });
  expect((await send("{", "application/json")).body).toMatchObject({ status: 400, code: "invalid_json" });
  expect((await send("<a/>", "application/xml")).body).toMatchObject({ status: 415, code: "unsupported_media_type" });
  const large = await send(JSON.stringify({ firmanavn: "x".repeat(1_100_000) }), "application/json");
  expect(large.body).toMatchObject({ status: 413, code: "body_too_large" });
});

test("an id that is none, and one that is nobody's, are both a 404", async () => {
  expect((await client("GET", "/v1/kundeemner/42")).status).toBe(404);
  expect((await client("GET", "/v1/kundeemner/0199c0de-0000-7000-8000-000000000000")).status).toBe(404);
});

test("one read answers master data, contacts, links, who set what, and what is held", async () => {
  const provenance = {
    s: [
      {
        kind: "connection",
        side: "ledger",
        connection: "erp",
        object: "debitor",
        from: 0,
        to: 1_750_000_000_000,
        mapping: "m1",
      },
    ],
    u: { telefon: [1, 0, "most_recent"] },
  };
  const id = await storeRecord(
    database.sql,
    "kundeemne",
    { firmanavn: "B", landekode: "DK", telefon: "12" },
    {
      provenance,
      holds: { adresse: 5 },
      policies: [{ unit: "telefon", policy: "frozen", pin: true, reason: "r", by: "me" }],
    },
  );
  await storeRecord(database.sql, "kontaktperson", { navn: "Bo" }, { parentId: id });
  const ida = await storeRecord(database.sql, "kontaktperson", { navn: "Ida", primaer: true }, { parentId: id });
  await storeLink(database.sql, { connection: "erp", object: "debitor", externalId: "0100", entityId: id });
  const { body } = await client("GET", `/v1/kundeemner/${id}`);
  expect(body.kontaktpersoner.map((contact: { navn: string }) => contact.navn)).toEqual(["Ida", "Bo"]);
  expect(body.primaerKontaktId).toBe(ida);
  expect(body.links).toMatchObject([{ connection: "erp", externalId: "0100", state: "linked" }]);
  expect(body.meta.sources.telefon).toMatchObject({
    kind: "connection",
    connection: "erp",
    rule: "most_recent",
    version: 1,
  });
  expect(body.meta.held).toEqual({ adresse: 5 });
  expect(body.meta.policies).toMatchObject([{ unit: "telefon", policy: "frozen", pin: true }]);
  expect(body.meta.warnings).toEqual([{ field: "telefon", code: expect.stringMatching(/^phone_/) }]);
});

test("contacts are added, changed and removed under their emne only", async () => {
  const id = await storeRecord(database.sql, "kundeemne", { firmanavn: "C" });
  const other = await storeRecord(database.sql, "kundeemne", { firmanavn: "D" });
  const made = await client("POST", `/v1/kundeemner/${id}/kontaktpersoner`, {
    body: { navn: "Åse", email: "aase@example.dk" },
  });
  expect(made.status).toBe(201);
  const path = made.headers.get("location") ?? "";
  const contact = made.body.meta.id;
  expect((await client("PATCH", path, { body: { titel: "Indkøber" } })).body).toMatchObject({
    navn: "Åse",
    titel: "Indkøber",
  });
  expect((await client("GET", `/v1/kundeemner/${other}/kontaktpersoner/${contact}`)).status).toBe(404);
  expect((await client("DELETE", path, { headers: { "if-match": '"1"' } })).status).toBe(412);
  expect((await client("DELETE", path)).status).toBe(204);
  expect((await client("GET", `/v1/kundeemner/${id}/kontaktpersoner`)).body.items).toEqual([]);
});

test("history tells old, new, rule and who, newest first, a page at a time", async () => {
  const id = await storeRecord(database.sql, "kundeemne", { firmanavn: "H" });
  await database.sql`
    insert into history (entity_id, version, entity, batch, place, kind, at, by, fields)
    select ${id}, v, 'kundeemne', 0, v, 'changed', kobling_now(), '{"kind":"api","actor":"test","from":0,"to":0}',
      json_build_object('bynavn', json_build_array(v - 1, v, 'owner')) from generate_series(1, 3) v`;
  const first = await client("GET", `/v1/kundeemner/${id}/history?limit=2`);
  expect(first.body.items.map((entry: { version: number }) => entry.version)).toEqual([3, 2]);
  expect(first.body.items[0]).toMatchObject({
    by: { kind: "api", actor: "test" },
    fields: { bynavn: { from: 2, to: 3, rule: "owner" } },
  });
  const second = await client("GET", `/v1/kundeemner/${id}/history?limit=2&cursor=${first.body.next}`);
  expect(second.body).toMatchObject({ items: [{ version: 1 }], next: null });
});

test("explain answers by field or group, and refuses names that are none", async () => {
  const id = await storeRecord(database.sql, "kundeemne", { firmanavn: "E" });
  const english = await client("GET", `/v1/kundeemner/${id}/explain?field=postnr`);
  expect(english.body).toMatchObject({ adresse: { unit: "adresse", text: "Nobody has set it." } });
  const danish = await client("GET", `/v1/kundeemner/${id}/explain`, {
    headers: { "accept-language": "da, en;q=0.5" },
  });
  expect(danish.body).toMatchObject({ firmanavn: { text: "Ingen har sat den." } });
  expect(danish.headers.get("content-language")).toBe("da");
  const nobody = "/kontaktpersoner/0199c0de-0000-7000-8000-000000000000/explain";
  expect((await client("GET", `/v1/kundeemner/${id}${nobody}`)).status).toBe(404);
  expect((await client("GET", `/v1/kundeemner/${id}/explain?field=nope`)).status).toBe(400);
});

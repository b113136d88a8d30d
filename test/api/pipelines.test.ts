import { afterAll, beforeAll, expect, test } from "vitest";
import type { Gateway } from "../../src/api/gateway.ts";
import { backpressure } from "../../src/pipelines/backpressure.ts";
import { createEntity, deleteContact, editEntity } from "../../src/pipelines/edit.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { type Engine, startEngine } from "../support/engine.ts";

let engine: Engine;
let api: TestApi;
let client: CheckedClient;

beforeAll(async () => {
  engine = await startEngine({
    connections: { erp: { connector: "api", objects: { debitor: { direction: "both" } } } },
  });
  const { deps } = engine;
  const gateway: Partial<Gateway> = {
    createEntity: (act) => createEntity(deps, act),
    editEntity: (act) => editEntity(deps, act),
    deleteContact: (act) => deleteContact(deps, act),
    receive: (from, envelopes) => receive(deps, from, envelopes),
    backpressure: (connection) => backpressure(deps, connection),
  };
  api = testApi(deps.db, { gateway });
  client = await api.as("admin");
});

afterAll(() => engine.close());

test("a record that is made and changed through the API has an account number, a history and an entry in the feed", async () => {
  const { cursor } = (await client("GET", "/v1/feed?after=latest")).body;
  const made = await client("POST", "/v1/kundeemner", { body: { firmanavn: "Åse og Søn ApS", postnr: "8000" } });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    landekode: "DK",
    findesDeb: false,
    tilladKampagne: false,
    maaOpdateresAutomatisk: true,
  });
  expect(made.body.kontonummer).toMatch(/^\d+$/);
  const { id } = made.body.meta;
  const set = { kind: "api", actor: "test admin" };
  expect(made.body.meta.sources.firmanavn).toMatchObject(set);
  const listed = async (query: string) =>
    (await client("GET", `/v1/kundeemner?kontonummer=${made.body.kontonummer}${query}`)).body.items[0].meta;
  expect(await listed("")).not.toHaveProperty("sources");
  expect((await listed("&include=sources")).sources.firmanavn).toMatchObject(set);

  const changed = await client("PATCH", `/v1/kundeemner/${id}`, {
    body: { telefon: "70 10 20 30" },
    headers: { "if-match": made.headers.get("etag") ?? "" },
  });
  expect(changed.body).toMatchObject({ telefon: "70 10 20 30", kontonummer: made.body.kontonummer });
  const stale = await client("PATCH", `/v1/kundeemner/${id}`, {
    body: { bynavn: "Odense" },
    headers: { "if-match": made.headers.get("etag") ?? "" },
  });
  expect(stale.body).toMatchObject({ status: 412, currentVersion: changed.body.meta.version });

  const { items } = (await client("GET", `/v1/kundeemner/${id}/history`)).body;
  expect(items[0]).toMatchObject({
    by: { kind: "api", actor: "test admin" },
    fields: { telefon: { from: null, to: "70 10 20 30" } },
  });
  const { entries } = (await client("GET", `/v1/feed?after=${cursor}`)).body;
  expect(entries.map((entry: { id: string; version: number }) => [entry.id, entry.version])).toEqual(
    items.map((item: { version: number }) => [id, item.version]).reverse(),
  );
});

test("S22 at most one contact is primary, and the record says which", async () => {
  const { body } = await client("POST", "/v1/kundeemner", { body: { firmanavn: "Kontakter" } });
  const path = `/v1/kundeemner/${body.meta.id}`;
  const ida = (await client("POST", `${path}/kontaktpersoner`, { body: { navn: "Ida", primaer: true } })).body.meta.id;
  const bo = (await client("POST", `${path}/kontaktpersoner`, { body: { navn: "Bo", primaer: true } })).body.meta.id;
  expect((await client("GET", path)).body.primaerKontaktId).toBe(bo);
  await client("PATCH", path, { body: { primaerKontaktId: ida } });
  const read = (await client("GET", path)).body;
  expect(read.primaerKontaktId).toBe(ida);
  expect(read.kontaktpersoner.filter((contact: { primaer: boolean }) => contact.primaer)).toHaveLength(1);
  expect((await client("DELETE", `${path}/kontaktpersoner/${ida}`)).status).toBe(204);
  expect((await client("GET", path)).body).toMatchObject({ primaerKontaktId: null, kontaktpersoner: [{ navn: "Bo" }] });
  expect((await client("PATCH", path, { body: { primaerKontaktId: body.meta.id } })).status).toBe(422);
});

test("R5 what is pushed again is a repeat, and each line is kept before the answer", async () => {
  const lines = Array.from({ length: 1200 }, (_, index) =>
    JSON.stringify({
      externalId: String(index),
      eventId: `e${index}`,
      data: { Kontonr: String(index), Navn: `Firma ${index}` },
    }),
  ).join("\n");
  const push = () =>
    client("POST", "/v1/connections/erp/inbound/debitor", {
      raw: lines,
      headers: { "content-type": "application/x-ndjson" },
    });
  expect((await push()).body).toMatchObject({ kept: 1200, repeats: 0, rejectedCount: 0, lastLine: 1200 });
  const [kept] = await engine.deps.db.sql`select count(*)::int as n from changes where state = 'received'`;
  expect(kept?.n).toBe(1200);
  expect((await push()).body).toMatchObject({ kept: 0, repeats: 1200 });
  expect((await client("GET", "/v1/status")).body.totals.waiting).toBe(1200);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import type { CheckedClient } from "../support/checked-client.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let marketing: CheckedClient;
let sales: CheckedClient;
let id: string;

beforeAll(async () => {
  shop = await openShop({});
  [marketing, sales] = [await shop.as("marketing"), await shop.as("sales")];
  const values = {
    firmanavn: "Rolle ApS",
    postnr: "8000",
    bemaerk1: "zq-note",
    overordnetTekst: "zq-note",
    kreditMax: "98765",
  };
  id = (await shop.api("POST", "/v1/kundeemner", { body: values })).body.meta.id;
  await shop.engine.deps.db.sql.unsafe(
    "update kundeemner set saldo_deb_beloeb = 54321, saldo_deb_valuta = 'DKK' where id = $1",
    [id],
  );
  await shop.api("POST", `/v1/kundeemner/${id}/noter`, { body: { tekst: "zq-note" } });
});
afterAll(() => shop?.close());

const SECRET = /54321|98765|zq-note/;

test("S92 marketing sees master data, segments and consents, and no balance or note anywhere in an answer", async () => {
  const one = await marketing("GET", `/v1/kundeemner/${id}`);
  expect(one).toMatchObject({
    status: 200,
    body: { firmanavn: "Rolle ApS", saldoDeb: { beloeb: null }, bemaerk1: null },
  });
  for (const path of [`/v1/kundeemner/${id}`, "/v1/kundeemner", "/v1/kundeemner?include=sources"]) {
    const { status, text } = await marketing("GET", path);
    expect({ path, status, seen: SECRET.exec(text) }).toEqual({ path, status: 200, seen: null });
    // Whoever reads everything sees them there.
    expect((await sales("GET", path)).text).toMatch(SECRET);
  }
  const geo = await marketing("GET", "/v1/kundeemner", { headers: { accept: "application/geo+json" } });
  expect(geo.text).not.toMatch(SECRET);
});

test("S92 what gives notes, history or values as they came is closed to marketing", async () => {
  for (const path of [
    `/v1/kundeemner/${id}/noter`,
    "/v1/noter",
    "/v1/aktiviteter",
    `/v1/kundeemner/${id}/history`,
    `/v1/kundeemner/${id}/explain`,
    "/v1/reviews",
    "/v1/quarantine",
    "/v1/runs/1/items",
    "/v1/audit",
    "/v1/feed",
  ])
    expect({ path, status: (await marketing("GET", path)).status }).toEqual({ path, status: 403 });
});

test("S92 what is hidden cannot be asked about either: by a filter, an order, a segment or a column", async () => {
  for (const query of [
    "filter=saldoDeb.beloeb%20%3E%201000",
    "sort=saldoDeb.beloeb",
    "kreditMax=98765",
    "filter=bemaerk1%20~%20%22zq%22",
  ])
    expect({ query, status: (await marketing("GET", `/v1/kundeemner?${query}`)).status }).toEqual({
      query,
      status: 403,
    });
  const segment = { name: "Med saldo", level: "kundeemne", filter: "saldoDeb.beloeb > 1", channel: "phone" };
  expect((await marketing("POST", "/v1/segments", { body: segment })).status).toBe(403);
  const escaped = '{"name":"x","level":"kundeemne","filter":"\\u0073aldoDeb.beloeb > 1","channel":"phone"}';
  expect(
    (await marketing("POST", "/v1/segments", { raw: escaped, headers: { "content-type": "application/json" } })).status,
  ).toBe(403);
  expect((await marketing("POST", "/v1/criteria/check", { body: { filter: "kreditMax > 1" } })).status).toBe(403);
});

test("S92 marketing makes segments and notes a withdrawal, and writes no record", async () => {
  const made = await marketing("POST", "/v1/segments", {
    body: { name: "Aarhus, uden saldo", level: "kundeemne", filter: "postnr in 8000..8299", channel: "phone" },
  });
  expect(made.status).toBe(201);
  const gone = { channel: "phone", kind: "withdrawn", address: "+4520102030" };
  expect((await marketing("POST", `/v1/kundeemner/${id}/samtykker`, { body: gone })).status).toBe(201);
  expect((await marketing("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: "Nej" } })).status).toBe(403);
});

test("S92 sales reads and writes, sets a protection and cannot clear it", async () => {
  expect((await sales("PATCH", `/v1/kundeemner/${id}`, { body: { telefon: "20102030" } })).status).toBe(200);
  expect((await sales("PATCH", `/v1/kundeemner/${id}`, { body: { indsigelse: "2026-06-01" } })).status).toBe(200);
  for (const indsigelse of [null, "2026-07-01"])
    expect((await sales("PATCH", `/v1/kundeemner/${id}`, { body: { indsigelse } })).status).toBe(403);
  const reklamebeskyttet = { vaerdi: false };
  expect((await sales("PATCH", `/v1/kundeemner/${id}`, { body: { reklamebeskyttet } })).status).toBe(422);
  expect((await sales("POST", `/v1/kundeemner/${id}/restrict`, { body: { reason: "art. 18" } })).status).toBe(200);
  expect((await sales("POST", `/v1/kundeemner/${id}/unrestrict`, { body: { reason: "nej" } })).status).toBe(403);
  expect((await sales("POST", `/v1/kundeemner/${id}/erase`, { body: {} })).status).toBe(403);
  expect((await sales("GET", `/v1/kundeemner/${id}`)).body).toMatchObject({ indsigelse: "2026-06-01" });
  const writer = await shop.as("write");
  expect((await writer("POST", `/v1/kundeemner/${id}/unrestrict`, { body: { reason: "afklaret" } })).status).toBe(200);
  expect((await writer("PATCH", `/v1/kundeemner/${id}`, { body: { indsigelse: null } })).status).toBe(200);
});

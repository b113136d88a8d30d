import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { forgetFeed } from "../../src/store/feed.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";

let database: Database;
let api: TestApi;
let client: CheckedClient;
beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database);
  client = await api.as("read");
});

const write = async (entries: number, at = new Date()) => database.sql`
  with batch as (insert into feed_batches (entries, at) values (${entries}, ${at.toISOString()}) returning id)
  insert into history (entity_id, version, entity, batch, place, kind, at, by, fields)
  select ${randomUUID()}, x, 'kundeemne', batch.id, x - 1, 'changed', kobling_now(),
    '{"kind":"connection","connection":"erp","from":0,"to":0}', '{"bynavn":["Gammel","Ny","owner"]}'
  from batch, generate_series(1, ${entries}::int) x`;

test("R32 the feed is read page by page to its end, in names of fields only", async () => {
  await write(5);
  const first = await client("GET", "/v1/feed?limit=3");
  expect(first.body).toMatchObject({ hasMore: true });
  expect(first.body.entries.map((entry: { version: number }) => entry.version)).toEqual([1, 2, 3]);
  expect(first.body.entries[0]).toMatchObject({ fields: ["bynavn"], by: { kind: "connection", connection: "erp" } });
  expect(first.text).not.toMatch(/Gammel|Ny/);
  const rest = await client("GET", `/v1/feed?after=${first.body.cursor}`);
  expect(rest.body).toMatchObject({ hasMore: false });
  expect(rest.body.entries).toHaveLength(2);
  expect((await client("GET", "/v1/feed?after=latest")).body).toEqual({
    entries: [],
    cursor: rest.body.cursor,
    hasMore: false,
  });
});

test("R32 a reader that waits is answered as soon as something is committed", async () => {
  const { cursor } = (await client("GET", "/v1/feed?after=latest")).body;
  const waiting = client("GET", `/v1/feed?after=${cursor}&wait=30`);
  await write(1);
  expect((await waiting).body.entries).toHaveLength(1);
});

test("R32 behind what is kept it is 410 with the way to a snapshot, from which nothing is missed", async () => {
  const old = (await client("GET", "/v1/feed?limit=1")).body.cursor;
  await forgetFeed(database.sql, new Date(Date.now() + 60_000));
  const gone = await client("GET", `/v1/feed?after=${old}`);
  expect(gone.body).toMatchObject({ status: 410, code: "feed_gone", snapshot: { records: "/v1/kundeemner" } });
  await write(2);
  expect((await client("GET", `/v1/feed?after=${gone.body.snapshot.cursor}`)).body.entries).toHaveLength(2);
});

test("a cursor that is none, or a wait that is too long, is refused", async () => {
  expect((await client("GET", "/v1/feed?after=abc")).body).toMatchObject({ status: 400, code: "invalid_cursor" });
  expect((await client("GET", "/v1/feed?wait=31")).status).toBe(400);
});

test("a named reader's place is kept, read back and forgotten", async () => {
  const { cursor } = (await client("GET", "/v1/feed?after=latest")).body;
  const kept = await client("PUT", "/v1/subscriptions/webshop/cursor", { body: { cursor } });
  expect(kept.body).toMatchObject({ name: "webshop", cursor });
  expect((await client("GET", "/v1/subscriptions")).body.items).toEqual([kept.body]);
  expect((await client("PUT", "/v1/subscriptions/webshop/cursor", { body: { cursor: "x" } })).status).toBe(400);
  expect((await client("DELETE", "/v1/subscriptions/webshop")).status).toBe(204);
  expect((await client("DELETE", "/v1/subscriptions/webshop")).status).toBe(404);
});

import { beforeAll, expect, test } from "vitest";
import { hashKey, newKey } from "../../src/lib/secrets.ts";
import { setAdminKey } from "../../src/store/api-keys.ts";
import type { Database } from "../../src/store/database.ts";
import { type TestApi, testApi } from "../support/api.ts";
import { createTestDatabase } from "../support/database.ts";

let database: Database;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database);
});

test("unknown, expired, revoked, malformed and missing keys get the same code and body", async () => {
  const expired = await api.keyOf(["admin"], { expiresAt: "2020-01-01T00:00:00Z" });
  const revoked = await api.keyOf(["admin"]);
  const admin = await api.as("admin");
  expect((await admin("DELETE", `/v1/keys/${revoked.id}`)).status).toBe(204);

  const answers = [];
  for (const key of [newKey(), expired.key, revoked.key, "not-a-key", undefined]) {
    const client = await api.with(key);
    const { status, body, headers } = await client("GET", "/v1/keys");
    const { traceId, instance, ...told } = body;
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(instance).toContain(traceId);
    answers.push({ status, told, challenge: headers.get("www-authenticate") });
  }
  expect(answers[0]).toMatchObject({ status: 401, told: { code: "unauthorized", retryable: false } });
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

test("a key is shown once, kept as a hash only, and listed with its use", async () => {
  const admin = await api.as("admin");
  const made = await admin("POST", "/v1/keys", { body: { label: "Bogholderi", scopes: ["read", "connection:erp"] } });
  expect(made.status).toBe(201);
  expect(made.body.key).toMatch(/^kob_[\w-]{43}$/);

  const reader = await api.with(made.body.key);
  expect((await reader("GET", "/v1/connections")).status).toBe(200);
  const listed = await admin("GET", "/v1/keys");
  const found = listed.body.items.find((key: { id: string }) => key.id === made.body.id);
  expect(found).toMatchObject({ label: "Bogholderi", revokedAt: null });
  expect(found.lastUsedAt).not.toBeNull();
  expect(listed.text).not.toContain(made.body.key);
  const stored = await database.sql`select row_to_json(k)::text as row from api_keys k`;
  expect(JSON.stringify(stored)).not.toContain(made.body.key.slice(4));
});

test.each([
  [["read"], "GET", "/v1/kundeemner", 200],
  [["write"], "GET", "/v1/kundeemner", 200],
  [["review"], "GET", "/v1/reviews", 200],
  [["connection:erp"], "GET", "/v1/kundeemner", 403],
  [["read"], "GET", "/v1/keys", 403],
  [["write"], "POST", "/v1/pause", 403],
  [["read"], "POST", "/v1/kundeemner", 403],
  [["connection:other"], "POST", "/v1/connections/erp/inbound/debitor", 403],
  [["write"], "POST", "/v1/connections/erp/inbound/debitor", 403],
  [["read"], "POST", "/v1/reviews/1/decision", 403],
])("a key with %j asking %s %s gets %i", async (scopes, method, path, status) => {
  const client = await api.as(...scopes);
  const answer = await client(method, path, method === "POST" ? { body: {} } : {});
  expect(answer.status).toBe(status);
});

test.each([
  [{ label: "", scopes: ["read"] }, "/label"],
  [{ label: "x", scopes: ["root"] }, "/scopes/0"],
  [{ label: "x", scopes: [] }, "/scopes"],
  [{ label: "x", scopes: ["read"], expiresAt: "2020-01-01T00:00:00Z" }, "/expiresAt"],
  [{ label: "x", scopes: ["read"], scope: "admin" }, "/scope"],
])("a key body %j is refused at %s", async (body, pointer) => {
  const admin = await api.as("admin");
  const answer = await admin("POST", "/v1/keys", { body });
  expect(answer.status).toBe(422);
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
});

test("an admin key of the environment that is replaced no longer works, and works again when it returns", async () => {
  const [first, second] = [newKey(), newKey()];
  const status = async (key: string) => (await (await api.with(key))("GET", "/v1/keys")).status;
  await setAdminKey(database.sql, { id: api.deps.newId(), hash: hashKey(first) });
  expect(await status(first)).toBe(200);
  await setAdminKey(database.sql, { id: api.deps.newId(), hash: hashKey(second) });
  expect([await status(first), await status(second)]).toEqual([401, 200]);
  await setAdminKey(database.sql, { id: api.deps.newId(), hash: hashKey(first) });
  expect([await status(first), await status(second)]).toEqual([200, 401]);
});

test("a problem speaks Danish or English by Accept-Language, its code stays the same", async () => {
  const client = await api.with(undefined);
  const ask = async (language: string) =>
    (await client("GET", "/v1/keys", { headers: { "accept-language": language } })).body;
  const danish = await ask("de, da-DK;q=0.9, en;q=0.1");
  const english = await ask("en-GB, da;q=0.5");
  expect(danish.title).toBe("Ikke logget ind");
  expect(english.title).toBe("Not signed in");
  expect(danish.code).toBe(english.code);
});

test("an address that does not exist is a 404 problem, also without a key", async () => {
  const answer = await api.app.request("/nothing");
  expect(answer.status).toBe(404);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
});

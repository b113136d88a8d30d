import { beforeAll, expect, test } from "vitest";
import { RetryableError } from "../../src/lib/errors.ts";
import type { Database } from "../../src/store/database.ts";
import { forgetIdempotencyKeys } from "../../src/store/idempotency.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeRecord } from "../support/stored-records.ts";

let database: Database;
let api: TestApi;
let client: CheckedClient;
let made = 0;
let failNext = false;
let gate: Promise<void> = Promise.resolve();

beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database, {
    gateway: {
      createEntity: async ({ entity, values }) => {
        await gate;
        if (failNext) {
          failNext = false;
          throw new RetryableError("busy", "Not now", { retryAfterMs: 3000 });
        }
        made += 1;
        return { id: await storeRecord(database.sql, entity, values), version: 1 };
      },
    },
  });
  client = await api.as("admin");
});

const post = (key: string, firmanavn: string, as = client) =>
  as("POST", "/v1/kundeemner", { body: { firmanavn }, headers: { "idempotency-key": key } });

test("the same request under a key is done once and answered the same, quoted or not", async () => {
  const before = made;
  const first = await post('"k1"', "A");
  const again = await post("k1", "A");
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.text).toBe(first.text);
  expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
  expect(again.headers.get("location")).toBe(first.headers.get("location"));
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(made - before).toBe(1);
});

test("another request under the same key is a 422; the same key of another caller is another key", async () => {
  await post("k2", "A");
  expect((await post("k2", "B")).body).toMatchObject({ status: 422, code: "idempotency_key_reused" });
  expect((await post("k2", "B", await api.as("admin"))).status).toBe(201);
});

test("while the first runs the second is told so, and of many at once one is done", async () => {
  const before = made;
  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate = promise;
  const first = post("k3", "A");
  let second = await post("k3", "A");
  // The one that came first to the database is the one that runs.
  const running = second.status === 409 ? first : undefined;
  expect(running).toBeDefined();
  expect(second.body).toMatchObject({ code: "idempotency_running", retryable: true });
  open();
  expect((await first).status).toBe(201);
  second = await post("k3", "A");
  expect(second.status).toBe(201);
  expect(made - before).toBe(1);
});

test("an answer that says try again is not kept, a refusal is", async () => {
  failNext = true;
  const busy = await post("k4", "A");
  expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "3"]);
  expect((await post("k4", "A")).status).toBe(201);

  const refused = await post("k5", "");
  expect(refused.status).toBe(422);
  expect((await post("k5", "")).text).toBe(refused.text);
});

test("a key that cannot be read is a 400", async () => {
  expect((await post("x".repeat(300), "A")).body).toMatchObject({ status: 400, code: "idempotency_key_invalid" });
  expect((await post("a b", "A")).status).toBe(400);
});

test("stored answers are sealed and forgotten after a day, then the key is new", async () => {
  await post("k6", "Kendeligt Navn ApS");
  const kept = await database.sql`select row_to_json(i)::text as row from idempotency_keys i`;
  expect(kept.length).toBeGreaterThan(0);
  expect(JSON.stringify(kept)).not.toContain("Kendeligt");

  await database.sql`update idempotency_keys set created_at = now() - interval '25 hours' where key = 'k6'`;
  const before = made;
  expect((await post("k6", "Andet")).status).toBe(201);
  expect(made - before).toBe(1);
  await database.sql`update idempotency_keys set created_at = now() - interval '25 hours'`;
  expect(await forgetIdempotencyKeys(database.sql)).toBe(kept.length);
});

import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { redactor, sealer } from "../../src/lib/secrets.ts";
import {
  addEventWebhook,
  createWebhookHttp,
  sendEvents,
  type WebhookDeps,
} from "../../src/pipelines/event-webhooks.ts";
import type { Database } from "../../src/store/database.ts";
import { listWebhooks } from "../../src/store/webhooks.ts";
import { createTestDatabase } from "../support/database.ts";
import { isSigned } from "../support/signed.ts";

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let database: Database;
let receiver: Server;
let url: string;
let deps: WebhookDeps;
let got: Got[] = [];
let answer: (body: string) => { status: number; headers?: Record<string, string> } = () => ({ status: 204 });
const alerts: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      const { status, headers = {} } = answer(body);
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events?to=me`; // a TCP server's address is this
  deps = {
    sql: database.sql,
    log: createLog({ level: "silent", redactor: redactor() }),
    seal: sealer("a secret of this test", "webhooks"),
    newId: randomUUID,
    now: () => new Date(),
    http: createWebhookHttp({ allowPrivate: true }),
    alert: async (text) => {
      alerts.push(text);
    },
    random: () => 0.5,
  };
});

afterAll(async () => {
  await deps.http.close();
  await new Promise((resolve) => receiver.close(resolve));
});

beforeEach(async () => {
  await database.sql`delete from webhooks`;
  await database.sql`delete from installation where key = 'clock'`;
  got = [];
  alerts.length = 0;
  answer = () => ({ status: 204 });
});

const write = async (entries: number) => database.sql`
  with batch as (insert into feed_batches (entries, at) values (${entries}, kobling_now()) returning id)
  insert into history (entity_id, version, entity, batch, place, kind, at, by, fields)
  select ${randomUUID()}, x, 'kundeemne', batch.id, x - 1, 'changed', kobling_now(),
    '{"kind":"api","from":0,"to":0}', '{"bynavn":["Gammel","Ny","api"]}' from batch, generate_series(1, ${entries}::int) x`;

const versions = () => got.map(({ body }) => JSON.parse(body).data.version);
const setClock = (at: Date) => database.sql`
  insert into installation (key, value) values ('clock', ${at.toISOString()}) on conflict (key) do update set value = excluded.value`;

test("events arrive in order, signed as Standard Webhooks says, thin, and none from before the receiver was added", async () => {
  await write(1);
  const { secret } = await addEventWebhook(deps, url);
  await write(3);
  expect(await sendEvents(deps)).toBe(3);
  expect(versions()).toEqual([1, 2, 3]);
  expect(new Set(got.map(({ headers }) => headers["webhook-id"])).size).toBe(3);

  for (const { headers, body } of got) {
    expect(Buffer.from(secret.slice("whsec_".length), "base64").length).toBe(32);
    expect(isSigned(secret, headers, body)).toBe(true);
    expect(Math.abs(Number(headers["webhook-timestamp"]) - Date.now() / 1000)).toBeLessThan(60);
    expect(JSON.parse(body)).toMatchObject({ type: "kundeemne.changed", data: { fields: ["bynavn"] } });
    expect(body).not.toMatch(/Gammel|Ny"/);
  }
  expect(await sendEvents(deps)).toBe(0);
  const stored = await database.sql`select row_to_json(w)::text as row from webhooks w`;
  expect(JSON.stringify(stored)).not.toContain(secret.slice(6));
});

test("a receiver that fails waits, gets the same event under the same id again, and nothing overtakes it", async () => {
  await addEventWebhook(deps, url);
  await write(3);
  answer = (body) => ({ status: JSON.parse(body).data.version === 2 && got.length < 3 ? 500 : 200 });
  expect(await sendEvents(deps)).toBe(1);
  expect(await sendEvents(deps)).toBe(0);
  const [waiting] = await listWebhooks(database.sql);
  expect(waiting).toMatchObject({ state: "active", tries: 1 });
  expect(Date.parse(waiting?.nextAt ?? "") - Date.now()).toBeGreaterThan(3000);

  await setClock(new Date(Date.now() + 6000));
  expect(await sendEvents(deps)).toBe(2);
  expect(versions()).toEqual([1, 2, 2, 3]);
  expect(got[1]?.headers["webhook-id"]).toBe(got[2]?.headers["webhook-id"]);
  expect((await listWebhooks(database.sql))[0]).toMatchObject({ tries: 0, nextAt: null });
});

test("Retry-After is honoured where it is longer than our own wait", async () => {
  await addEventWebhook(deps, url);
  await write(1);
  answer = () => ({ status: 429, headers: { "retry-after": "3600" } });
  await sendEvents(deps);
  const [waiting] = await listWebhooks(database.sql);
  expect(Date.parse(waiting?.nextAt ?? "") - Date.now()).toBeGreaterThan(3_500_000);
});

test("410 disables a receiver at once, so does the last of the tries, and the owner is told", async () => {
  await addEventWebhook(deps, url);
  await write(1);
  answer = () => ({ status: 410 });
  await sendEvents(deps);
  expect((await listWebhooks(database.sql))[0]).toMatchObject({
    state: "disabled",
    reason: expect.stringContaining("410"),
  });
  expect(alerts).toHaveLength(1);

  await database.sql`delete from webhooks`;
  await addEventWebhook(deps, url);
  await write(1);
  answer = () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" } });
  const before = got.length;
  for (let day = 1; day <= 12; day++) {
    await setClock(new Date(Date.now() + day * 2 * 86_400_000));
    await sendEvents(deps);
  }
  expect(got.length - before).toBe(10);
  expect((await listWebhooks(database.sql))[0]?.state).toBe("disabled");
  expect(alerts).toHaveLength(2);
});

test("several processes send each event once, and a slow receiver holds up nobody else", async () => {
  await addEventWebhook(deps, url);
  await addEventWebhook(deps, `${url}&other`);
  await write(5);
  const counts = await Promise.all([sendEvents(deps), sendEvents(deps), sendEvents(deps)]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(10);
  expect(new Set(got.map(({ headers }) => headers["webhook-id"])).size).toBe(10);
});

test.each([
  "http://example.com/",
  "https://127.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://169.254.169.254/latest/meta-data",
  "https://2130706433/",
  "https://localhost/",
  "https://user:pass@example.com/",
  "ftp://example.com/",
])("without leave for private networks %s is refused", async (address) => {
  const strict = { ...deps, http: { ...deps.http, allowPrivate: false } };
  await expect(addEventWebhook(strict, address)).rejects.toMatchObject({ code: "not_allowed" });
});

test("a name that leads to our own network is not called", async () => {
  const strict = createWebhookHttp();
  const port = new URL(url).port;
  await expect(
    strict.dispatcher.request({ origin: `http://localhost:${port}`, path: "/", method: "GET" }),
  ).rejects.toThrow();
  expect(got).toEqual([]);
  await strict.close();
});

import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Gateway, ReceivedFrom } from "../../src/api/gateway.ts";
import { readLines } from "../../src/api/ndjson.ts";
import type { Envelope } from "../../src/pipelines/receive.ts";
import type { Database } from "../../src/store/database.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";

let database: Database;
let api: TestApi;
let client: CheckedClient;
const received: { from: ReceivedFrom; envelopes: Envelope[] }[] = [];
let roomFor = Number.POSITIVE_INFINITY;
let pressure: "too_many_waiting" | "disk_full" = "too_many_waiting";

const gateway: Partial<Gateway> = {
  receive: async (from, envelopes) => {
    received.push({ from, envelopes });
    const repeats = envelopes.filter((envelope) => envelope.eventId === "again").length;
    const refused = envelopes.flatMap((envelope, index) =>
      envelope.externalId === "erased" ? [{ index, code: "gone", detail: "It was erased" }] : [],
    );
    return { kept: envelopes.length - repeats - refused.length, repeats, refused };
  },
  backpressure: async () =>
    received.flatMap((batch) => batch.envelopes).length >= roomFor ? { retryAfterMs: 1500, code: pressure } : null,
};

beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database, { gateway, limits: { lineBytes: 200, arrayBytes: 5000 } });
  client = await api.as("connection:erp");
});

beforeEach(() => {
  received.length = 0;
  roomFor = Number.POSITIVE_INFINITY;
  pressure = "too_many_waiting";
});

const PATH = "/v1/connections/erp/inbound/debitor";
const ndjson = (raw: string | ReadableStream<Uint8Array>, path = PATH) =>
  client("POST", path, { raw, headers: { "content-type": "application/x-ndjson" } });
const line = (externalId: string, more: object = {}) => JSON.stringify({ externalId, data: { Navn: "Ø" }, ...more });

test("one object, an array and NDJSON are all taken, with what was kept", async () => {
  const one = await client("POST", PATH, { body: { externalId: "1", data: {}, counter: 3 } });
  expect([one.status, one.body]).toEqual([202, { kept: 1, repeats: 0, rejectedCount: 0, rejected: [], lastLine: 1 }]);
  const list = await client("POST", PATH, {
    body: [
      { externalId: "1", data: {} },
      { externalId: "2", deleted: true },
    ],
  });
  expect(list.body).toMatchObject({ kept: 2, lastLine: 2 });
  const stream = await ndjson(`${line("1")}\r\n\n${line("2", { eventId: "again" })}`);
  expect(stream.body).toMatchObject({ kept: 1, repeats: 1, lastLine: 3 });
  expect(received[0]).toMatchObject({ from: { connection: "erp", object: "debitor", via: "push" } });
  expect(received[2]?.envelopes[0]?.data).toEqual({ Navn: "Ø" });
});

test("a malformed line is named with its number and why, its value is not quoted, and the others are kept", async () => {
  const answer = await ndjson(
    [
      line("1"),
      "{hemmelig",
      line("3", { counter: "x" }),
      line("erased"),
      `{"externalId":"5"}`,
      line("x".repeat(300)),
      line("7"),
    ].join("\n"),
  );
  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({ kept: 2, rejectedCount: 5, lastLine: 7 });
  expect(answer.body.rejected.map((each: { line: number; code: string }) => [each.line, each.code])).toEqual([
    [2, "invalid_json"],
    [3, "bad_shape"],
    [4, "gone"],
    [5, "bad_shape"],
    [6, "too_long"],
  ]);
  expect(answer.body.rejected[1].detail).toContain("/counter");
  expect(answer.text).not.toContain("hemmelig");
});

test("a stream is taken 500 at a time, each batch before the next is read", async () => {
  let sent = 0;
  const seenWhenSending: number[] = [];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent >= 1200) return controller.close();
      seenWhenSending.push(received.length);
      const lines = Array.from({ length: 100 }, (_, index) => line(String(sent + index))).join("\n");
      controller.enqueue(new TextEncoder().encode(`${lines}\n`));
      sent += 100;
    },
  });
  const answer = await ndjson(body);
  expect(answer.body).toMatchObject({ kept: 1200, lastLine: 1200 });
  expect(received.map((batch) => batch.envelopes.length)).toEqual([500, 500, 200]);
  expect(seenWhenSending.at(-1)).toBeGreaterThan(0);
});

test("past a limit it answers 429 with Retry-After and how far it came; sending the rest later completes it", async () => {
  roomFor = 500;
  const lines = Array.from({ length: 700 }, (_, index) => line(String(index)));
  const first = await ndjson(lines.join("\n"));
  expect(first.status).toBe(429);
  expect(first.headers.get("retry-after")).toBe("2");
  expect(first.body).toMatchObject({ code: "too_many_waiting", retryable: true, kept: 500, lastLine: 500 });

  roomFor = Number.POSITIVE_INFINITY;
  const second = await ndjson(lines.slice(first.body.lastLine).join("\n"));
  expect(second.body.kept).toBe(200);
  const ids = received.flatMap((batch) => batch.envelopes.map((envelope) => envelope.externalId));
  expect(new Set(ids).size).toBe(700);

  pressure = "disk_full";
  roomFor = 0;
  const full = await ndjson(line("1"));
  expect(full.body).toMatchObject({ status: 503, code: "disk_full", kept: 0, lastLine: 0 });
});

test("what came whole before a stream broke off is kept", async () => {
  let first = true;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (!first) throw new Error("the line was cut");
      first = false;
      controller.enqueue(new TextEncoder().encode(`${line("1")}\n${line("2")}\n{"externalId":"3","da`));
    },
  });
  const answer = await ndjson(body);
  expect(answer.body).toMatchObject({ status: 400, code: "connection_lost", kept: 2, lastLine: 2 });
});

test("an array has a limit of bytes, another content type is refused, an unknown object is a 404", async () => {
  const large = Array.from({ length: 200 }, (_, index) => ({
    externalId: String(index),
    data: { Navn: "x".repeat(20) },
  }));
  expect((await client("POST", PATH, { body: large })).status).toBe(413);
  const other = await client("POST", PATH, { raw: "a;b", headers: { "content-type": "text/csv" } });
  expect(other.status).toBe(415);
  expect((await ndjson(line("1"), "/v1/connections/erp/inbound/faktura")).status).toBe(404);
  expect((await client("POST", PATH, { raw: "{", headers: { "content-type": "application/json" } })).status).toBe(400);
});

test("R21 a push names the snapshot it belongs to; a closed or foreign one is refused", async () => {
  const [open, closed] = [randomUUID(), randomUUID()];
  await database.sql`
    insert into snapshots (id, connection, object, run_id, state, opened_at) values
      (${open}, 'erp', 'debitor', 7, 'open', kobling_now()), (${closed}, 'erp', 'debitor', 8, 'complete', kobling_now())`;
  expect((await ndjson(line("1"), `${PATH}?snapshot=${open}`)).status).toBe(202);
  expect(received[0]?.from).toEqual({ connection: "erp", object: "debitor", via: "snapshot", runId: 7 });
  const refused = await ndjson(line("1"), `${PATH}?snapshot=${closed}`);
  expect(refused.body).toMatchObject({ status: 409, code: "snapshot_closed" });
});

test("a vendor's webhook keeps hints, also with the key as a password; without a key nothing is kept", async () => {
  const notice = [
    { object: "debitor", externalId: 17, hvadSomHelst: true },
    { object: "debitor", externalId: "18" },
  ];
  expect((await client("POST", "/v1/hooks/erp", { body: notice })).body).toEqual({ kept: 2 });
  expect(received[0]).toEqual({
    from: { connection: "erp", object: "debitor", via: "hook" },
    envelopes: [{ externalId: "17" }, { externalId: "18" }],
  });
  const { key } = await api.keyOf(["connection:erp"]);
  const anonymous = await api.with(undefined);
  const basic = { authorization: `Basic ${Buffer.from(`kobling:${key}`).toString("base64")}` };
  expect((await anonymous("POST", "/v1/hooks/erp", { body: notice[1], headers: basic })).status).toBe(202);
  expect((await anonymous("POST", "/v1/hooks/erp", { body: notice[1] })).status).toBe(401);
  // Elsewhere a key in Basic is not taken.
  expect((await anonymous("GET", "/v1/kundeemner", { headers: basic })).status).toBe(401);
});

test.each([1, 2, 3, 7, 1000])("lines come out the same when the bytes come %i at a time", async (size) => {
  const text = "første\r\n\nlinje ø €\nsidste";
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }
  const lines = [];
  for await (const some of readLines(chunks(), 14)) lines.push(...some);
  expect(lines).toEqual([
    { number: 1, text: "første" },
    { number: 2, text: "" },
    { number: 3, text: "linje ø €" },
    { number: 4, text: "sidste" },
  ]);
});

import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Gateway } from "../../src/api/gateway.ts";
import { ConnectionError, RejectedError, RetryableError, StaleError, UncertainError } from "../../src/lib/errors.ts";
import { noteCircuit } from "../../src/store/connections.ts";
import type { Database } from "../../src/store/database.ts";
import { erp, type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeLink, storeRecord } from "../support/stored-records.ts";

let database: Database;
let api: TestApi;
let client: CheckedClient;
const calls: [name: string, argument: unknown][] = [];
let answer: (name: string) => unknown = () => undefined;

/** Notes what it was asked; answers what the test says. */
const gateway: Gateway = new Proxy({} as Gateway, {
  get:
    (_, name: string) =>
    async (...given: unknown[]) => {
      calls.push([name, given.length === 1 ? given[0] : given]);
      return answer(name);
    },
});

beforeAll(async () => {
  database = await createTestDatabase();
  api = testApi(database, {
    gateway,
    drift: [
      {
        ...{ connection: "erp", object: "debitor", drift: 2, held: 1, differing: 3, twoWay: 20 },
        ...{ oldest: "2026-01-31T11:00:00.000Z", at: "2026-01-31T12:00:00.000Z" },
      },
    ],
  });
  client = await api.as("admin");
  await database.sql`
    insert into connections (name, connector, state, updated_at, windows_ms, last_error, last_error_at)
    values ('erp', 'api', 'active', now(), '[10,20,30,40]', 'unavailable', now()), ('old', 'keybalance', 'active', now(), null, null, null)`;
  await database.sql`
    insert into lanes (connection, object, released_in, updated_at, stopped_by, stopped_reason)
    values ('erp', 'debitor', true, now(), 4, 'deletes')`;
});

beforeEach(() => {
  calls.length = 0;
  answer = () => undefined;
});

const by = { kind: "api", name: "test admin" };

test("status says which connection rests after failures, as the process that met them noted it", async () => {
  const circuit = async () => (await client("GET", "/v1/connections/erp")).body.circuit;
  expect(await circuit()).toBe("closed");
  await noteCircuit(database.sql, "erp", 60_000);
  expect(await circuit()).toBe("open");
  await noteCircuit(database.sql, "erp", -1_000);
  expect(await circuit()).toBe("half_open");
  await noteCircuit(database.sql, "erp", null);
  expect(await circuit()).toBe("closed");
});

test("a connection shows wish, release, what is under way, its window, drift and held side by side", async () => {
  await database.sql`
    insert into changes (connection, object, external_id, state, via, hash, began_at, received_at, reason)
    values ('erp', 'debitor', '1', 'received', 'push', 'h', now(), now(), null),
      ('erp', 'debitor', '2', 'quarantined', 'push', 'h', now(), now(), '{"code":"bad_shape","detail":"Adr1: a list of 2","field":"adresse1"}')`;
  const record = await storeRecord(database.sql, "kundeemne", { firmanavn: "S" });
  await database.sql`
    insert into deliveries (connection, object, entity, entity_id, kind, state, due_at, created_at)
    values ('erp', 'debitor', 'kundeemne', ${record}, 'update', 'due', now(), now())`;
  await storeLink(database.sql, { connection: "erp", object: "debitor", externalId: "9", entityId: record });

  const one = await client("GET", "/v1/connections/erp");
  expect(one.body).toMatchObject({
    state: "active",
    mode: "queue",
    lastError: "unavailable",
    window: { p50Ms: 20, p99Ms: 40, samples: 4 },
  });
  expect(one.body.objects[0]).toMatchObject({
    direction: "both",
    releasedIn: true,
    releasedOut: false,
    armed: true,
    waiting: 1,
    quarantined: 1,
    due: 1,
    linked: 1,
    drift: 2,
    countedAt: "2026-01-31T12:00:00.000Z",
    held: 1,
    stopped: { review: 4, reason: "deletes" },
  });
  const status = await client("GET", "/v1/status");
  expect(status.body.totals).toMatchObject({ waiting: 1, due: 1, quarantined: 1, drift: 2, held: 0 });

  const metrics = await client("GET", "/metrics");
  expect(metrics.text).toMatch(/kobling_changes_waiting\{connection="erp",object="debitor"\} 1/);
  expect(metrics.text).toMatch(/kobling_drift\{connection="erp",object="debitor"\} 2/);
  expect(metrics.text).toContain('route="/v1/connections/:name"');
});

test("a connection that was taken out of the file is shown as paused", async () => {
  const { body } = await client("GET", "/v1/connections/old");
  expect(body).toMatchObject({ configured: false, state: "paused" });
  expect((await client("POST", "/v1/connections/old/resume")).status).toBe(404);
});

test("pause, resume, release, run, review, quarantine and links reach the pipelines with who did it", async () => {
  const [run] = await database.sql`
    insert into runs (connection, kind, state, created_at, by) values ('erp', 'preview', 'waiting', now(), 'x') returning id`;
  const id = Number(run?.id);
  expect((await client("POST", "/v1/connections/erp/pause?why=ferie")).status).toBe(204);
  expect((await client("POST", "/v1/connections/erp/resume")).status).toBe(204);
  expect((await client("POST", "/v1/pause")).status).toBe(204);
  answer = () => ({ id });
  const started = await client("POST", "/v1/connections/erp/runs", { body: { kind: "preview", object: "debitor" } });
  expect([started.status, started.body]).toMatchObject([202, { id, kind: "preview" }]);
  answer = () => ({ releasedIn: true, releasedOut: true });
  const released = await client("POST", "/v1/connections/erp/release", {
    body: { object: "debitor", preview: id, direction: "both" },
  });
  expect(released.body).toEqual({ releasedIn: true, releasedOut: true });
  expect((await client("POST", "/v1/quarantine/7/retry")).status).toBe(202);
  expect(calls).toEqual([
    ["pauseConnection", { name: "erp", by, why: "ferie" }],
    ["resumeConnection", { name: "erp", by }],
    ["pauseAll", { by }],
    ["startRun", { connection: "erp", object: "debitor", kind: "preview", by }],
    ["release", { connection: "erp", object: "debitor", preview: id, direction: "both", by }],
    ["retryQuarantined", { id: 7, by }],
  ]);
  expect((await client("GET", `/v1/runs/${id}`)).body).toMatchObject({ id, state: "waiting" });
  expect((await client("GET", "/v1/runs?connection=erp&kind=preview")).body.items).toHaveLength(1);
  expect((await client("GET", "/v1/runs/999")).status).toBe(404);
});

test("what a preview would do is listed object by object", async () => {
  const [run] = await database.sql`
    insert into runs (connection, kind, state, created_at) values ('erp', 'preview', 'done', now()) returning id`;
  await database.sql`
    insert into run_items (run_id, object, external_id, plan) select ${run?.id}, 'debitor', x::text, 'create' from generate_series(1, 5) x`;
  const first = await client("GET", `/v1/runs/${run?.id}/items?limit=3`);
  const second = await client("GET", `/v1/runs/${run?.id}/items?limit=3&cursor=${first.body.next}`);
  const ids = [...first.body.items, ...second.body.items].map((item) => item.externalId);
  expect(ids).toEqual(["1", "2", "3", "4", "5"]);
  expect(second.body.next).toBeNull();
});

test("a review is listed, read and decided; a value is judged as any value typed at the API", async () => {
  const record = await storeRecord(database.sql, "kundeemne", { firmanavn: "R" });
  const [row] = await database.sql`
    insert into reviews (kind, state, entity, entity_id, unit, connection, reason, sides, opened_at, updated_at)
    values ('conflict', 'open', 'kundeemne', ${record}, 'telefon', 'erp', 'clash', '[{"connection":"erp"}]', now(), now()) returning id`;
  const id = Number(row?.id);
  const listed = await client("GET", `/v1/reviews?kind=conflict&kundeemne=${record}`);
  expect(listed.body.items).toMatchObject([{ id, unit: "telefon", revision: 1 }]);
  expect((await client("GET", `/v1/reviews/${id}`)).body.sides).toEqual([{ connection: "erp" }]);

  const decide = (body: object) => client("POST", `/v1/reviews/${id}/decision`, { body });
  answer = () => ({ state: "decided" });
  expect(
    (await decide({ decision: "value", value: { telefon: " 70 10 20 30 " }, revision: 1, why: "ringet" })).body,
  ).toEqual({ state: "decided" });
  expect(calls).toEqual([
    ["decideReview", { id, decision: "value", revision: 1, value: { telefon: "70 10 20 30" }, why: "ringet", by }],
  ]);
  expect((await decide({ decision: "value", value: { cvrNr: "1" } })).body.errors).toMatchObject([
    { pointer: "/value/cvrNr" },
  ]);
  expect((await decide({ decision: "perhaps" })).status).toBe(422);
  expect((await client("POST", "/v1/reviews/999999/decision", { body: { decision: "ignore" } })).status).toBe(404);
});

test("quarantine tells field, rule and shape, never the body", async () => {
  const { body } = await client("GET", "/v1/quarantine?connection=erp&code=bad_shape");
  expect(body.items).toMatchObject([
    { externalId: "2", reason: { code: "bad_shape", field: "adresse1", detail: "Adr1: a list of 2" } },
  ]);
  expect(Object.keys(body.items[0])).not.toContain("body");
});

test("links are found by external id, made and removed", async () => {
  const record = await storeRecord(database.sql, "kundeemne", { firmanavn: "L" });
  const link = await storeLink(database.sql, {
    connection: "erp",
    object: "debitor",
    externalId: "0042",
    entityId: record,
  });
  const found = await client("GET", "/v1/links?connection=erp&object=debitor&externalId=0042");
  expect(found.body.items).toMatchObject([{ id: link, entityId: record, state: "linked" }]);
  answer = () => ({ linkId: link });
  const made = await client("POST", `/v1/kundeemner/${record}/links`, {
    body: { connection: "erp", object: "debitor", externalId: "0042" },
  });
  expect([made.status, made.body.id]).toEqual([201, link]);
  expect((await client("DELETE", `/v1/kundeemner/${record}/links/${link}?why=forkert`)).status).toBe(204);
  expect(calls.at(-1)).toEqual(["unlink", { linkId: link, by, why: "forkert" }]);
  const other = await storeRecord(database.sql, "kundeemne", { firmanavn: "M" });
  expect((await client("DELETE", `/v1/kundeemner/${other}/links/${link}`)).status).toBe(404);
});

test("an ERP leases, acknowledges, opens and completes a snapshot in its own name only", async () => {
  const own = await api.as("connection:erp");
  answer = () => ({ deliveries: [{ delivery: 5, kind: "update", externalId: "1", data: { Navn: "Ny" } }] });
  const leased = await own("POST", "/v1/connections/erp/outbound/debitor/lease", { body: { limit: 10, wait: 2 } });
  expect(leased.body.deliveries).toEqual([{ delivery: 5, kind: "update", externalId: "1", data: { Navn: "Ny" } }]);
  expect(calls.at(-1)).toEqual(["leaseOutbound", { connection: "erp", object: "debitor", limit: 10, waitMs: 2000 }]);
  answer = () => ({ accepted: 1, refused: [{ index: 1, code: "not_found", detail: "No such delivery" }] });
  const receipts = [
    { delivery: 5, outcome: "done", counter: 2, image: { Navn: "Ny" } },
    { delivery: 9, outcome: "retry" },
  ];
  const told = await own("POST", "/v1/connections/erp/outbound/receipts", { body: receipts });
  expect(told.body).toMatchObject({ accepted: 1, refused: [{ index: 1 }] });
  expect(
    (await own("POST", "/v1/connections/erp/outbound/receipts", { body: [{ delivery: 5, outcome: "maybe" }] })).status,
  ).toBe(422);

  const snapshot = "0199c0de-0000-7000-8000-000000000001";
  answer = () => ({ snapshot });
  expect((await own("POST", "/v1/connections/erp/snapshots", { body: { object: "debitor" } })).body).toEqual({
    snapshot,
  });
  await database.sql`
    insert into snapshots (id, connection, object, run_id, state, opened_at) values (${snapshot}, 'erp', 'debitor', 1, 'open', now())`;
  answer = () => ({ state: "complete", missing: 3 });
  const completed = await own("POST", `/v1/connections/erp/snapshots/${snapshot}/complete`, { body: { count: 12 } });
  expect(completed.body).toEqual({ state: "complete", missing: 3 });
  expect((await own("POST", "/v1/connections/other/snapshots", { body: { object: "debitor" } })).status).toBe(403);
});

test.each([
  [new RejectedError("not_found", "x"), 404, "not_found"],
  [new RejectedError("not_fresh", "x"), 409, "not_fresh"],
  [new RejectedError("side_moved", "x"), 409, "side_moved"],
  [new RejectedError("not_allowed", "x", { context: { field: "object" } }), 422, "not_allowed"],
  [new RetryableError("circuit_open", "x", { retryAfterMs: 61_000 }), 503, "circuit_open"],
  [new ConnectionError("unauthorized", "x"), 502, "bad_credentials"],
  [new UncertainError("timeout", "x"), 502, "timeout"],
  [new TypeError("hemmelig"), 500, "internal"],
])("a pipeline's %s leaves as %i %s", async (error, status, code) => {
  answer = () => {
    throw error;
  };
  const failed = await client("POST", "/v1/connections/erp/test");
  expect([failed.status, failed.body.code]).toEqual([status, code]);
  expect(failed.text).not.toContain("hemmelig");
  if (status === 503) expect(failed.headers.get("retry-after")).toBe("61");
});

test("a stale precondition of a record is a 412", async () => {
  const record = await storeRecord(database.sql, "kundeemne", { firmanavn: "T" });
  answer = () => {
    throw new StaleError("version_moved", "x", { context: { version: 5 } });
  };
  const failed = await client("PATCH", `/v1/kundeemner/${record}`, { body: { bynavn: "Y" } });
  expect(failed.body).toMatchObject({ status: 412, currentVersion: 5 });
});

test("what is tested of a connection is told", async () => {
  answer = () => ({
    ok: true,
    credentials: "ok",
    capabilities: { debitor: true },
    unmapped: ["Projekter"],
    sample: { Navn: "X" },
    faults: [],
  });
  expect((await client("POST", "/v1/connections/erp/test")).body).toMatchObject({ ok: true, unmapped: ["Projekter"] });
});

test("health and readiness need no key; readiness asks the database", async () => {
  const anonymous = await api.with(undefined);
  expect((await anonymous("GET", "/healthz")).body).toEqual({ status: "ok" });
  expect((await anonymous("GET", "/readyz")).body).toEqual({ status: "ready" });
  const lost = await createTestDatabase();
  const alone = testApi(lost, { connections: [erp] });
  await lost.close();
  const unready = await (await alone.with(undefined))("GET", "/readyz");
  expect(unready.body).toMatchObject({ status: 503, code: "database_unreachable", retryable: true });
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { bulkReads } from "../../src/api/audited.ts";
import { verifyAudit } from "../../src/pipelines/audit.ts";
import { testApi } from "../support/api.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeEach(async () => {
  shop = await openShop({});
});
afterEach(() => shop?.close());

const post = (path: string, body: Record<string, unknown>) => shop.api("POST", path, { body });
const ask = (statement: string) => shop.engine.deps.db.sql.unsafe(statement);
const verify = async (body: Record<string, unknown> = {}) => (await post("/v1/audit/verify", body)).body;
/** As somebody with the rights of the database's owner would. */
const tamper = async (table: string, statement: string) => {
  await ask(`alter table ${table} disable trigger user`);
  await ask(statement);
  await ask(`alter table ${table} enable trigger user`);
};
const company = async (firmanavn: string): Promise<string> =>
  (await post("/v1/kundeemner", { firmanavn })).body.meta.id;

test("S92 every act through the API is written down with who, what, when and how it ended, and no value of it", async () => {
  const id = await company("Hemmelig Handel ApS");
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: "Nyt Navn ApS" } });
  await post(`/v1/kundeemner/${id}/restrict`, {});
  const { items } = (await shop.api("GET", `/v1/audit?target=${id}`)).body;
  expect(items).toMatchObject([
    { kind: "act", action: "POST /v1/kundeemner/{id}/restrict", status: 422, actor: "test admin" },
    { kind: "act", action: "PATCH /v1/kundeemner/{id}", status: 200 },
    { kind: "act", action: "POST /v1/kundeemner", status: 201 },
  ]);
  const [row] = await ask("select string_agg(e::text, ' ') as all from audit_entries e");
  expect(row?.all).not.toMatch(/Hemmelig|Nyt Navn/);
});

test("S92 each read of many records is written down with its count and the names of what was asked, before it is answered", async () => {
  await company("Et ApS");
  await company("To ApS");
  await shop.api("GET", "/v1/kundeemner?limit=10");
  await shop.api("GET", "/v1/status");
  const { items } = (await shop.api("GET", "/v1/audit?kind=read")).body;
  expect(items).toMatchObject([
    { kind: "read", action: "GET /v1/kundeemner", asked: ["limit"], items: 2, status: 200, target: null },
  ]);
});

test("the chain is whole after honest work, and a later verify knows the head that was noted", async () => {
  const id = await company("Ærlig ApS");
  const first = await verify();
  expect(first).toMatchObject({ ok: true, seals: 1, versions: 1, forgotten: 0, faults: [] });
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { telefon: "20102030" } });
  const second = await verify({ head: first.head });
  expect(second).toMatchObject({ ok: true, seals: 2, versions: 2 });
  expect(second.entries).toBeGreaterThan(first.entries);
});

test.each([
  ["a value in history", "history", `update history set fields = '{"firmanavn":[null,"Andet","API"]}'`, "version"],
  ["who set it", "history", `update history set by = '{"kind":"api","actor":"en anden"}'`, "version"],
  ["a version that is gone", "history", "delete from history", "versions_gone"],
  ["a request's actor", "audit_entries", "update audit_entries set actor = 'en anden'", "entries"],
  ["a request that is gone", "audit_entries", "delete from audit_entries where seal is not null", "entries"],
  ["a seal", "audit_seals", "update audit_seals set at = at - interval '1 day'", "seal"],
  ["a first seal that is gone", "audit_seals", "delete from audit_seals where number = 1", "missing"],
  ["the last seal that is gone", "audit_seals", "delete from audit_seals where number = 2", "head"],
])("a tampered row is found: %s", async (_, table, statement, code) => {
  await company("Før ApS");
  await verify();
  await company("Efter ApS");
  const { head } = await verify();
  await tamper(table, statement);
  const verdict = await verify({ head });
  expect(verdict.ok).toBe(false);
  expect(verdict.faults.map((fault: { code: string }) => fault.code)).toContain(code);
});

test("the tables of the audit log refuse changes", async () => {
  await company("Fast ApS");
  await verify();
  for (const statement of [
    "update audit_entries set actor = 'x' where seal is not null",
    "delete from audit_entries",
    "truncate audit_entries",
    "update audit_seals set hash = 'x'",
    "delete from audit_seals",
  ])
    await expect(ask(statement)).rejects.toThrow("append-only");
});

test("what two processes seal at once is sealed once", async () => {
  await company("Samtidig ApS");
  const verdicts = await Promise.all([verifyAudit(shop.engine.deps), verifyAudit(shop.engine.deps)]);
  expect(verdicts.map(({ faults }) => faults)).toEqual([[], []]);
  expect(await ask("select count(*)::int as n, sum(length(leaves)) / 32 as versions from audit_seals")).toMatchObject([
    { n: 1, versions: "1" },
  ]);
});

/** Reads that give one record, states of the installation, or ids without any personal data. */
const OTHER_READS = [
  /^\/v1\/(status|keys|connections(\/\{name\}(\/files)?)?|runs(\/\{id\})?|imports(\/\{id\})?|vocabularies|code-lists|links|feed|subscriptions|webhooks)$/,
  /^\/v1\/(audit|lookups\/\{.*|segments(\/\{id\}(\/events)?)?|campaigns(\/\{id\})?|exports|statistics|duplicates\/searches|conversions\/\{id\}|reviews\/\{id\})$/,
  /^\/v1\/(aktiviteter|opgaver|tilbud|noter)\/\{id\}$/,
  // Of the configuration.
  /^\/v1\/gdpr\/processing-register$/,
  // Of one person.
  /^\/v1\/(erasures|gdpr-requests)\/\{id\}$/,
  // Of one record.
  /^\/v1\/kundeemner\/\{id\}(\/(links|history|explain|eligibility|samtykker|conversions|merges|kampagner|aktiviteter|opgaver|tilbud|noter|policy))?$/,
  /^\/v1\/kundeemner\/\{id\}\/kontaktpersoner\/\{contact\}(\/.*)?$/,
  // A tool's probe of its webhook.
  /^\/v1\/hooks\/\{connection\}\/optouts$/,
  /^\/(healthz|readyz|metrics|openapi.json|docs)$/,
];

test("every GET of the API is either written down as a read of many or known not to be one", async () => {
  const answer = await testApi(shop.engine.deps.db).app.request("/openapi.json");
  const body = (await answer.json()) as { paths: Record<string, object> };
  const paths = Object.entries(body.paths)
    .filter(([, methods]) => "get" in methods)
    .map(([path]) => path);
  const bulk = [...bulkReads].map((path) => path.replace(/:(\w+)/g, "{$1}"));
  const unknown = paths.filter((path) => !bulk.includes(path) && !OTHER_READS.some((known) => known.test(path)));
  expect(unknown).toEqual([]);
  expect(bulk.filter((path) => !paths.includes(path))).toEqual([]);
});

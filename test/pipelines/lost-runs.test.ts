import { beforeEach, expect, test } from "vitest";
import { startPostgresProxy } from "../../faults/postgres-proxy.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { workRuns } from "../../src/pipelines/runs.ts";
import { openDatabase } from "../../src/store/database.ts";
import { findDueWork } from "../../src/store/due-work.ts";
import { findRun, openRun } from "../../src/store/runs.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

beforeEach(async () => {
  shop = await openShop({ debitorer: [{ Kontonr: "06010001", Navn: "Firma 1 ApS" }] });
  return shop.close;
});

const running = (object: string) =>
  openRun(shop.engine.deps.db.sql, { connection: "erp", object, kind: "delta", by: "schedule", state: "running" });

/** What is due of runs: the shop's own set-up has left marks for segments, which are due as well. */
const dueRuns = async () => (await findDueWork(shop.engine.deps.db.sql)).filter(({ kind }) => kind === "run");

test("a run whose process died is due to be ended, ends as failed, and a run that is alive goes on", async () => {
  const { deps } = shop.engine;
  const { sql } = deps.db;
  const [dead, alive] = [await running("debitor"), await running("kreditor")];
  expect(await dueRuns()).toEqual([]);
  await sql`update runs set alive_until = kobling_now() - interval '1 second' where id = ${dead}`;
  expect(await dueRuns()).toEqual([{ kind: "run", key: "erp" }]);
  await workRuns(deps, "erp");
  expect(await findRun(sql, dead)).toMatchObject({ state: "failed", detail: { code: "interrupted" } });
  expect(await findRun(sql, alive)).toMatchObject({ state: "running" });
  expect(await dueRuns()).toEqual([]);
});

test("a run that is carried out says that it is alive until it has ended", async () => {
  const { deps } = shop.engine;
  const { sql } = deps.db;
  const id = await openRun(sql, { connection: "erp", object: "debitor", kind: "reconcile", by: "test" });
  await workRuns(deps, "erp");
  const [row] = await sql`select state, alive_until > kobling_now() as alive from runs where id = ${id}`;
  expect(row).toEqual({ state: "done", alive: true });
});

test("what a reading keeps and what its run counts of it stand together, or neither does", async () => {
  const { deps } = shop.engine;
  const proxy = await startPostgresProxy(deps.db.url);
  const db = openDatabase(proxy.url, { max: 3 });
  try {
    const runId = await running("debitor");
    const telling = { connection: "erp", object: "debitor", via: "poll", runId, writeCounts: new Map() } as const;
    const envelopes = ["1", "2"].map((externalId) => ({ externalId, data: { Kontonr: externalId, Navn: "Ny ApS" } }));
    proxy.fail("53100", "could not extend file", 1, ({ text }) => text.startsWith("update runs r set counts"));
    await expect(receive({ ...deps, db }, telling, envelopes)).rejects.toMatchObject({ code: "53100" });
    const waiting = () => deps.db.sql`select 1 from changes where state = 'received'`;
    expect(await waiting()).toHaveLength(0);
    expect((await findRun(deps.db.sql, runId))?.counts).toEqual({});
    await receive({ ...deps, db }, telling, envelopes);
    expect(await waiting()).toHaveLength(2);
    expect((await findRun(deps.db.sql, runId))?.counts).toEqual({ read: 2, unchanged: 0 });
  } finally {
    await db.close();
    await proxy.close();
  }
});

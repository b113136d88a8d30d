import { afterEach, beforeEach, expect, test } from "vitest";
import { type PostgresProxy, startPostgresProxy } from "../../faults/postgres-proxy.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";

const beside = await createTestDatabase();
let proxy: PostgresProxy;
let database: Database;

beforeEach(async () => {
  proxy = await startPostgresProxy(beside.url);
  database = openDatabase(proxy.url, { max: 1 });
  await beside.sql.unsafe("drop table if exists kept; create table kept (n int)");
  await database.sql`select 1`;
});

afterEach(async () => {
  await database.close();
  await proxy.close();
});

const keep = (n: number) => (sql: Database["sql"]) =>
  sql.unsafe("insert into kept values ($1)", [n], { prepare: true });
const kept = async () => (await beside.sql<{ n: number }[]>`select n from kept order by n`).map(({ n }) => n);

test("what a transaction goes on to write after its connection was lost is written nowhere, not on another connection", async () => {
  let began = false;
  let lost: () => void = () => undefined;
  const isLost = new Promise<void>((resolve) => {
    lost = resolve;
  });
  const goneOn: Promise<string>[] = [];
  const ended = database.sql.begin(async (tx) => {
    await tx.unsafe("insert into kept values (1)");
    began = true;
    await isLost;
    // The work in hand knows of nothing yet and goes on.
    goneOn.push(codeOf(tx.unsafe("insert into kept values (2)")));
    await Promise.all(goneOn);
  });
  ended.catch(() => undefined);
  await expect.poll(() => began).toBe(true);
  proxy.terminateAll();
  await expect(ended).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  await keep(3)(database.sql); // the one connection is open again, for somebody else
  lost();
  await expect.poll(() => goneOn.length).toBe(1);
  expect(await goneOn[0]).toBe("CONNECTION_CLOSED");
  expect(await kept()).toEqual([3]);
});

test("connections that are lost again and again, in the middle of anything, leave neither a dead process nor a mute connection", async () => {
  for (let round = 0; round < 60; round += 1) {
    const works = [1, 2, 3].map((n) =>
      codeOf(
        database.sql.begin(async (tx) => {
          await tx.unsafe("select pg_sleep(0.002)");
          await Promise.all([tx`select ${n}::int`, tx`select ${round}::int`]);
          await tx.unsafe("select pg_sleep(0.002)");
        }),
      ),
    );
    await new Promise((done) => setTimeout(done, round % 12));
    proxy.terminateAll();
    const codes = await Promise.all(works);
    expect(codes.filter((code) => !["done", "CONNECTION_CLOSED", "57P01", "ECONNRESET"].includes(code))).toEqual([]);
  }
  const began = performance.now();
  await keep(1)(database.sql);
  expect(await kept()).toEqual([1]);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("a connection that is lost while it is opened is told to whoever wanted it, and ends no process", async () => {
  const opening = openDatabase(proxy.url, { max: 1 });
  try {
    const asks = proxy.hold("statement", ({ text }) => text.includes("from pg_catalog.pg_type"));
    const wanted = codeOf(keep(1)(opening.sql));
    await asks.sprung;
    proxy.terminateAll();
    // Vitest fails where a rejection is caught by nobody.
    expect(["57P01", "CONNECTION_CLOSED", "ECONNRESET"]).toContain(await wanted);
    expect(await codeOf(keep(2)(opening.sql))).toBe("done");
    expect(await kept()).toEqual([2]);
  } finally {
    await opening.close();
  }
});

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
  );

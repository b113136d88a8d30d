import { afterAll, expect, test } from "vitest";
import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import { sealer } from "../../src/lib/secrets.ts";
import { tokenStore } from "../../src/pipelines/tokens.ts";
import { openDatabase } from "../../src/store/database.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(): Promise<{ erp: Simulator; engine: Engine }> {
  const erp = await startKeyBalance({
    signIn: { mode: "login", user: "kobling", password: "hemmeligt-kodeord-1" },
    rows: { Debitorer: [{ Kontonr: "1001", Navn: "Vestjysk Træ A/S", Søgenavn: "VEST" }] },
  });
  closers.push(() => erp.close());
  const engine = await startEngine({
    connections: {
      erp: {
        connector: "keybalance",
        settings: { baseUrl: erp.baseUrl, user: "kobling", password: "hemmeligt-kodeord-1" },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } },
      },
    },
  });
  closers.push(() => engine.close());
  return { erp, engine };
}

test("a token that ran out is renewed once, however many processes need it at the same time", async () => {
  const { engine } = await open();
  const { sql, url } = engine.deps.db;
  const seal = sealer("the same secret in every process", "rest");
  const others = [1, 2, 3].map(() => openDatabase(url, { max: 3 }));
  closers.push(async () => {
    for (const other of others) await other.close();
  });
  let renewed = 0;
  const renew = async () => {
    renewed += 1;
    return { token: `token-number-${renewed}`, expiresAt: null };
  };
  const stores = [sql, ...others.map((other) => other.sql)].map((each) => tokenStore(each, seal, "erp", Date.now));
  const first = await Promise.all(stores.map((store) => store.token(renew)));
  expect(new Set(first)).toEqual(new Set(["token-number-1"]));
  const second = await Promise.all(stores.map((store) => store.token(renew, "token-number-1")));
  expect(new Set(second)).toEqual(new Set(["token-number-2"]));
  expect(renewed).toBe(2);
});

test("neither token nor password stands in any stored row, also after the ledger has refused and failed", async () => {
  const { erp, engine } = await open();
  await engine.open("erp", "debitor");
  erp.control.expireTokens();
  erp.control.addFault({ fault: { kind: "status", status: 500 }, times: 2 });
  await engine.settle();
  await engine.settle();
  const { sql } = engine.deps.db;
  const [stored] = await sql.unsafe("select sealed_token from connections");
  expect(stored?.sealed_token).toEqual(expect.any(String));
  const token = sealer("a secret of tests only, long enough", "rest").open(String(stored?.sealed_token));
  const tables = await sql.unsafe(
    "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  for (const { table_name } of tables) {
    const [found] = await sql.unsafe(
      `select count(*)::int as n from ${table_name} t where t::text like $1 or t::text like $2`,
      [`%${token}%`, "%hemmeligt-kodeord-1%"],
    );
    expect({ table: table_name, n: found?.n }).toEqual({ table: table_name, n: 0 });
  }
});

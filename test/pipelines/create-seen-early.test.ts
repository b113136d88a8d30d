import { expect, test } from "vitest";
import { startPostgresProxy } from "../../faults/postgres-proxy.ts";
import { deliver } from "../../src/pipelines/deliver.ts";
import { startRun, workRuns } from "../../src/pipelines/runs.ts";
import { openDatabase } from "../../src/store/database.ts";
import { person } from "../support/engine.ts";
import { openShop } from "../support/shop.ts";

test("R19 an object that a reading shows while its create is being settled stays what the create made it, and no case is opened", async () => {
  const shop = await openShop({ objects: { debitor: { create: "both" } } });
  const { deps } = shop.engine;
  const { sql } = deps.db;
  const proxy = await startPostgresProxy(deps.db.url);
  const db = openDatabase(proxy.url, { max: 4 });
  try {
    const body = { firmanavn: "Nordhavn Tømrer ApS", cvrNr: "10150817", adresse1: "Havnegade 1", postnr: "5000" };
    const made = await shop.api("POST", "/v1/kundeemner", { body });
    expect(made.status).toBe(201);
    const settles = proxy.hold(
      "statement",
      ({ text, earlier }) =>
        text === "commit" && earlier.some((each) => each.startsWith("update attempts a set state")),
    );
    const delivering = deliver({ ...deps, db }, "erp");
    await settles.sprung;
    expect(shop.erp.control.rows("Debitorer")).toHaveLength(1);

    await startRun(deps, { connection: "erp", object: "debitor", kind: "delta", by: person });
    const reading = workRuns(deps, "erp");
    const waits = () => sql`select 1 from pg_locks where locktype = 'advisory' and not granted`;
    await expect.poll(async () => (await waits()).length, { timeout: 10_000 }).toBeGreaterThan(0);
    settles.release();
    await Promise.all([delivering, reading]);
    await shop.settle();

    const links = await sql`select entity_id, state from links where connection = 'erp'`;
    expect(links).toEqual([{ entity_id: made.body.meta.id, state: "linked" }]);
    expect(await sql`select reason from reviews where state = 'open'`).toEqual([]);
    expect(shop.erp.control.rows("Debitorer")).toHaveLength(1);
  } finally {
    await db.close();
    await proxy.close();
    await shop.close();
  }
});

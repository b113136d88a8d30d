import { afterEach, expect, test } from "vitest";
import { workRuns } from "../../src/pipelines/runs.ts";
import { openRun } from "../../src/store/runs.ts";
import { findRun, listRuns } from "../../src/store/runs-read.ts";
import { company, keeper, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

test("promise 12: what a run has read it accounts for by outcome, and what was put aside is told in it", async () => {
  const rows = ["1", "2", "3"].map((number) => company(number, { Navn: `Firma ${number}`, SE_Nr: "", Adr1: "" }));
  const stage = await startStage({ rows: { Debitorer: rows } }, kept.keep);
  const { engine, erp, ask } = stage;
  await engine.settle();
  await ask("alter table kundeemner add constraint planted check (firmanavn <> 'Poison')");
  erp.control.put("Debitorer", "1", { Navn: "Ny 1" });
  erp.control.put("Debitorer", "2", { Navn: "Poison" });
  erp.control.create("Debitorer", company("4", { Navn: "Firma 4", SE_Nr: "", Adr1: "" }));
  const id = await openRun(engine.deps.db.sql, { connection: "erp", object: "debitor", kind: "full", by: "test" });
  await workRuns(engine.deps, "erp");
  const [run] = await ask("select state, counts from runs where id = $1", [id]);
  expect(run).toEqual({
    state: "done",
    counts: { read: 4, created: 1, updated: 1, unchanged: 1, quarantined: 1 },
  });
  // Whoever watches runs sees that it is not all done.
  const { sql } = engine.deps.db;
  expect(await findRun(sql, id)).toMatchObject({ state: "partly" });
  const ids = async (state: string) => (await listRuns(sql, { state, limit: 100 })).rows.map((each) => each.id);
  expect(await ids("partly")).toEqual([id]);
  expect(await ids("done")).not.toContain(id);
});

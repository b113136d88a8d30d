import { afterEach, expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { completeSnapshot, openSnapshot } from "../../src/pipelines/snapshots.ts";
import { crowd, guardsOf, numbers } from "../support/crowd.ts";
import { person } from "../support/engine.ts";
import { keeper, type Stage, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const states = ({ ask }: Stage) =>
  ask("select state, count(*)::int as n, count(missing_since)::int as missed from links group by 1 order by 1");

test.each([
  ["nothing at all", 0],
  ["less than half", 9],
])(
  "R9 a listing that suddenly shows %s is asked about, and nothing is concluded while objects are there by id",
  async (_, rows) => {
    const stage = await start({ rows: { Debitorer: crowd(20) } });
    const { engine, erp, reviews } = stage;
    const fault = erp.control.addFault({ fault: { kind: "shortList", rows }, function: "Debitorer", verb: "get" });
    const gets = () => erp.log.entries({ method: "GET" }).filter((entry) => (entry.id ?? "") !== "").length;
    const before = gets();
    await engine.settle();
    expect(await reviews()).toMatchObject([
      { kind: "alert", reason: "R9:short_listing", detail: { linked: 20, missing: 20 - rows } },
    ]);
    expect(gets()).toBe(before);
    for (const _again of numbers(1, 2)) await engine.settle();
    expect(gets()).toBeGreaterThan(before);
    expect(await states(stage)).toEqual([{ state: "linked", n: 20, missed: 0 }]);
    expect(await reviews()).toHaveLength(1);
    // Whole again: nobody need look at it any more.
    erp.control.clearFaults(fault);
    await engine.settle();
    expect(await reviews()).toEqual([]);
    expect(await states(stage)).toEqual([{ state: "linked", n: 20, missed: 0 }]);
  },
);

test("R9 what two short listings miss and nobody knows by id is gone, as far as the guards let it", async () => {
  const stage = await start({
    rows: { Debitorer: crowd(20) },
    config: guardsOf({ deletes: { max: 15, percent: 100 } }),
  });
  const { engine, erp, reviews } = stage;
  for (const id of numbers(1, 12)) erp.control.remove("Debitorer", String(id));
  await engine.settle();
  expect(await states(stage)).toEqual([{ state: "linked", n: 20, missed: 0 }]);
  await engine.settle();
  expect(await states(stage)).toEqual([
    { state: "gone", n: 12, missed: 0 },
    { state: "linked", n: 8, missed: 0 },
  ]);
  expect((await reviews("alert")).map((each) => each.reason)).not.toContain("R9:short_listing");
  for (const id of numbers(13, 20)) erp.control.remove("Debitorer", String(id));
  await engine.settle();
  await engine.settle();
  expect(await states(stage)).toEqual([
    { state: "gone", n: 12, missed: 0 },
    { state: "linked", n: 8, missed: 8 },
  ]);
  expect(await reviews("stopped_run")).toMatchObject([{ reason: "R30:deletes", detail: { would: 20, limit: 15 } }]);
});

test("R9 a snapshot that is suddenly short counts for nothing, and deletes by one that is not pass the guards", async () => {
  const stage = await start({
    rows: { Debitorer: [] },
    api: { shop: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } },
    config: guardsOf({ deletes: { max: 5, percent: 100 } }),
    open: ["shop debitor"],
  });
  const { engine, reviews, ask } = stage;
  const { deps } = engine;
  const at = { connection: "shop", object: "debitor" };
  const push = async (ids: readonly number[]): Promise<number> => {
    const { snapshot } = await openSnapshot(deps, { ...at, by: person });
    const [row] = await ask("select run_id::int as run from snapshots where id = $1", [snapshot]);
    const told = ids.map((id) => ({ externalId: `s${id}`, data: { id: `s${id}`, firmanavn: `Firma nr. ${id}` } }));
    await receive(deps, { ...at, via: "snapshot", runId: Number(row?.run) }, told);
    const { missing } = await completeSnapshot(deps, { ...at, snapshot, count: ids.length });
    await engine.work();
    return missing;
  };
  await push(numbers(1, 16));
  expect(await states(stage)).toEqual([{ state: "linked", n: 16, missed: 0 }]);
  expect(await push(numbers(1, 4))).toBe(12);
  expect(await states(stage)).toEqual([{ state: "linked", n: 16, missed: 0 }]);
  expect(await reviews("alert")).toMatchObject([{ reason: "R9:short_listing", connection: "shop" }]);
  await push(numbers(1, 4));
  expect(await states(stage)).toEqual([{ state: "linked", n: 16, missed: 12 }]);
  await push(numbers(1, 4));
  expect(await states(stage)).toEqual([{ state: "linked", n: 16, missed: 12 }]);
  expect(await reviews("stopped_run")).toMatchObject([{ reason: "R30:deletes", detail: { would: 12, waiting: 12 } }]);
  expect(await ask("select state from runs where kind = 'snapshot' order by id desc limit 1")).toEqual([
    { state: "stopped" },
  ]);
});

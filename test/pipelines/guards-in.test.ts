import { afterEach, expect, test } from "vitest";
import { guard } from "../../src/pipelines/guard.ts";
import { ingest } from "../../src/pipelines/ingest.ts";
import { LaneStopped } from "../../src/pipelines/lane-stopped.ts";
import { openBatch } from "../../src/pipelines/load.ts";
import { type Bucket, inHour } from "../../src/rules/guards.ts";
import {
  countNamed,
  crowd,
  decideStop,
  detailOf,
  guardsOf,
  inboxOf,
  numbers,
  rename,
  tellNames,
} from "../support/crowd.ts";
import { startEngine } from "../support/engine.ts";
import { keeper, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const MINUTE = 60_000;
const narrow = guardsOf({ overwrites: { max: 20, percent: 100 } });

test("R30 a ledger that loses half its debtors stops its lane before one is gone with us", async () => {
  const stage = await start({ rows: { Debitorer: crowd(60) } });
  const { engine, erp, ask, reviews } = stage;
  for (const id of numbers(1, 29)) erp.control.remove("Debitorer", String(id));
  await engine.settle();
  await engine.settle();
  expect(await ask("select state, count(*)::int as n from links group by 1")).toEqual([{ state: "linked", n: 60 }]);
  expect(await inboxOf(stage)).toEqual([{ state: "received", n: 29 }]);
  const [review] = await reviews("stopped_run");
  expect(review).toMatchObject({ reason: "R30:deletes", connection: "erp", object: "debitor" });
  expect(review?.detail).toMatchObject({
    ...{ direction: "in", kind: "deletes", would: 29, limit: 5, waiting: 29, more: false },
    counts: { deletes: 29, clears: 0, overwrites: 0, creates: 0 },
  });
  const detail = detailOf(review);
  expect(detail.sample).toHaveLength(20);
  expect(detail.sample[0]).toMatchObject({ externalId: expect.any(String), kinds: ["deletes"], fields: {} });
  expect(detail.text.en).toContain("29 objects would have been deleted here within an hour, and 5 are let through");
  expect(detail.text.da).toContain("29 objekter ville være slettet hos os inden for en time, og 5 slipper igennem");
  // Nothing more is asked or told while it stands.
  const asked = erp.log.entries().length;
  await engine.settle();
  expect(erp.log.entries().length).toBe(asked);
  expect(await reviews("stopped_run")).toHaveLength(1);
  // A person approves: all of them are gone, and the ledger's next change is judged afresh.
  await decideStop(stage, "approve");
  expect(await ask("select state, count(*)::int as n from links group by 1 order by 1")).toEqual([
    { state: "gone", n: 29 },
    { state: "linked", n: 31 },
  ]);
  for (const id of numbers(30, 33)) erp.control.remove("Debitorer", String(id));
  await engine.settle();
  await engine.settle();
  expect(await reviews("stopped_run")).toEqual([]);
  expect(await ask("select count(*)::int as n from links where state = 'gone'")).toEqual([{ n: 33 }]);
});

test("R30 a field that the ledger empties everywhere stops the lane; its run is stopped and says by which review", async () => {
  const stage = await start({ rows: { Debitorer: crowd(40) } });
  const { engine, erp, ask, reviews } = stage;
  for (const row of erp.control.rows("Debitorer")) erp.control.put("Debitorer", row.Kontonr ?? "", { Telefon: "" });
  await engine.settle();
  expect(await ask("select count(*)::int as n from kundeemner where telefon is null")).toEqual([{ n: 0 }]);
  const [review] = await reviews("stopped_run");
  expect(review).toMatchObject({ reason: "R30:clears" });
  expect(review?.detail).toMatchObject({ would: 40, limit: 10, counts: { clears: 40, overwrites: 0 } });
  expect(JSON.stringify(review?.detail)).not.toContain("20000001");
  const { sample } = detailOf(review);
  expect(sample[0]).toMatchObject({ fields: { telefon: "clear" } });
  const [run] = await ask("select state, detail, counts from runs order by id desc limit 1");
  expect(run).toMatchObject({ state: "stopped", detail: { code: "lane_stopped", review: Number(review?.id) } });
  expect(review?.run_id).not.toBeNull();
});

test("R30 overwrites by the hundred are counted over the hour, batch by batch, and an hour later anew", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, config: narrow });
  const { engine, reviews, ahead } = stage;
  await ahead(0);
  rename(stage, numbers(1, 15), "Anden");
  await engine.settle();
  expect(await countNamed(stage, "Anden")).toBe(15);
  rename(stage, numbers(16, 20), "Tredje");
  await engine.settle();
  expect(await countNamed(stage, "Tredje")).toBe(5);
  await ahead(62 * MINUTE);
  rename(stage, numbers(1, 20), "Fjerde");
  await engine.settle();
  expect(await countNamed(stage, "Fjerde")).toBe(20);
  rename(stage, [30], "Femte");
  await engine.settle();
  expect(await countNamed(stage, "Femte")).toBe(0);
  expect(await reviews("stopped_run")).toMatchObject([{ reason: "R30:overwrites", detail: { would: 21, limit: 20 } }]);
});

test("R27 R30 a lane that a guard has stopped is freed by a fresh preview, whatever of it waits", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, ...narrow });
  const { engine, ask, reviews } = stage;
  rename(stage, numbers(1, 30), "Ny");
  await engine.settle();
  expect(await reviews("stopped_run")).toMatchObject([{ reason: "R30:overwrites" }]);
  // It names what waits, and what of it moves after it makes it old.
  await engine.open("erp", "debitor");
  expect(await reviews("stopped_run")).toEqual([]);
  await engine.settle();
  expect(await countNamed(stage, "Ny")).toBe(30);
  expect(await ask("select count(*)::int as n from changes where state = 'received'")).toEqual([{ n: 0 }]);
});

test("R30 a run is counted whole, also where it takes longer than an hour", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, config: narrow });
  const { engine, reviews, ahead } = stage;
  await ahead(0);
  await tellNames(stage, numbers(1, 15), "Anden", 77);
  await engine.work();
  await ahead(90 * MINUTE);
  await tellNames(stage, numbers(16, 20), "Tredje", 77);
  await tellNames(stage, numbers(21, 25), "Tredje", 78);
  await engine.work();
  expect(await countNamed(stage, "Tredje")).toBe(10);
  await tellNames(stage, numbers(26, 26), "Fjerde", 77);
  await engine.work();
  expect(await countNamed(stage, "Fjerde")).toBe(0);
  expect(await reviews("stopped_run")).toMatchObject([{ detail: { scope: "run", would: 21, limit: 20 } }]);
});

test("R30 records that a ledger makes by the thousand stop the lane, but for those that an accepted preview has named", async () => {
  const stage = await start({ rows: { Debitorer: crowd(60) }, config: guardsOf({ creates: { max: 50 } }), open: [] });
  const { engine, erp, ask, reviews } = stage;
  await engine.open("erp", "debitor");
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 60 }]);
  expect(await reviews("stopped_run")).toEqual([]);
  for (const row of crowd(51, 101)) erp.control.create("Debitorer", row);
  await engine.settle();
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 60 }]);
  expect(await reviews("stopped_run")).toMatchObject([
    { reason: "R30:creates", detail: { would: 51, limit: 50, counts: { creates: 51 } } },
  ]);
});

test("R30 two workers that decide at once do not both slip past the limit", async () => {
  const rows = crowd(600);
  const stage = await start({
    rows: { Debitorer: rows },
    config: guardsOf({ overwrites: { max: 550, percent: 100 } }),
  });
  const { engine, erp, options, reviews } = stage;
  const objects = { debitor: { direction: "both", firstMeeting: "remote", create: "in" } };
  const settings = { baseUrl: erp.baseUrl, token: erp.token };
  const config = { ...options.config, connections: { erp: { connector: "keybalance", settings, objects } } };
  const other = await startEngine(config, { database: engine.deps.db });
  kept.keep(() => other.close());
  // A batch of 500 and one of 100: either passes alone.
  await tellNames(stage, numbers(1, 600), "Anden");
  await Promise.all([ingest(engine.deps, "erp"), ingest(other.deps, "erp")]);
  expect([100, 500]).toContain(await countNamed(stage, "Anden"));
  expect(await reviews("stopped_run")).toMatchObject([{ detail: { would: 600, limit: 550 } }]);
});

test("R30 of many transactions that count at once just so many pass as the limit lets through", async () => {
  const { engine, ask } = await start({ config: guardsOf({ overwrites: { max: 25, percent: 100 } }), open: [] });
  const { deps } = engine;
  const count = (worker: number): Promise<void> =>
    deps.db.sql.begin(async (tx) => {
      const batch = await openBatch(deps, tx, "erp");
      for (const id of numbers(1, 5)) {
        const at = { connection: "erp", object: "debitor", direction: "in", runId: null } as const;
        const what = { id, externalId: `${worker}/${id}`, entityId: null, kinds: ["overwrites"], fields: {} } as const;
        batch.counted.push({ ...at, ...what });
      }
      await guard(batch);
    });
  const ended = await Promise.allSettled(numbers(1, 12).map(count));
  expect(ended.filter((each) => each.status === "fulfilled")).toHaveLength(5);
  for (const each of ended) if (each.status === "rejected") expect(each.reason).toBeInstanceOf(LaneStopped);
  const [row] = await ask("select counts from guards");
  expect(inHour(row?.counts as Bucket[], Date.now())).toMatchObject({ overwrites: 25 });
});

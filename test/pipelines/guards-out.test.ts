import { afterEach, expect, test } from "vitest";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { leaseOutbound } from "../../src/pipelines/outbound.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { sweep } from "../../src/pipelines/standing.ts";
import { type Bucket, inHour } from "../../src/rules/guards.ts";
import { crowd, decideStop, detailOf, guardsOf, numbers } from "../support/crowd.ts";
import { person } from "../support/engine.ts";
import { keeper, type Stage, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const ten = guardsOf({ overwrites: { max: 10, percent: 100 }, clears: { max: 10, percent: 100 } });

/** The same edit of ours to these debtors. */
async function editAll({ edit }: Stage, ids: readonly number[], patch: Parameters<Stage["edit"]>[1]): Promise<void> {
  for (const id of ids) await edit(String(id), patch);
}
const written = ({ erp }: Stage): number => erp.log.writes("Debitorer").length;
const deliveries = ({ ask }: Stage) =>
  ask(
    "select state, count(*)::int as n from deliveries where state not in ('settled', 'withdrawn') group by 1 order by 1",
  );

test("R30 edits of ours by the hundred stop before the batch that would overwrite too much in the ledger", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, config: ten });
  const { engine, reviews, erp } = stage;
  await editAll(stage, numbers(1, 30), { telefon: "33112233" });
  await engine.work();
  // The first batch is small and passes; the second would exceed.
  const first = written(stage);
  expect(first).toBeLessThanOrEqual(10);
  expect(await deliveries(stage)).toEqual([{ state: "due", n: 30 - first }]);
  const [review] = await reviews("stopped_run");
  expect(review).toMatchObject({ reason: "R30:overwrites", connection: "erp", object: "debitor" });
  expect(review?.detail).toMatchObject({
    ...{ direction: "out", limit: 10, waiting: 30 - first },
    counts: { overwrites: 30 - first, clears: 0, creates: 0, deletes: 0 },
  });
  expect(detailOf(review).text.en).toContain("overwritten at the other system");
  await engine.settle();
  expect(written(stage)).toBe(first);
  // An edit made while it stands is owed all the same.
  await editAll(stage, [1], { telefon: "44112233" });
  await engine.work();
  expect(written(stage)).toBe(first);
  await decideStop(stage, "approve");
  expect(written(stage)).toBe(31);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "44112233" });
  expect(await reviews("stopped_run")).toEqual([]);
});

test("R30 a field of ours that is emptied everywhere is not emptied in the ledger", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, config: ten });
  await editAll(stage, numbers(1, 30), { telefon: null });
  await stage.engine.work();
  expect(written(stage)).toBeLessThanOrEqual(10);
  expect(await stage.reviews("stopped_run")).toMatchObject([{ reason: "R30:clears" }]);
});

test("R30 what fills an empty field of the ledger is no overwrite, however many", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, config: ten });
  await editAll(stage, numbers(1, 30), { attention: "Bo" });
  await stage.engine.work();
  expect(written(stage)).toBe(30);
  expect(await stage.reviews("stopped_run")).toEqual([]);
});

test("R30 objects that would be created at the ledger stop as well", async () => {
  const stage = await start({
    config: guardsOf({ creates: { max: 10 } }),
    objects: { debitor: { direction: "both", firstMeeting: "remote", create: "both" } },
  });
  for (const id of numbers(1, 30))
    await createEntity(stage.engine.deps, {
      entity: "kundeemne",
      values: { firmanavn: `Nyt firma ${id}` },
      by: person,
    });
  await stage.engine.work();
  const first = stage.erp.control.rows("Debitorer").length;
  expect(first).toBeLessThanOrEqual(10);
  expect(await stage.reviews("stopped_run")).toMatchObject([
    { reason: "R30:creates", detail: { direction: "out", counts: { creates: 30 - first } } },
  ]);
  await decideStop(stage, "approve", { count: 5 });
  expect(stage.erp.control.rows("Debitorer")).toHaveLength(first + 5);
  await decideStop(stage, "approve");
  expect(stage.erp.control.rows("Debitorer")).toHaveLength(30);
});

test("R30 part of what is to be sent can be approved, and the rest dismissed: it stays ours and is not sent", async () => {
  const stage = await start({ rows: { Debitorer: crowd(30) }, config: ten });
  const { engine, reviews, ask, erp } = stage;
  await editAll(stage, numbers(1, 30), { telefon: "33112233" });
  await engine.work();
  const first = written(stage);
  const [waits] = await ask(
    "select l.external_id from deliveries d join links l on l.id = d.link_id where d.state = 'due' order by d.id desc limit 1",
  );
  const one = String(waits?.external_id);
  await decideStop(stage, "approve", { objects: [one] });
  expect(written(stage)).toBe(first + 1);
  expect(erp.control.row("Debitorer", one)).toMatchObject({ Telefon: "33112233" });
  await decideStop(stage, "dismiss");
  expect(written(stage)).toBe(first + 1);
  expect(await reviews("stopped_run")).toEqual([]);
  expect(await deliveries(stage)).toEqual([{ state: "withheld", n: 29 - first }]);
  expect(await ask("select count(*)::int as n from kundeemner where telefon = '33112233'")).toEqual([{ n: 30 }]);
  // A person's no is remembered by the sweep that finds what is owed, and until the record changes again.
  await sweep(engine.deps, "erp", "debitor");
  await engine.settle();
  expect(written(stage)).toBe(first + 1);
  const [held] = await ask(
    "select l.external_id from deliveries d join links l on l.id = d.link_id where d.state = 'withheld' order by d.id limit 1",
  );
  await editAll(stage, [Number(held?.external_id)], { telefon: "44112233" });
  await engine.work();
  expect(erp.control.row("Debitorer", String(held?.external_id))).toMatchObject({ Telefon: "44112233" });
});

test("R30 writes that the ledger refuses, or that never reached it, are not counted as if they had happened", async () => {
  const stage = await start({ rows: { Debitorer: crowd(8) }, config: ten });
  const { engine, erp, ask, reviews } = stage;
  await editAll(stage, numbers(1, 8), { telefon: "33112233" });
  for (let round = 0; round < 3; round += 1) {
    erp.control.addFault({ fault: { kind: "status", status: 503 }, function: "Debitorer", verb: "put", times: 8 });
    await engine.work();
    await ask("update deliveries set due_at = now() where state = 'due'");
  }
  await engine.work();
  expect(written(stage)).toBe(8);
  expect(await reviews("stopped_run")).toEqual([]);
  const [row] = await ask("select counts from guards where direction = 'out'");
  expect(inHour(row?.counts as Bucket[], Date.now())).toMatchObject({ overwrites: 8 });
});

test("R30 a system that pulls is handed nothing of what would be too much, and all of it once that is approved", async () => {
  const stage = await start({
    rows: { Debitorer: [] },
    api: { shop: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } } },
    config: ten,
    open: ["shop debitor"],
  });
  const { engine, ask, reviews } = stage;
  const pushed = numbers(1, 15).map((id) => ({
    externalId: `s${id}`,
    counter: 1,
    data: { id: `s${id}`, firmanavn: `Firma nr. ${id}`, telefon: String(20_000_000 + id) },
  }));
  await receive(engine.deps, { connection: "shop", object: "debitor", via: "push" }, pushed);
  await engine.work();
  for (const { entity_id: id } of await ask("select entity_id from links where connection = 'shop'"))
    await editEntity(engine.deps, { entity: "kundeemne", id: String(id), patch: { telefon: "33112233" }, by: person });
  const pull = async () =>
    (await leaseOutbound(engine.deps, { connection: "shop", object: "debitor", limit: 100, waitMs: 0 })).deliveries;
  expect(await pull()).toEqual([]);
  expect(await reviews("stopped_run")).toMatchObject([
    {
      reason: "R30:overwrites",
      connection: "shop",
      detail: { direction: "out", would: 15, counts: { overwrites: 15 } },
    },
  ]);
  await decideStop(stage, "approve", { count: 4 });
  expect(await pull()).toHaveLength(4);
  await decideStop(stage, "approve");
  expect(await pull()).toHaveLength(15);
});

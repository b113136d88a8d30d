import { afterEach, expect, test } from "vitest";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { retryQuarantined } from "../../src/pipelines/steering.ts";
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
import { person } from "../support/engine.ts";
import { keeper, type Stage, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

/** Forty debtors, of which ten may be overwritten in an hour. */
const start = () =>
  startStage(
    { rows: { Debitorer: crowd(40) }, config: guardsOf({ overwrites: { max: 10, percent: 100 } }) },
    kept.keep,
  );
/** The same, and thirty have been told under another name: the lane has stopped. */
async function stopped(): Promise<Stage> {
  const stage = await start();
  await tellNames(stage, numbers(1, 30), "Anden");
  await stage.engine.work();
  expect(await countNamed(stage, "Anden")).toBe(0);
  return stage;
}
test("R30 what is approved is carried out, and what comes after it is judged afresh", async () => {
  const stage = await stopped();
  // Told while the lane stood: nobody has seen it, so it is not part of what is approved.
  await tellNames(stage, numbers(31, 40), "Tredje");
  await decideStop(stage, "approve");
  expect(await countNamed(stage, "Anden")).toBe(30);
  expect(await countNamed(stage, "Tredje")).toBe(10);
  expect(await stage.reviews("stopped_run")).toEqual([]);
  expect(await stage.ask("select approved, dismissed from guards where direction = 'in'")).toEqual([
    { approved: null, dismissed: null },
  ]);
  await tellNames(stage, [1], "Fjerde");
  await stage.engine.work();
  expect(await countNamed(stage, "Fjerde")).toBe(0);
  expect(await stage.reviews("stopped_run")).toHaveLength(1);
});

test.each([
  ["the first so many", { count: 12 }],
  ["some objects", { objects: numbers(1, 12).map(String) }],
])("R30 a part can be approved, %s: the rest goes on waiting, with its own numbers", async (_, range) => {
  const stage = await stopped();
  await decideStop(stage, "approve", range);
  expect(await countNamed(stage, "Anden")).toBe(12);
  expect(await inboxOf(stage)).toEqual([{ state: "received", n: 18 }]);
  expect(detailOf((await stage.reviews("stopped_run"))[0])).toMatchObject({
    waiting: 18,
    counts: { overwrites: 18 },
    restOf: expect.any(Number),
  });
  // Nothing passes by itself, though ten an hour would.
  await stage.engine.settle();
  expect(await countNamed(stage, "Anden")).toBe(12);
  await decideStop(stage, "approve");
  expect(await countNamed(stage, "Anden")).toBe(30);
  expect(await stage.reviews("stopped_run")).toEqual([]);
});

test("R30 a part can be approved up to a change, and the rest dismissed", async () => {
  const stage = await stopped();
  const [seventh] = await stage.ask(
    "select id::int as id from changes where state = 'received' order by id offset 6 limit 1",
  );
  await decideStop(stage, "approve", { upTo: Number(seventh?.id) });
  expect(await countNamed(stage, "Anden")).toBe(7);
  await decideStop(stage, "dismiss");
  expect(await countNamed(stage, "Anden")).toBe(7);
  expect(await inboxOf(stage)).toEqual([{ state: "quarantined", n: 23 }]);
  expect(await stage.reviews("stopped_run")).toEqual([]);
});

test("R30 what is dismissed is put aside and stays so, is not asked again, and a person may still take it up", async () => {
  const stage = await start();
  const { engine, ask, reviews } = stage;
  rename(stage, numbers(1, 30), "Anden");
  await engine.settle();
  await decideStop(stage, "dismiss");
  expect(await inboxOf(stage)).toEqual([{ state: "quarantined", n: 30 }]);
  expect(await ask("select distinct reason->>'code' as code from changes where state = 'quarantined'")).toEqual([
    { code: "R30:dismissed" },
  ]);
  // The ledger still shows the same: that is known, and the lane goes on.
  await engine.settle();
  await engine.settle();
  expect(await inboxOf(stage)).toEqual([{ state: "quarantined", n: 30 }]);
  expect(await reviews("stopped_run")).toEqual([]);
  expect(await countNamed(stage, "Anden")).toBe(0);
  // Nor is the ledger overwritten with what it showed before.
  expect(stage.erp.log.writes("Debitorer")).toEqual([]);
  const [aside] = await ask(
    "select id::int as id, external_id from changes where state = 'quarantined' order by id limit 1",
  );
  await retryQuarantined(engine.deps, { id: Number(aside?.id), by: person });
  await engine.work();
  expect(await countNamed(stage, "Anden")).toBe(1);
  // What is told of them after that is a change like any other.
  rename(stage, [2], "Tredje");
  await engine.settle();
  expect(await countNamed(stage, "Tredje")).toBe(1);
  const [run] = await ask("select state, counts from runs where state = 'stopped'");
  expect(run?.counts).toMatchObject({ read: 40, unchanged: 10, quarantined: 30 });
});

test("R30 of what waits only that is put aside which the guards count", async () => {
  const stage = await start();
  const { engine, erp, ask } = stage;
  rename(stage, numbers(1, 30), "Anden");
  erp.control.put("Debitorer", "31", { Att: "Bo" });
  await engine.settle();
  await decideStop(stage, "dismiss");
  expect(await inboxOf(stage)).toEqual([{ state: "quarantined", n: 30 }]);
  expect(await ask("select count(*)::int as n from kundeemner where attention = 'Bo'")).toEqual([{ n: 1 }]);
});

test("R30 deletes that a person has dismissed are not confirmed again by every listing", async () => {
  const stage = await startStage({ rows: { Debitorer: crowd(30) } }, kept.keep);
  const { engine, erp, ask, reviews } = stage;
  for (const id of numbers(1, 10)) erp.control.remove("Debitorer", String(id));
  await engine.settle();
  await engine.settle();
  await decideStop(stage, "dismiss");
  expect(await inboxOf(stage)).toEqual([{ state: "quarantined", n: 10 }]);
  const gets = erp.log.entries({ method: "GET", id: "1" }).length;
  await engine.settle();
  await engine.settle();
  expect(erp.log.entries({ method: "GET", id: "1" }).length).toBe(gets);
  expect(await ask("select distinct state from links")).toEqual([{ state: "linked" }]);
  expect(await reviews("stopped_run")).toEqual([]);
});

test("R30 a decision that another has made meanwhile is refused, and one that no stopped run knows as well", async () => {
  const stage = await stopped();
  const [review] = await stage.reviews("stopped_run");
  const id = Number(review?.id);
  const say = (decision: string) => decideReview(stage.engine.deps, { id, decision, by: person });
  await expect(say("take_theirs")).rejects.toMatchObject({ code: "not_allowed" });
  const both = await Promise.allSettled([say("approve"), say("dismiss")]);
  expect(both.map((each) => each.status).sort()).toEqual(["fulfilled", "rejected"]);
  await stage.engine.work();
  expect([0, 30]).toContain(await countNamed(stage, "Anden"));
});

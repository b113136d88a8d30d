import { afterEach, expect, test } from "vitest";
import { keeper } from "../support/stage.ts";
import { startStory } from "../support/story.ts";

const { keep, end } = keeper();
afterEach(end);

test("R20 a write that the remote's lock refuses is sent again only after the object was read and decided", async () => {
  const { history, step } = await startStory(keep);
  await step({ n: 1, do: "quiet" });
  const { table } = history.remotes.called.a;
  const before = table.writes.length;
  await step({ n: 2, do: "edit", record: 0, unit: "attention" });
  // Somebody types at the ledger, which nobody has read when our write arrives.
  await step({ n: 3, do: "type", at: "a", row: 0, unit: "telefon" });
  await step({ n: 4, do: "deliver", on: "a" });
  expect(table.writes.slice(before).map((write) => write.outcome)).toEqual(["refused_stale", "done"]);
  expect(table.rows[0]?.cells).toMatchObject({ Att: "attention e2x", Tel: "20000003" });
  await step({ n: 5, do: "quiet" });
  expect(history.remotes.table("crm").rows[0]?.cells).toMatchObject({ Att: "attention e2x", Phone: "20000003" });
}, 120_000);

test("R9 R20 an object that was merged into another with a lower version is read before it is written, and what we owe arrives", async () => {
  const { history, step } = await startStory(keep, { stands: { crm: ["same"], a: ["same"], b: [], dir: [], erp: [] } });
  await step({ n: 1, do: "quiet" });
  const table = history.remotes.table("a");
  for (const n of [2, 3, 4]) await step({ n, do: "type", at: "a", row: 0, unit: "telefon" });
  await step({ n: 5, do: "quiet" });
  const [old = expect.fail("no row")] = table.rows;
  const other = table.insert({ ...old.cells }, "person");
  table.merge(other, old);
  expect(other.version).toBeLessThan(old.version);
  await step({ n: 6, do: "poll", on: "a", reconcile: true });
  await step({ n: 7, do: "edit", record: 0, unit: "attention" });
  await step({ n: 8, do: "quiet" });
  expect(other.cells).toMatchObject({ Att: "attention e7x" });
  expect(table.writes.filter((write) => write.row === other.uid && write.precondition === undefined)).toEqual([]);
}, 120_000);

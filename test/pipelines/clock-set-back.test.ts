import { afterEach, expect, test } from "vitest";
import { keeper } from "../support/stage.ts";
import { startStory } from "../support/story.ts";

const { keep, end } = keeper();
afterEach(end);

test("R5 R20 what is edited at a remote whose clock was set back is taken, and what we owe it is written", async () => {
  const { history, step } = await startStory(keep);
  await step({ n: 1, do: "skew", processMs: 0, remoteMs: 3_600_000 });
  await step({ n: 2, do: "type", at: "crm", row: 0, unit: "attention" });
  await step({ n: 3, do: "quiet" });
  await step({ n: 4, do: "skew", processMs: 0, remoteMs: 0 });
  await step({ n: 5, do: "type", at: "crm", row: 0, unit: "telefon" });
  await step({ n: 6, do: "edit", record: 0, unit: "firmanavn" });
  const { table } = history.remotes.called.crm;
  const before = table.writes.length;
  await step({ n: 7, do: "deliver", on: "crm" });
  expect(table.writes.slice(before).map((write) => write.outcome)).toEqual(["refused_stale", "done"]);
  await step({ n: 8, do: "quiet" });
  expect(history.remotes.table("a").rows[0]?.cells).toMatchObject({ Name: "Firma e6x Handel", Tel: "20000005" });
}, 120_000);

test("R20 a write that the remote's lock refuses again and again is not sent without a pause", async () => {
  const { history, step } = await startStory(keep);
  await step({ n: 1, do: "quiet" });
  await step({ n: 2, do: "edit", record: 0, unit: "attention" });
  const { table } = history.remotes.called.a;
  const before = table.writes.length;
  // Somebody types there before our write arrives, and again when it has been read and is on its way once more.
  await step({ n: 3, do: "type", at: "a", row: 0, unit: "telefon" });
  const again = { n: 4, do: "type", at: "a", row: 0, unit: "telefon" } as const;
  await step({ n: 5, do: "deliver", on: "a", meanwhile: { call: 2, when: "before", steps: [again] } });
  expect(table.writes.slice(before).map((write) => write.outcome)).toEqual(["refused_stale", "refused_stale"]);
  await step({ n: 6, do: "wait", ms: 6_000 });
  await step({ n: 7, do: "deliver", on: "a" });
  expect(table.rows[0]?.cells).toMatchObject({ Att: "attention e2x", Tel: "20000004" });
}, 120_000);

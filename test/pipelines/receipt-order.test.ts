import { afterEach, expect, test } from "vitest";
import { keeper } from "../support/stage.ts";
import { startStory } from "../support/story.ts";

const { keep, end } = keeper();
afterEach(end);

test("R21 a receipt does not overtake a push that was acknowledged before it: the edit is decided, not stale", async () => {
  const { history, step } = await startStory(keep, {
    stands: { crm: ["same"], a: [], b: [], dir: [], erp: ["same"] },
  });
  await step({ n: 1, do: "quiet" });
  await step({ n: 2, do: "edit", record: 0, unit: "attention" });
  await step({ n: 3, do: "pull", limit: 10 });
  // Typed and pushed after the delivery was handed out, and before it is applied over it; nobody has decided the push yet.
  await step({ n: 4, do: "type", at: "erp", row: 0, unit: "attention" });
  await step({ n: 5, do: "push", message: 0, how: "once" });
  await step({ n: 6, do: "apply", delivery: 0, how: "once" });
  await step({ n: 7, do: "receipt", receipt: 0, how: "once" });
  const changes = await history.ground.sql.unsafe(
    "select state from changes where connection = 'erp' and body->>'attention' = 'attention e4x'",
  );
  expect(changes.map((row) => row.state)).toEqual(["decided"]);
  const versions = await history.ground.sql.unsafe("select fields from history where fields::text like '%e4x%'");
  const losers = await history.ground.sql.unsafe("select 1 from kundeemner where provenance::text like '%e4x%'");
  const sides = await history.ground.sql.unsafe("select 1 from reviews where sides::text like '%e4x%'");
  expect(versions.length + losers.length + sides.length).toBeGreaterThan(0);
}, 120_000);

test("R20 R21 a system that pulls has no lock: its window is published, from the hand-out to the receipt", async () => {
  const { history, step } = await startStory(keep, {
    stands: { crm: ["same"], a: [], b: [], dir: [], erp: ["same"] },
  });
  await step({ n: 1, do: "quiet" });
  const windows = async (): Promise<number[]> => {
    const [row] = await history.ground.sql.unsafe("select windows_ms from connections where name = 'erp'");
    return (row?.windows_ms ?? []) as number[];
  };
  const before = await windows();
  await step({ n: 2, do: "edit", record: 0, unit: "attention" });
  await step({ n: 3, do: "pull", limit: 10 });
  await step({ n: 4, do: "wait", ms: 60_000 });
  await step({ n: 5, do: "apply", delivery: 0, how: "once" });
  await step({ n: 6, do: "receipt", receipt: 0, how: "twice" });
  const after = await windows();
  expect(after).toHaveLength(before.length + 1);
  expect(after[0]).toBeGreaterThanOrEqual(60_000);
  expect(after[0]).toBeLessThan(70_000);
}, 120_000);

test("R14 R21 what was withheld while the lane of a system that pulls was off is owed again after its next snapshot", async () => {
  const { history, step } = await startStory(keep, {
    stands: { crm: ["same"], a: [], b: [], dir: [], erp: ["same"] },
  });
  await step({ n: 1, do: "quiet" });
  const states = (): Promise<unknown[]> =>
    history.ground.sql.unsafe("select state, reason from deliveries where connection = 'erp'");
  const before = (await states()).length;
  await step({ n: 2, do: "edit", record: 0, unit: "attention" });
  await step({ n: 3, do: "switch", on: "erp", wish: "off" });
  await step({ n: 4, do: "pull", limit: 10 });
  await step({ n: 5, do: "switch", on: "erp", wish: "both" });
  await step({ n: 6, do: "pull", limit: 10 });
  await step({ n: 7, do: "snapshot" });
  await step({ n: 8, do: "pull", limit: 10 });
  expect(history.remotes.erp.inbox).toMatchObject([{ data: { attention: "attention e2x" } }]);
  expect(await states()).toHaveLength(before + 1);
}, 120_000);

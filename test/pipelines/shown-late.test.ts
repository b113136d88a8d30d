import { afterEach, expect, test } from "vitest";
import { keeper } from "../support/stage.ts";
import { startStory } from "../support/story.ts";

const { keep, end } = keeper();
afterEach(end);

test("R9 R19 what was made a moment ago, at a remote that shows new rows late, is not gone because it was not found", async () => {
  const { history, step } = await startStory(keep, {
    stands: { crm: ["same"], a: [], b: [], dir: [], erp: [] },
    createOut: { crm: false, a: true, b: false, dir: false, erp: false },
  });
  await step({ n: 1, do: "deliver", on: "a" });
  expect(history.remotes.table("a").rows).toHaveLength(1);
  // Two whole listings within the time after which ledger a shows new rows, and each asks for it by its id.
  await step({ n: 2, do: "poll", on: "a", reconcile: true });
  await step({ n: 3, do: "poll", on: "a", reconcile: true });
  const links = (): Promise<unknown[]> =>
    history.ground.sql.unsafe("select external_id, state from links where connection = 'a'");
  expect(await links()).toEqual([{ external_id: "a1", state: "linked" }]);
  await step({ n: 4, do: "renumber", at: "a", row: 0 });
  await step({ n: 5, do: "quiet" });
  expect(await links()).toHaveLength(1);
  expect(await history.ground.sql.unsafe("select id from kundeemner")).toHaveLength(1);
  // Deleted for good, it is gone.
  history.remotes.table("a").remove(history.remotes.table("a").rows[0] ?? expect.fail("no row"));
  await step({ n: 6, do: "poll", on: "a", reconcile: true });
  await step({ n: 7, do: "poll", on: "a", reconcile: true });
  expect(await links()).toMatchObject([{ state: "gone" }]);
}, 120_000);

import { afterEach, expect, test } from "vitest";
import { keeper } from "../support/stage.ts";
import { startStory } from "../support/story.ts";

const { keep, end } = keeper();
afterEach(end);

test("R9 an object that turns out to be renumbered when it is read before a write is written under its new number", async () => {
  const { history, step } = await startStory(keep, {
    companies: 2,
    stands: { crm: ["same", "same"], a: [], b: ["same", "same"], dir: [], erp: [] },
  });
  await step({ n: 1, do: "quiet" });
  await step({ n: 2, do: "edit", record: 0, unit: "attention" });
  await step({ n: 3, do: "renumber", at: "b", row: 0 });
  await step({ n: 4, do: "deliver", on: "b" });
  await step({ n: 5, do: "edit", record: 0, unit: "telefon" });
  await step({ n: 6, do: "quiet" });
  const { table } = history.remotes.called.b;
  expect(table.rows[0]).toMatchObject({ id: "b3", cells: { ATT: "ATTENTION E2X", TLF: "20 00 00 05" } });
  expect(table.writes.filter((write) => write.outcome !== "done")).toEqual([]);
  const links = await history.ground.sql.unsafe(
    "select external_id, in_flight from links where connection = 'b' order by external_id",
  );
  expect([...links]).toEqual([
    { external_id: "b2", in_flight: false },
    { external_id: "b3", in_flight: false },
  ]);
}, 120_000);

test("R9 two objects that became one under a third number: one link moves there, of the other a person is asked, and listings go on", async () => {
  const { history, step } = await startStory(keep, {
    companies: 2,
    stands: { crm: ["same", "same"], a: [], b: ["same", "same"], dir: [], erp: [] },
  });
  await step({ n: 1, do: "quiet" });
  await step({ n: 2, do: "make", at: "b" });
  await step({ n: 3, do: "merge", at: "b", row: 2, other: 1 });
  await step({ n: 4, do: "merge", at: "b", row: 1, other: 1 });
  await step({ n: 5, do: "quiet" });
  const { sql } = history.ground;
  expect([...(await sql.unsafe("select detail from runs where state = 'failed'"))]).toEqual([]);
  const links = await sql.unsafe(
    "select external_id, state from links where connection = 'b' order by state, external_id",
  );
  expect(links.map(({ state }) => state)).toEqual(["gone", "linked"]);
  expect(links.at(-1)?.external_id).toBe("b3");
  const asked = await sql.unsafe("select kind, reason from reviews where state = 'open' and kind = 'duplicate'");
  expect([...asked]).toEqual([{ kind: "duplicate", reason: "R9:merged_at_remote" }]);
}, 120_000);

import { afterAll, expect, test } from "vitest";
import { Coverage } from "../../simulate/coverage.ts";
import { groundOn } from "../../simulate/database.ts";
import { drawScript } from "../../simulate/draw.ts";
import { readFacts } from "../../simulate/facts.ts";
import { History } from "../../simulate/history.ts";
import { mergedRecords } from "../../simulate/oracle/directory.ts";
import { tellAll } from "../../simulate/oracle/evidence.ts";
import { weave } from "../../simulate/stories/draw.ts";
import { readStories, STORIES } from "../../simulate/stories/steps.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();
const ground = await groundOn(database.url);
afterAll(() => ground.close());

test("a story leaves the base of its seed as it is, and draws the same each time", () => {
  const base = drawScript("42", 60);
  expect(weave(base, [])).toBe(base);
  const told = weave(base, STORIES);
  expect(told.steps.filter(({ n }) => n < 10_000)).toEqual(base.steps);
  expect(told.steps.length).toBeGreaterThan(base.steps.length);
  expect(weave(base, STORIES)).toEqual(told);
});

test("stories are named in a list; base is none, all is every one, and an unknown one is told", () => {
  expect(readStories("base")).toEqual([]);
  expect(readStories("all")).toEqual(STORIES);
  expect(readStories("base, directory")).toEqual(["directory"]);
  expect(readStories("directory,weather")).toMatch(/no story weather/);
});

async function judgeMerges(history: History): Promise<string[]> {
  const facts = await readFacts(ground);
  return mergedRecords({ history, facts, told: tellAll(history, facts) }).map(({ detail }) => detail);
}

test("planted: a link left at a record that was merged, and a write to one, are violations", async () => {
  const { scene, seed } = drawScript("7", 1);
  const steps = [
    { n: 10_001, do: "twin" },
    { n: 10_002, do: "join", record: 0, twin: 0, main: 0 },
    { n: 1, do: "wait", ms: 1_000 },
  ] as const;
  const history = new History({ seed, scene, steps, stories: ["directory"] }, ground, new Coverage());
  await history.open();
  try {
    await history.play();
    const judge = () => judgeMerges(history);
    expect(history.faults).toEqual([]);
    expect(await judge()).toEqual([]);
    const [merge] = await ground.sql.unsafe("select survivor_id, other_id from merges");
    const ids = [String(merge?.survivor_id), String(merge?.other_id)];
    await ground.sql.unsafe("update links set entity_id = $2 where entity_id = $1", ids);
    expect(await judge()).toEqual(expect.arrayContaining([expect.stringContaining("which was merged into")]));
    await ground.sql.unsafe("update links set entity_id = $1 where entity_id = $2", ids);
    expect(await judge()).toEqual([]);
    await ground.sql.unsafe(
      `update history set entity_id = $1, version = version + 100, by = '{"kind":"connection","connection":"crm"}', at = kobling_now()
       where entity_id = $2`,
      [ids[1] ?? "", ids[0] ?? ""],
    );
    expect(await judge()).toEqual(expect.arrayContaining([expect.stringContaining("which was merged")]));
  } finally {
    await history.close();
  }
});

test("planted: a value that we had overwritten and that comes back when a merge is taken back is a violation", async () => {
  const { scene, seed } = drawScript("7", 1);
  const same = Object.fromEntries(Object.keys(scene.stands).map((name) => [name, ["same", "same"]]));
  const stands = same as unknown as typeof scene.stands; // one for each name, as drawn
  const steps = [
    { n: 1, do: "edit", record: 0, unit: "attention" },
    { n: 2, do: "deliver", on: "crm" },
    { n: 10_001, do: "twin" },
    { n: 10_002, do: "join", record: 0, twin: 0, main: 0 },
    { n: 10_003, do: "part", merge: 0 },
    { n: 3, do: "wait", ms: 1_000 },
  ] as const;
  const script = { seed, scene: { ...scene, companies: 2, survivorship: {}, stands }, steps };
  const history = new History(script, ground, new Coverage());
  await history.open();
  try {
    await history.play();
    const judge = () => judgeMerges(history);
    expect(history.faults).toEqual([]);
    expect(await ground.sql.unsafe("select from merges where undone_at is not null")).toHaveLength(1);
    const written = history.remotes.table("crm").changes.find(({ by }) => by === "us");
    expect(written?.column).toBe("Att");
    expect(await judge()).toEqual([]);
    const fields = (value: unknown) => JSON.stringify({ attention: ["x", value, "R12:changed"] });
    const plant = (value: unknown) =>
      ground.sql.unsafe(
        `update history h set by = '{"kind":"connection","connection":"crm"}', at = $1::timestamptz, fields = $2::text::json
         where version = 1 and exists (select from merges where survivor_id = h.entity_id)`,
        [new Date(history.standings[4]?.at ?? 0).toISOString(), fields(value)],
      );
    await plant(written?.to);
    expect(await judge()).toEqual([]);
    await plant(written?.from);
    expect(await judge()).toEqual([expect.stringContaining("again, which we had overwritten there")]);
  } finally {
    await history.close();
  }
});

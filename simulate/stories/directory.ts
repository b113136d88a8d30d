import type { Deps } from "../../src/pipelines/deps.ts";
import { createEntity } from "../../src/pipelines/edit.ts";
import { ingestAndReadAgain } from "../../src/pipelines/listing.ts";
import { mergeKundeemner } from "../../src/pipelines/merging/merge.ts";
import { unmergeKundeemner } from "../../src/pipelines/merging/unmerge.ts";
import { refresh } from "../../src/pipelines/refresh.ts";
import { endRun, openRun } from "../../src/store/runs.ts";
import type { History } from "../history.ts";
import type { Random } from "../random.ts";
import { objectOf, uniqueValue } from "../remotes/columns.ts";
import { person, type Step } from "../steps.ts";
import { kill, type StoryStep } from "./steps.ts";

/** Companies change at the directory and are read again; records are merged and taken apart amid edits. */
export function drawDirectory(random: Random, n: number): Step {
  const draw = random.weighted<() => Step>([
    [4, () => ({ n, do: "twin", ...kill(random) })],
    [
      8,
      () => ({
        ...{ n, do: "join", record: random.below(6), twin: random.below(6), main: random.below(4) },
        ...kill(random),
      }),
    ],
    [6, () => ({ n, do: "part", merge: random.below(4), ...kill(random) })],
    [5, () => ({ n, do: "refresh", ...kill(random) })],
    [
      5,
      () => ({
        n,
        do: "type",
        at: "dir",
        row: random.below(6),
        unit: random.pick(["firmanavn", "adresse1", "telefon"]),
      }),
    ],
    [2, () => ({ n, do: "flag", record: random.below(6), may: random.chance(50) })],
    [5, () => ({ n, do: "edit", record: random.below(8), unit: random.pick(["firmanavn", "attention", "telefon"]) })],
    [
      5,
      () => ({
        n,
        do: "type",
        at: random.pick(["a", "b"] as const),
        row: random.below(8),
        unit: random.pick(["attention", "telefon"]),
      }),
    ],
  ]);
  return draw();
}

export async function carryOutStory(history: History, deps: Deps, step: StoryStep & { n: number }): Promise<string> {
  switch (step.do) {
    case "twin":
      return twin(history, deps, step.n);
    case "join":
      return join(history, deps, step);
    case "part":
      return part(history, deps, step.merge);
    case "refresh": {
      const object = objectOf.dir;
      const run = await openRun(deps.db.sql, { connection: "dir", object, kind: "delta", by: person.name });
      const { read } = await refresh(deps, "dir", object, run);
      await ingestAndReadAgain(deps, "dir");
      await endRun(deps.db.sql, run, "done");
      return `${read} read`;
    }
  }
}

async function twin(history: History, deps: Deps, n: number): Promise<string> {
  const values = { firmanavn: uniqueValue("firmanavn", n), attention: uniqueValue("attention", n) };
  const { id } = await createEntity(deps, { entity: "kundeemne", values, by: person });
  for (const key of ["firmanavn", "attention"] as const) {
    const [place, at] = [history.order.next(), history.clock.ms];
    history.edits.push({ n, step: history.order.step, place, at, record: id, key, value: values[key] });
  }
  return id;
}

async function join(history: History, deps: Deps, step: StoryStep & { do: "join" }): Promise<string> {
  const rows = await history.ground.sql.unsafe(
    "select id, cvr_nr is null as twin from kundeemner where merged_into is null order by id",
  );
  const other = pickOne(
    rows.filter((row) => row.twin === true),
    step.twin,
  );
  const survivor = pickOne(
    rows.filter((row) => row !== other),
    step.record,
  );
  if (other === undefined || survivor === undefined) return "no twin";
  const ids = [String(survivor.id), String(other.id)] as const;
  // What each of the two shows is news to the other.
  for (const id of ids) history.retied.add(id);
  const links = await history.ground.sql.unsafe(
    "select id, connection, entity_id from links where state = 'linked' and entity_id = any($1) order by id",
    [[...ids]],
  );
  const main = [...Map.groupBy(links, (link) => String(link.connection)).values()]
    .filter((each) => each.length > 1)
    .map((each) => String(each[step.main % each.length]?.id));
  const done = await mergeKundeemner(deps, { id: ids[0], other: ids[1], main, by: person });
  return `${ids[1]} into ${ids[0]}: ${done.refusal ?? done.merge}`;
}

async function part(history: History, deps: Deps, number: number): Promise<string> {
  const rows = await history.ground.sql.unsafe(
    "select id::int, survivor_id, other_id from merges where undone_at is null order by id desc",
  );
  const merge = pickOne(rows, number);
  if (merge === undefined) return "nothing is merged";
  for (const id of [merge.survivor_id, merge.other_id]) history.retied.add(String(id));
  const { refusal } = await unmergeKundeemner(deps, { merge: Number(merge.id), by: person });
  return `${merge.other_id} out of ${merge.survivor_id}: ${refusal ?? "done"}`;
}

const pickOne = <T>(items: readonly T[], number: number): T | undefined => items[number % Math.max(1, items.length)];

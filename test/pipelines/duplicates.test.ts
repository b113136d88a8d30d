import { afterEach, expect, test } from "vitest";
import { archive } from "../../src/pipelines/archive.ts";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { startDuplicateSearch, workDuplicateSearch } from "../../src/pipelines/duplicates.ts";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { findDueWork } from "../../src/store/due-work.ts";
import { listSearches } from "../../src/store/duplicate-searches.ts";
import { person } from "../support/engine.ts";
import { keeper, type Stage, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

const norgaard = { firmanavn: "Nørregård & Sønner A/S", adresse1: "Nørregade 12", postnr: "8000", telefon: "70102030" };

async function shop(): Promise<
  Stage & { make(values: object): Promise<string>; search(all?: boolean): Promise<unknown[]> }
> {
  const stage = await startStage({ rows: { Debitorer: [] } }, kept.keep);
  const { deps } = stage.engine;
  const make = async (values: object): Promise<string> =>
    (await createEntity(deps, { entity: "kundeemne", values: values as never, by: person })).id;
  /** What a search has opened: candidates by case. */
  const search = async (all = false): Promise<unknown[]> => {
    const known = (await stage.reviews("duplicate")).map(({ id }) => id);
    await startDuplicateSearch(deps, { all, by: person });
    await workDuplicateSearch(deps);
    const found = (await stage.reviews("duplicate")).filter(({ id }) => !known.includes(id));
    return found.map(({ detail }) => (detail as { candidates: string[] }).candidates.toSorted());
  };
  return { ...stage, make, search };
}

test("R28 records that may be one company become a case, and a second search opens none", async () => {
  const { make, search, reviews } = await shop();
  const one = await make(norgaard);
  const mistyped = await make({ ...norgaard, firmanavn: "Noregaard & Sønner" });
  const elsewhere = await make({ ...norgaard, firmanavn: "Nørregård Sønner A/S", adresse1: "Elmevej 5" });
  await make({ ...norgaard, firmanavn: "Havnens Elværk" });
  // What is less sure is a case of its own: a merge takes all that a case names.
  expect(await search()).toEqual([[one, mistyped].toSorted(), [one, elsewhere].toSorted()]);
  expect(await search(true)).toEqual([]);
  expect(await reviews("duplicate")).toMatchObject([
    { reason: "R28:found_duplicate", detail: { tier: "M6" } },
    { reason: "R28:found_duplicate", detail: { tier: "M7" } },
  ]);
});

test("R28 other CVR numbers, branches by their P-numbers and archived records are no duplicates", async () => {
  const { engine, make, search } = await shop();
  await make({ ...norgaard, cvrNr: "12345674", pNumre: ["1003388394"] });
  await make({ ...norgaard, cvrNr: "13748136" });
  await make({ ...norgaard, cvrNr: "12345674", pNumre: ["1000000001"], adresse1: "Elmevej 5" });
  const away = await make({ firmanavn: "Kystens Kiosk", postnr: "9990" });
  await archive(engine.deps, { id: away, reason: "lukket", by: person });
  await make({ firmanavn: "Kystens Kiosk", postnr: "9990" });
  expect(await search()).toEqual([]);
});

test("R25 what a person has called two companies is not asked again; what has changed since is looked at by the next search", async () => {
  const { engine, make, search, reviews } = await shop();
  const [one, other] = [await make(norgaard), await make(norgaard)];
  expect(await search()).toEqual([[one, other].toSorted()]);
  const [open] = await reviews("duplicate");
  await decideReview(engine.deps, { id: Number(open?.id), decision: "not_same", by: person });
  expect(await search(true)).toEqual([]);
  const third = await make({ firmanavn: "Havnens Elværk", postnr: "8000" });
  await editEntity(engine.deps, { entity: "kundeemne", id: third, patch: norgaard, by: person });
  expect(await search()).toEqual([[one, third].toSorted(), [other, third].toSorted()]);
});

test("a search goes on where it has died, and two workers look at each record once", async () => {
  const { engine, make, ask, reviews } = await shop();
  const { deps } = engine;
  for (let n = 0; n < 7; n += 1)
    for (const name of ["Bækkens", "Baekkens"]) await make({ firmanavn: `${name} Smedje ${n}`, postnr: "8000" });
  await startDuplicateSearch(deps, { all: true, by: person });
  await ask(
    `create function die() returns trigger language plpgsql as $$ begin raise exception 'the worker dies'; end $$`,
  );
  await ask(
    "create trigger dies before update on duplicate_searches for each row when (new.looked > 6) execute function die()",
  );
  await expect(workDuplicateSearch(deps, 3)).rejects.toThrow("the worker dies");
  expect(await listSearches(deps.db.sql, 1)).toMatchObject([{ looked: 6, records: 14, endedAt: null }]);
  expect(await findDueWork(deps.db.sql)).toContainEqual({ kind: "duplicates", key: "kobling" });
  await ask("drop trigger dies on duplicate_searches");
  await Promise.all([workDuplicateSearch(deps, 3), workDuplicateSearch(deps, 3)]);
  expect(await listSearches(deps.db.sql, 2)).toMatchObject([{ looked: 14, opened: 7, endedAt: expect.any(String) }]);
  expect(await reviews("duplicate")).toHaveLength(7);
  expect(await findDueWork(deps.db.sql)).not.toContainEqual({ kind: "duplicates", key: "kobling" });
});

test("records from before there were keys get theirs, and are found", async () => {
  const { make, search, ask } = await shop();
  const [one, other] = [await make(norgaard), await make({ ...norgaard, firmanavn: "Nørregård og Sønner" })];
  const keys = () => ask("select key from match_blocks order by key, kundeemne_id");
  const [blocks, matchKeys] = [await keys(), await ask("select match_key from kundeemner order by id")];
  await ask("delete from match_blocks");
  await ask("update kundeemner set match_key = null");
  expect(await search()).toEqual([[one, other].toSorted()]);
  expect(await keys()).toEqual(blocks);
  expect(await ask("select match_key from kundeemner order by id")).toEqual(matchKeys);
});

test("once a day a search begins by itself, and not before there is anything a day old", async () => {
  const { engine, make, ahead } = await shop();
  await make(norgaard);
  const begun = async () => (await listSearches(engine.deps.db.sql, 10)).map(({ startedBy }) => startedBy);
  await workDuplicateSearch(engine.deps);
  expect(await begun()).toEqual([]);
  await ahead(25 * 3_600_000);
  await workDuplicateSearch(engine.deps);
  await workDuplicateSearch(engine.deps);
  expect(await begun()).toEqual(["kobling"]);
  await ahead(50 * 3_600_000);
  await workDuplicateSearch(engine.deps);
  expect(await begun()).toEqual(["kobling", "kobling"]);
});

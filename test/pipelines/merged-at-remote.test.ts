import { afterEach, expect, test } from "vitest";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { mergeKundeemner } from "../../src/pipelines/merging/merge.ts";
import { unmergeKundeemner } from "../../src/pipelines/merging/unmerge.ts";
import { person } from "../support/engine.ts";
import { company, keeper, type Stage, startStage } from "../support/stage.ts";

const { keep, end } = keeper();
afterEach(end);

const one = company("1", { SE_Nr: "", Navn: "En ApS", Adr1: "Vej 1" });
const two = company("2", { SE_Nr: "", Navn: "To ApS", Adr1: "Vej 2", Telefon: "70102030" });

/** A ledger that tells what became of a number. */
async function start(): Promise<Stage & { a: string; b: string }> {
  const stage = await startStage({ rows: { Debitorer: [one, two] }, simulator: { renumbered: "told" } }, keep);
  const [a, b] = [await stage.record("1"), await stage.record("2")];
  return { ...stage, a: String(a.id), b: String(b.id) };
}
const links = (stage: Stage) => stage.ask("select external_id, entity_id, state from links order by external_id");

test("R9 R28 two accounts that the ledger has merged are proposed as duplicates, and a decision merges their records", async () => {
  const stage = await start();
  const { engine, erp, a, b } = stage;
  erp.control.mergeInto("Debitorer", "1", "2");
  await engine.settle();
  await engine.settle();
  expect(await links(stage)).toEqual([
    { external_id: "1", entity_id: a, state: "gone" },
    { external_id: "2", entity_id: b, state: "linked" },
  ]);
  const open = await stage.reviews();
  expect(open).toMatchObject([
    {
      ...{ kind: "duplicate", reason: "R9:merged_at_remote", entity_id: b, connection: "erp", object: "debitor" },
      ...{ external_id: "1", detail: { candidates: [b, a], replacedBy: "2" } },
    },
  ]);
  await decideReview(engine.deps, { id: Number(open[0]?.id), decision: "merge", by: person });
  await engine.settle();
  expect(await stage.ask("select id, merged_into from kundeemner order by merged_into nulls first")).toEqual([
    { id: b, merged_into: null },
    { id: a, merged_into: b },
  ]);
  expect(await stage.reviews()).toEqual([]);
  await stage.edit("2", { attention: "Efter" });
  await engine.work();
  expect(erp.control.row("Debitorer", "2")).toMatchObject({ Navn: "To ApS" });
  expect(await stage.ask("select 1 from link_blocks where entity_id = $1", [b])).toEqual([]);
});

test("R9 the same when it turns out right before a write, and what we owe is not lost nor written to the other's account", async () => {
  const stage = await start();
  const { engine, erp, a, b } = stage;
  erp.control.mergeInto("Debitorer", "1", "2");
  await stage.edit("1", { telefon: "44556677" });
  const before = erp.log.writes("Debitorer", "2").length;
  await engine.work();
  expect(await links(stage)).toEqual([
    { external_id: "1", entity_id: a, state: "gone" },
    { external_id: "2", entity_id: b, state: "linked" },
  ]);
  expect(erp.log.writes("Debitorer", "2")).toHaveLength(before);
  const [review] = await stage.reviews("duplicate");
  await decideReview(engine.deps, { id: Number(review?.id), decision: "merge", target: b, by: person });
  await engine.settle();
  // The newer of the two numbers: that of the record whose account is gone.
  expect(erp.control.row("Debitorer", "2")).toMatchObject({ Telefon: "44556677", Navn: "To ApS" });
});

test("R9 R28 where our records were merged first, the ledger's merge ends the account that is gone, and the other writes on", async () => {
  const stage = await start();
  const { engine, erp, a, b } = stage;
  const main = String((await stage.link("1")).id);
  const { merge } = await mergeKundeemner(engine.deps, { id: b, other: a, main: [main], by: person });
  await engine.settle();
  expect(await links(stage)).toEqual([
    { external_id: "1", entity_id: b, state: "linked" },
    { external_id: "2", entity_id: b, state: "extra" },
  ]);
  // The main account goes up in the extra one: that is the one to write to now.
  erp.control.mergeInto("Debitorer", "1", "2");
  await engine.settle();
  await engine.settle();
  expect(await links(stage)).toEqual([
    { external_id: "1", entity_id: b, state: "gone" },
    { external_id: "2", entity_id: b, state: "linked" },
  ]);
  expect(await stage.reviews("duplicate")).toEqual([]);
  expect(await stage.ask("select findes_deb from kundeemner where id = $1", [b])).toEqual([{ findes_deb: true }]);
  expect(await stage.ask("select 1 from link_blocks")).toEqual([]);
  await stage.edit("2", { telefon: "20202020" });
  await engine.work();
  expect(erp.control.row("Debitorer", "2")).toMatchObject({ Telefon: "20202020" });
  // Links that the ledger has changed since stay where they are, and are told.
  const undone = await unmergeKundeemner(engine.deps, { merge: merge ?? 0, by: person });
  expect(undone.left.filter(({ what }) => what === "link")).toHaveLength(2);
});

test("R9 a renumbered account is followed also by a record that was merged, and by one that a merge was taken back from", async () => {
  const stage = await start();
  const { engine, erp, a, b } = stage;
  const main = [String((await stage.link("2")).id)];
  const { merge } = await mergeKundeemner(engine.deps, { id: b, other: a, main, by: person });
  erp.control.renumber("Debitorer", "1", "901");
  erp.control.renumber("Debitorer", "2", "902");
  await engine.settle();
  await engine.settle();
  expect(await links(stage)).toEqual([
    { external_id: "901", entity_id: b, state: "extra" },
    { external_id: "902", entity_id: b, state: "linked" },
  ]);
  await unmergeKundeemner(engine.deps, { merge: merge ?? 0, by: person });
  await engine.settle();
  expect(await links(stage)).toEqual([
    { external_id: "901", entity_id: a, state: "linked" },
    { external_id: "902", entity_id: b, state: "linked" },
  ]);
  erp.control.put("Debitorer", "901", { Telefon: "30303030" });
  await engine.settle();
  expect(await stage.ask("select telefon from kundeemner where id = $1", [a])).toEqual([{ telefon: "30303030" }]);
  expect(erp.control.row("Debitorer", "901")).toMatchObject({ Navn: "En ApS" });
});

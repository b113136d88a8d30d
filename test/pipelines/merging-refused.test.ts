import { afterEach, beforeEach, expect, test } from "vitest";
import { createEntity } from "../../src/pipelines/edit.ts";
import { mergeKundeemner } from "../../src/pipelines/merging/merge.ts";
import { unmergeKundeemner } from "../../src/pipelines/merging/unmerge.ts";
import { person } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

let stage: Pulled;
let linked = "";
let lead = "";

/** A record with an account at a ledger that pulls, and one without. */
beforeEach(async () => {
  stage = await startPulled({ erp: { create: "both" } });
  await stage.push("erp", { externalId: "1", counter: 1, data: { firmanavn: "Ada ApS", soegenavn: "ADA" } });
  linked = String((await stage.record("Ada ApS")).id);
  const values = { firmanavn: "Ada Lead" };
  lead = (await createEntity(stage.engine.deps, { entity: "kundeemne", values, by: person })).id;
});
afterEach(() => stage.engine.close());

const merge = (id: string, other: string) => mergeKundeemner(stage.engine.deps, { id, other, by: person });

test("R28 what was handed out and not acknowledged may be carried out yet: nothing is merged, or taken back, until its receipt", async () => {
  await stage.edit(linked, { telefon: "33123456" });
  const { deliveries } = await stage.lease("erp");
  const out = deliveries.find((each) => each.externalId === "1");
  const create = deliveries.find((each) => each.kind === "create");
  for (const [id, other] of [
    [linked, lead],
    [lead, linked],
  ] as const) {
    const { refusal, obstacles, merge: done } = await merge(id, other);
    expect([refusal, done]).toEqual(["merge_uncertain", null]);
    expect(obstacles).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: "uncertain", what: "delivery", id: out?.delivery }),
        expect.objectContaining({ code: "uncertain", what: "create", id: create?.delivery }),
      ]),
    );
  }
  await stage.receipt("erp", { delivery: out?.delivery ?? -1, outcome: "done", counter: 2 });
  expect((await merge(linked, lead)).obstacles).toMatchObject([{ what: "create" }]);
  // The create arrived: the lead has an account of its own by now, and a person says which one is written to.
  await stage.receipt("erp", { delivery: create?.delivery ?? -1, outcome: "done", externalId: "2" });
  expect((await merge(linked, lead)).refusal).toBe("main_link_needed");
  const main = [String((await stage.link("erp", "1")).id)];
  const done = await mergeKundeemner(stage.engine.deps, { id: linked, other: lead, main, by: person });
  expect(done.refusal).toBeNull();
  await stage.edit(linked, { telefon: "44556677" });
  await stage.lease("erp");
  const undone = await unmergeKundeemner(stage.engine.deps, { merge: done.merge ?? 0, by: person });
  expect(undone).toMatchObject({ refusal: "merge_uncertain", obstacles: [{ code: "uncertain", what: "delivery" }] });
  expect(await stage.ask("select merged_into from kundeemner where id = $1", [lead])).toEqual([
    { merged_into: linked },
  ]);
});

test("R28 what is owed and has not left yet goes along: the account gets what the record that stays says", async () => {
  await stage.edit(linked, { telefon: "33123456" });
  const { refusal } = await merge(lead, linked);
  expect(refusal).toBeNull();
  const { deliveries } = await stage.lease("erp");
  // The create that was owed to the lead is not made beside the account that it has now.
  expect(deliveries).toMatchObject([
    { kind: "update", externalId: "1", data: { firmanavn: "Ada Lead", telefon: "33123456" } },
  ]);
  expect(await stage.ask("select kind, reason from deliveries where state = 'withdrawn' order by kind")).toEqual([
    { kind: "create", reason: "merged" },
    { kind: "update", reason: "merged" },
  ]);
});

test("R28 R30 an object that a guard has stopped is a person's first: its review is named", async () => {
  await stage.ask("update lanes set stopped_by = 4711, stopped_reason = 'deletes' where connection = 'erp'");
  expect(await merge(lead, linked)).toMatchObject({
    refusal: "merge_uncertain",
    obstacles: [{ code: "stopped_run", connection: "erp", object: "debitor", review: 4711 }],
  });
});

test("R28 a conversion that is under way is named, and one that is over goes along", async () => {
  const add = (state: string, reference: string) =>
    stage.ask(
      `insert into conversions (entity_id, connection, target, reference, state, due_at, by, created_at)
       values ($1, 'erp', 'tilbud', $2, $3, kobling_now(), 'test', kobling_now())`,
      [lead, reference, state],
    );
  await add("open", "");
  await add("done", "T1");
  expect((await merge(linked, lead)).obstacles).toMatchObject([
    { code: "uncertain", what: "conversion", object: "tilbud" },
  ]);
  await stage.ask("update conversions set state = 'failed' where state = 'open'");
  expect((await merge(linked, lead)).refusal).toBeNull();
  expect(await stage.ask("select entity_id from conversions")).toEqual([{ entity_id: linked }, { entity_id: linked }]);
});

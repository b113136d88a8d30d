import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import type { FieldChanges } from "../../src/rules/apply.ts";
import { type Entity, noState } from "../../src/rules/record.ts";
import { type PastVersion, planUndo } from "../../src/rules/undo.ts";

const entity = (values: Values, more: Partial<Entity> = {}): Entity => ({
  ...{ kind: "kundeemne", id: "1", version: 9, provenance: { s: [], u: {} }, policies: [], holds: {} },
  ...{ state: noState, parentId: null, values, ...more },
});
const past = (version: number, mine: boolean, fields: FieldChanges, more: Partial<PastVersion> = {}): PastVersion => ({
  ...{
    version,
    kind: "updated",
    mine,
    undoing: false,
    fields,
    from: { connection: "erp", object: "debitor" },
    ...more,
  },
});
const steps = (of: Entity, ...versions: PastVersion[]) => {
  const plan = planUndo(of, of, versions);
  if (plan.kind === "made") throw new Error("It was not made by the run");
  return plan.steps;
};

test("R33 writes that follow each other go back to what stood before the first of them", () => {
  const now = entity({ telefon: "3" });
  expect(
    steps(
      now,
      past(2, true, { telefon: ["1", "2", "R12:changed"] }),
      past(3, true, { telefon: ["2", "3", "R12:changed"] }),
    ),
  ).toMatchObject([{ kind: "restore", unit: "telefon", write: { telefon: "1" } }]);
});

test("R33 a write that somebody came before goes back to what that one had set", () => {
  const now = entity({ telefon: "4" });
  expect(
    steps(
      now,
      past(2, true, { telefon: ["1", "2", "R12:changed"] }),
      past(3, false, { telefon: ["2", "3", "API"] }),
      past(4, true, { telefon: ["3", "4", "R12:changed"] }),
    ),
  ).toMatchObject([{ kind: "restore", write: { telefon: "3" } }]);
});

test("R33 a part of a group that somebody has changed since leaves the group as it is", () => {
  const now = entity({ adresse1: "Havnen 1", postnr: "5970", bynavn: "Marstal" });
  expect(
    steps(
      now,
      past(2, true, { adresse1: ["Gade 2", "Havnen 1", "R12:changed"] }),
      past(3, false, { bynavn: ["Ærøskøbing", "Marstal", "API"] }),
    ),
  ).toMatchObject([{ kind: "left", unit: "adresse", reason: "changed_since", since: 3 }]);
});

test("R33 a filled part of a group is not emptied alone: the remote that showed it would be emptied too", () => {
  const now = entity({ adresse1: "Havnen 1", postnr: "5970" });
  expect(steps(now, past(2, true, { postnr: [null, "5970", "R26:filled"] }))).toMatchObject([
    { kind: "left", reason: "part_of_group" },
  ]);
});

test("R33 what a case holds, what was erased or expired, and a name that would be empty stay", () => {
  const write = past(2, true, { telefon: ["1", "2", "R12:changed"] });
  expect(steps(entity({ telefon: "2" }, { holds: { telefon: 7 } }), write)).toMatchObject([{ reason: "held" }]);
  const erased = past(3, false, {}, { kind: "erased" });
  expect(steps(entity({ telefon: "2" }), write, erased)).toMatchObject([{ reason: "erased" }]);
  const expired = past(3, false, {}, { kind: "expired" });
  expect(steps(entity({ telefon: "2" }), write, expired)).toMatchObject([{ reason: "expired" }]);
  const named = past(2, true, { firmanavn: [null, "Ada ApS", "R12:changed"] });
  expect(steps(entity({ firmanavn: "Ada ApS" }), named)).toMatchObject([{ reason: "required" }]);
});

test("R33 what the gateway computes follows its source and is no part of an undo", () => {
  expect(steps(entity({ findesDeb: true }), past(2, true, { findesDeb: [null, true, "S35:linked"] }))).toEqual([]);
});

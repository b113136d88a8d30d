import { expect, test } from "vitest";
import { applyToEntity } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import type { UnitEffect } from "../../src/rules/decision.ts";
import { withOverwritten } from "../../src/rules/overwritten.ts";
import type { Lane, Link } from "../../src/rules/record.ts";
import { isRefused } from "../../src/rules/refused.ts";
import type { UnitCase } from "../../src/rules/unit-case.ts";
import {
  byLedger,
  byPerson,
  entity,
  input,
  lane,
  link,
  mapping,
  provenance,
  reading,
  world,
} from "../support/rules-cases.ts";

const lines = mapping(["attention", "telefon"]);
const ours = entity({
  version: 4,
  values: { attention: "Ida", telefon: "33123456" },
  provenance: provenance({ attention: [4, byPerson], telefon: [2, byPerson] }),
});
const own: UnitEffect = {
  unit: "attention",
  did: "own",
  rule: "R13:own_write",
  base: { attention: "Ida" },
  decided: 4,
};
const after = (seen: Link["seen"], effect: UnitEffect = own): UnitEffect | undefined =>
  withOverwritten(ours, link({ base: { attention: "Bo", telefon: "33123456" }, seen }), lines, [effect], byLedger)[0];

test("R21 what was shown and not decided, and stands there no longer since our write arrived, is what our write replaced", () => {
  const loser = { value: { attention: "Ane" }, by: byLedger, rule: "R21:overwritten" };
  expect(after({ attention: "Ane" })).toEqual({ ...own, loser });
  expect(after({ attention: "Ane" }, { ...own, did: "rendered" })).toMatchObject({ did: "rendered", loser });
  const { entity: told, changed } = applyToEntity(ours, [{ ...own, loser }], byLedger);
  expect(told.provenance.u.attention?.[3]).toEqual([loser]);
  expect(told.values).toEqual(ours.values);
  expect(changed).toEqual({});
});

test("R21 nothing was replaced where nothing waited, where it shows the same, or where no write of ours arrived", () => {
  expect(after({})).toEqual(own);
  expect(after({ telefon: "44556677" })).toEqual(own);
  expect(after({ attention: "Ida" })).toEqual(own);
  const lost: UnitEffect = { ...own, did: "lost", rule: "R12:owner:crm" };
  expect(after({ attention: "Ane" }, lost)).toEqual(lost);
  const unread: UnitEffect = { unit: "attention", did: "own", rule: "R13:own_write" };
  expect(after({ attention: "Ane" }, unread)).toEqual(unread);
  const foreign: UnitEffect = { ...own, unit: "noSuchUnit" };
  expect(after({ attention: "Ane" }, foreign)).toEqual(foreign);
});

const bare = {
  attempt: 7,
  values: { attention: "Ida" },
  versions: { attention: 4 },
  until: 9e15,
  settled: true,
} as const;
const push = (shown: { attention?: string; telefon?: string }, base: string, images: Link["images"]) =>
  decide(
    input({
      entity: ours,
      link: link({ base: { attention: base, telefon: "33123456" }, decided: { attention: 4, telefon: 4 }, images }),
      mapping: lines,
      reading: reading(shown),
      world: world({ rule: "manual" }),
    }),
  ).effects;

test("R21 after a bare receipt a push that shows what stood before our write is no edit, and what it edits beside is one", () => {
  const images = [{ ...bare, before: { attention: "Bo" } }];
  expect(push({ attention: "Bo" }, "Ida", images)).toEqual([
    { unit: "attention", did: "noted", rule: "R21:before_our_write" },
  ]);
  expect(push({ attention: "Bo", telefon: "44556677" }, "Ida", images)).toMatchObject([
    { unit: "attention", did: "noted" },
    { unit: "telefon", did: "took", write: { telefon: "44556677" } },
  ]);
});

test("R21 another value than the one from before is an edit, and without a bare receipt so is the one from before", () => {
  expect(push({ attention: "Carl" }, "Ida", [{ ...bare, before: { attention: "Bo" } }])).toMatchObject([
    { did: "took" },
  ]);
  expect(push({ attention: "Bo" }, "Ida", [bare])).toMatchObject([{ did: "took" }]);
  expect(push({ attention: "Bo" }, "Ida", [])).toMatchObject([{ did: "took" }]);
  expect(push({ attention: "Bo" }, "Ida", [{ ...bare, before: { telefon: "33123456" } }])).toMatchObject([
    { did: "took" },
  ]);
});

test("R15 a refusal is of one value of one object of one system, and by a person's decision only", () => {
  const loser = { value: { attention: "Bodil" }, by: byLedger, rule: "R16:decided" };
  const asked = (more: Partial<typeof loser> = {}, at: Partial<Lane> = {}, theirs = "Bodil"): boolean =>
    isRefused({
      entity: entity({
        version: 2,
        values: { attention: "Ida" },
        provenance: { s: [byPerson], u: { attention: [2, 0, "API", [{ ...loser, ...more }]] } },
      }),
      lane: lane(at),
      mapped: lines.unitByName.get("attention"),
      theirs: { attention: theirs },
    } as unknown as UnitCase); // the four that it reads
  expect(asked()).toBe(true);
  expect(asked({}, {}, "Carl")).toBe(false);
  expect(asked({ rule: "R12:owner:crm" })).toBe(false);
  expect(asked({}, { connection: "other" })).toBe(false);
  expect(asked({}, { object: "other" })).toBe(false);
});

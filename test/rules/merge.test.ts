import fc from "fast-check";
import { expect, test } from "vitest";
import { catalogueOf, type Values } from "../../src/model/catalogue.ts";
import { sameValue } from "../../src/model/compare.ts";
import { applyToEntity } from "../../src/rules/apply.ts";
import { isLooser } from "../../src/rules/control.ts";
import {
  faultsOfChoice,
  type MergeFacts,
  mergeEffects,
  mergePolicies,
  type Part,
  planMerge,
} from "../../src/rules/merge.ts";
import type { Entity, RecordPolicy, Setter } from "../../src/rules/record.ts";
import { isEmpty } from "../../src/rules/unit-values.ts";
import { byApi, byCrm, byDerivation, byLedger, byPerson, entity, NOW, provenance } from "../support/rules-cases.ts";

const { units, fields } = catalogueOf("kundeemne");

const facts = (survivor: Entity, other: Entity, chosen: MergeFacts["chosen"] = {}): MergeFacts => ({
  survivor,
  other,
  chosen,
  survivorship: (unit) => units.get(unit)?.survivorship ?? { rule: "manual" },
  rankOf: () => 0,
  connectorOf: () => undefined,
  now: NOW,
});

const text = fc.constantFrom("Ida", "IDA", " Ida ", "Bo", "Bodil", null);
const bool = fc.constantFrom(true, false, null);
const day = fc.constantFrom("2026-01-01", "2026-02-02", null);
const tags = fc.constantFrom(["a"], ["a", "b"], ["c"], [], null);
const values = fc.record({
  firmanavn: fc.constantFrom("Ida", "Bo"),
  attention: text,
  telefon: fc.constantFrom("33123456", "+45 33 12 34 56", "44556677", null),
  adresse1: text,
  adresse2: text,
  postnr: fc.constantFrom("6700", null),
  maalgrupper: tags,
  titler: tags,
  tilladKampagne: bool,
  maaOpdateresAutomatisk: bool,
  gdprOk: bool,
  gdprDato: day,
  indsigelse: day,
  "robinson.listed": bool,
}) as fc.Arbitrary<Values>;
const setter = fc.constantFrom<Setter>(byPerson, byApi, byCrm, byLedger, byDerivation);
const pins = fc.subarray(["attention", "telefon", "adresse", "firmanavn"]);
const pinOf = (unit: string): RecordPolicy => ({ unit, policy: "frozen", pin: true, reason: "test", by: "test" });

const record = (id: string): fc.Arbitrary<Entity> =>
  fc.tuple(values, setter, pins).map(([own, by, pinned]) => {
    const set = [...units.values()].filter((unit) => unit.fields.some((field) => !isEmpty(own[field])));
    return entity({
      values: own,
      id,
      version: 3,
      policies: pinned.map(pinOf),
      provenance: provenance(Object.fromEntries(set.map((unit) => [unit.name, [3, by] as const]))),
    });
  });
const pair = fc.tuple(record("a"), record("b"));

const merged = (given: MergeFacts) => {
  const plan = planMerge(given);
  return { plan, ...applyToEntity(given.survivor, mergeEffects(given, plan), byApi) };
};

test("R28 nothing is lost: every value of either record stands, or the record says that it gave way, and by which rule", () => {
  fc.assert(
    fc.property(pair, ([survivor, other]) => {
      const after = merged(facts(survivor, other)).entity;
      for (const from of [survivor, other])
        for (const [key, value] of Object.entries(from.values)) {
          const field = fields[key];
          if (isEmpty(value) || field === undefined) continue;
          const now = after.values[key] ?? null;
          const parts = Array.isArray(value) && field.kind !== "textList" ? value.map((item) => [item]) : [value];
          const stands = parts.every(
            (part) =>
              sameValue(field, now, part) ||
              (Array.isArray(part) && Array.isArray(now) && part.every((item) => now.includes(item))),
          );
          const unit = catalogueOf("kundeemne").unitOf.get(key)?.name ?? "";
          const losers = after.provenance.u[unit]?.[3] ?? [];
          const told = losers.some((loser) => sameValue(field, loser.value[key] ?? null, value) && loser.rule !== "");
          expect(stands || told, key).toBe(true);
        }
    }),
  );
});

test("R28 of a consent, objection or protection the stricter value of the two stands, whatever is chosen", () => {
  fc.assert(
    fc.property(pair, fc.constantFrom<Part>("survivor", "other"), ([survivor, other], part) => {
      const control = [...units.values()].filter((unit) => unit.control && !unit.computed);
      const chosen = Object.fromEntries(control.map((unit) => [unit.name, part]));
      const given = facts(survivor, other, chosen);
      const { entity: after } = merged(given);
      const looser = new Set(faultsOfChoice(given).map(({ unit }) => unit));
      for (const unit of control) {
        for (const from of [survivor, other])
          expect(isLooser("kundeemne", unit.fields, after.values, from.values), unit.name).toBe(false);
        const wanted = part === "survivor" ? survivor : other;
        const left = part === "survivor" ? other : survivor;
        if (isLooser("kundeemne", unit.fields, wanted.values, left.values)) expect(looser).toContain(unit.name);
      }
      if ([survivor, other].some((each) => each.values["robinson.listed"] === true))
        expect(after.values["robinson.listed"]).toBe(true);
    }),
  );
});

test("R28 a pinned value stands against one that is not, and its pin with it; what is chosen stands where nothing forbids it", () => {
  fc.assert(
    fc.property(pair, fc.constantFrom<Part>("survivor", "other"), ([survivor, other], part) => {
      const given = facts(survivor, other, { telefon: part, attention: part });
      const faults = faultsOfChoice(given).map(({ unit }) => unit);
      const { entity: after, plan } = merged(given);
      const policies = mergePolicies(survivor, other, plan);
      for (const unit of ["telefon", "attention"]) {
        const [ours, theirs] = [survivor, other].map((each) => each.policies.some((policy) => policy.unit === unit));
        const expected = ours && !theirs ? survivor : theirs && !ours ? other : part === "survivor" ? survivor : other;
        const field = fields[unit];
        if (field === undefined) throw new Error(unit);
        expect(sameValue(field, after.values[unit] ?? null, expected.values[unit] ?? null), unit).toBe(true);
        expect(faults.includes(unit) && ours === theirs).toBe(false);
        if (expected === other && theirs) expect(policies.some((each) => each.unit === unit && each.pin)).toBe(true);
        expect(policies.filter((each) => each.unit === unit && each.pin).length).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("R28 the same record twice, or a merge that was carried out, leaves nothing to be planned but what gave way", () => {
  fc.assert(
    fc.property(pair, ([survivor, other]) => {
      expect(planMerge(facts(survivor, { ...survivor, id: "b" }))).toEqual([]);
      const given = facts(survivor, other);
      expect(planMerge(given)).toEqual(planMerge(given));
      const { entity: after, plan } = merged(given);
      const policies = mergePolicies(survivor, other, plan);
      const { entity: again } = merged(facts({ ...after, policies }, other));
      expect(again.values).toEqual(after.values);
    }),
  );
});

test.each([
  ["a derived value gives way", byDerivation, byLedger, "other", "R28:derived"],
  ["the owner's value stands", byCrm, byLedger, "survivor", "R28:owner:crm"],
  ["the owner's value stands, also where it is the other's", byLedger, byCrm, "other", "R28:owner:crm"],
  ["where survivorship says nothing, the one that stays", byCrm, byPerson, "survivor", "R28:survivor"],
] as const)("R28 two values differ: %s", (_, ours, theirs, from, rule) => {
  const of = (id: string, attention: string, by: Setter) =>
    entity({ id, values: { firmanavn: "Ida", attention }, provenance: provenance({ attention: [3, by] }) });
  const given = {
    ...facts(of("a", "Ida", ours), of("b", "Bo", theirs)),
    survivorship: () => ({ rule: "owner", owner: "crm" }) as const,
  };
  expect(planMerge(given)).toMatchObject([{ unit: "attention", from, rule, differs: true, choice: true }]);
});

test("R15 R28 what had lost to a value of the other record, and what a person refused of it, is told of the record that stays", () => {
  const refused = { value: { attention: "Bodil" }, by: byLedger, rule: "R16:decided" } as const;
  const other = entity({
    id: "b",
    values: { firmanavn: "Ida", attention: "Bo" },
    provenance: { s: [byPerson], u: { attention: [2, 0, "API", [refused]] } },
  });
  for (const attention of ["Bo", "Ida", null]) {
    const survivor = entity({
      id: "a",
      values: { firmanavn: "Ida", attention },
      provenance: provenance({ attention: [3, byPerson] }),
    });
    const { entity: after } = merged(facts(survivor, other));
    expect(after.provenance.u.attention?.[3]).toContainEqual(refused);
  }
});

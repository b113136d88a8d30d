import { expect, test } from "vitest";
import { applyToEntity } from "../../src/rules/apply.ts";
import type { UnitEffect } from "../../src/rules/decision.ts";
import { byCrm, byLedger, byPerson, entity, provenance } from "../support/rules-cases.ts";

const took = (unit: string, write: UnitEffect["write"]): UnitEffect => ({
  unit,
  did: "took",
  rule: "R12:changed",
  ...(write && { write }),
});

test("R12 a claim that lost is in history when the value it lost to is replaced, and provenance speaks of the new one", () => {
  const lost: UnitEffect = {
    unit: "attention",
    did: "lost",
    rule: "R12:owner:crm",
    base: { attention: "Bo" },
    loser: { value: { attention: "Bo" }, by: byLedger },
  };
  const made = entity({ version: 1, values: { attention: "Ida" }, provenance: provenance({ attention: [1, byCrm] }) });
  const told = applyToEntity(made, [lost], byLedger);
  expect(told.entity.provenance.u.attention?.[3]).toMatchObject([
    { value: { attention: "Bo" }, rule: "R12:owner:crm" },
  ]);
  const { entity: now, changed } = applyToEntity(told.entity, [took("attention", { attention: "Per" })], byPerson);
  expect(now.provenance.u.attention?.[3]).toBeUndefined();
  expect(changed.attention).toEqual([
    "Ida",
    "Per",
    "R12:changed",
    [{ value: { attention: "Bo" }, rule: "R12:owner:crm", by: byLedger }],
  ]);
});

test("R2 of a group, the claim stands beside the first field that changed", () => {
  const lost = { value: { adresse1: "Ågade 2", postnr: "8000" }, by: byLedger, rule: "R12:owner:crm" };
  const before = provenance({ adresse: [1, byCrm] });
  const [version, setter, rule] = before.u.adresse ?? [0, 0, ""];
  const made = entity({
    version: 1,
    values: { adresse1: "Havnen 1", postnr: "5970" },
    provenance: { ...before, u: { adresse: [version, setter, rule, [lost]] } },
  });
  const write = { adresse1: "Havnen 1", postnr: "5000" };
  const { changed } = applyToEntity(made, [took("adresse", write)], byPerson);
  expect(changed).toEqual({ postnr: ["5970", "5000", "R12:changed", [lost]] });
});

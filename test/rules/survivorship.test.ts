import { expect, test } from "vitest";
import type { Survivorship } from "../../src/model/field.ts";
import type { Setter } from "../../src/rules/record.ts";
import { survive } from "../../src/rules/survivorship.ts";
import { byApi, byCrm, byDerivation, byDirectory, byLedger, byPerson } from "../support/rules-cases.ts";

type Mode = "candidate" | "clash";
const modes: readonly Mode[] = ["candidate", "clash"];

/** Who keeps the value, and by which rule; lower ranks win, and only a ledger's claim has one. */
function asked(
  mode: Mode,
  survivorship: Survivorship,
  theirs: Setter,
  ours: Setter | undefined,
  more: { rank?: number; ourRank?: number; connector?: string; ourConnector?: string } = {},
): string {
  const lane = { connector: more.connector ?? "keybalance", rank: more.rank ?? 0 };
  const { winner, rule } = survive(
    mode,
    survivorship,
    { setter: theirs, lane },
    ours,
    () => more.ourRank ?? 0,
    () => more.ourConnector,
  );
  return `${winner} ${rule}`;
}

const at = (setter: Setter, from: number, to: number): Setter => ({ ...setter, from, to });

test("R12 a value that nobody set, or that we derived ourselves, gives way to any claim under every rule", () => {
  const rules: readonly Survivorship["rule"][] = ["owner", "source_priority", "most_recent", "manual"];
  for (const rule of rules) {
    for (const mode of modes) {
      expect(asked(mode, { rule }, byLedger, undefined)).toBe("theirs unset");
      expect(asked(mode, { rule }, byLedger, byDerivation)).toBe("theirs derived");
    }
  }
});

test("R12 under owner the owner's claim wins from anyone else, and the CRM owns where nothing is said", () => {
  for (const mode of modes) {
    for (const crm of [byCrm, byPerson, byApi]) {
      expect(asked(mode, { rule: "owner" }, crm, byLedger)).toBe("theirs owner:crm");
      expect(asked(mode, { rule: "owner" }, byLedger, crm)).toBe("ours owner:crm");
      expect(asked(mode, { rule: "owner", owner: "ledger" }, crm, byLedger)).toBe("ours owner:ledger");
      expect(asked(mode, { rule: "owner", owner: "ledger" }, byLedger, crm)).toBe("theirs owner:ledger");
    }
    expect(asked(mode, { rule: "owner", owner: "ledger" }, byDirectory, byLedger)).toBe("ours owner:ledger");
  }
});

test("R12 between two owners or two strangers a change of theirs alone is taken, and a clash waits for a person", () => {
  for (const [owner, theirs, ours] of [
    ["crm", byCrm, byPerson],
    ["crm", byLedger, byDirectory],
    ["ledger", byDirectory, byCrm],
  ] as const) {
    expect(asked("candidate", { rule: "owner", owner }, theirs, ours)).toBe("theirs changed");
    expect(asked("clash", { rule: "owner", owner }, theirs, ours)).toBe(`held owner:${owner}`);
  }
});

test("R12 of two ledgers that own a field the one of lower rank wins; equal ranks are nobody's", () => {
  const rule: Survivorship = { rule: "owner", owner: "ledger" };
  const other: Setter = { ...byLedger, connection: "erp2" };
  for (const mode of modes) {
    expect(asked(mode, rule, other, byLedger, { rank: 0, ourRank: 1 })).toBe("theirs owner:ledger");
    expect(asked(mode, rule, other, byLedger, { rank: 1, ourRank: 0 })).toBe("ours owner:ledger");
  }
  expect(asked("clash", rule, other, byLedger, { rank: 1, ourRank: 1 })).toBe("held owner:ledger");
  // Ranks order ledgers alone: two hands of the CRM have none.
  expect(asked("clash", { rule: "owner" }, byCrm, byPerson, { rank: 0, ourRank: 1 })).toBe("held owner:crm");
});

test("R12 source_priority finds a source by its connection, its side or its connector, and the unnamed come last", () => {
  const wins = (order: readonly string[], more = {}) =>
    asked("clash", { rule: "source_priority", order }, byLedger, byDirectory, more);
  expect(wins(["erp", "cvr"])).toBe("theirs source_priority");
  expect(wins(["cvr", "erp"])).toBe("ours source_priority");
  expect(wins(["directory", "ledger"])).toBe("ours source_priority");
  expect(wins(["ledger:keybalance", "directory"])).toBe("theirs source_priority");
  expect(wins(["ledger:navision", "directory"])).toBe("ours source_priority");
  expect(wins(["directory:cvr", "ledger"], { ourConnector: "cvr" })).toBe("ours source_priority");
  expect(wins(["directory:cvr", "ledger"])).toBe("theirs source_priority");
  expect(wins(["cvr"])).toBe("ours source_priority");
  expect(wins(["erp"])).toBe("theirs source_priority");
  for (const crm of [byCrm, byPerson, byApi]) {
    const order = ["crm", "ledger"];
    expect(asked("clash", { rule: "source_priority", order }, byLedger, crm)).toBe("ours source_priority");
  }
});

test("R12 sources of equal priority: their change alone is taken, a clash goes to the owner if the rule says so", () => {
  const order = ["directory"];
  expect(asked("candidate", { rule: "source_priority", order }, byLedger, byCrm)).toBe("theirs source_priority");
  expect(asked("clash", { rule: "source_priority", order }, byLedger, byCrm)).toBe("held source_priority");
  expect(asked("clash", { rule: "source_priority" }, byLedger, byCrm)).toBe("held source_priority");
  const then: Survivorship = { rule: "source_priority", order, then: "owner", owner: "ledger" };
  expect(asked("clash", then, byLedger, byCrm)).toBe("theirs owner:ledger");
});

test("R12 most_recent wins only where the two times cannot overlap; otherwise the owner or a person decides", () => {
  const rule: Survivorship = { rule: "most_recent" };
  const clash = (from: number, to: number, more: Partial<Survivorship> = {}) =>
    asked("clash", { ...rule, ...more }, at(byLedger, from, to), at(byCrm, 100, 200));
  expect(clash(201, 300)).toBe("theirs most_recent");
  expect(clash(50, 99)).toBe("ours most_recent");
  expect(clash(200, 300)).toBe("held order_unknown");
  expect(clash(50, 100)).toBe("held order_unknown");
  expect(clash(150, 160, { then: "owner", owner: "ledger" })).toBe("theirs owner:ledger");
  expect(asked("candidate", rule, at(byLedger, 1, 2), at(byCrm, 100, 200))).toBe("theirs changed");
});

test("R12 manual holds every clash, and takes what changed on their side alone", () => {
  expect(asked("candidate", { rule: "manual" }, byLedger, byCrm)).toBe("theirs changed");
  expect(asked("clash", { rule: "manual" }, byLedger, byCrm)).toBe("held manual");
});

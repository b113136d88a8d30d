import { expect, test } from "vitest";
import { type GateInput, gateIn, gateOut, gateState, policyFor } from "../../src/rules/gate.ts";
import { type Entity, type Lane, noState, type Policy, type RecordPolicy } from "../../src/rules/record.ts";
import { crmLane, entity, lane, NOW } from "../support/rules-cases.ts";

const said = (more: Partial<RecordPolicy> = {}): RecordPolicy => ({
  unit: "attention",
  policy: "propose",
  reason: "asked",
  by: "ada",
  ...more,
});

const pin = said({ policy: "frozen", pin: true });

const inForce = (policies: readonly RecordPolicy[], own: Lane = lane(), direction: "in" | "out" = "in") =>
  policyFor(entity({ policies }), "attention", own, direction, NOW);

const askIn = (more: Partial<GateInput> = {}) => {
  const own = { entity: entity(), unit: "attention", control: false, lane: lane(), empty: false } as const;
  const verdict = gateIn({ ...own, side: "ledger", mayUpdate: true, now: NOW, ...more });
  return verdict.allowed ? "open" : [verdict.reason, verdict.instead].filter(Boolean).join(" instead ");
};

const askOut = (more: Partial<Entity> = {}, own: Lane = lane(), empty = false) => {
  const verdict = gateOut(entity(more), "attention", own, empty, NOW);
  return verdict.allowed ? "open" : verdict.reason;
};

test("R15 a policy counts for its own unit, connection and direction, and until its time has come", () => {
  const counts = (more: Partial<RecordPolicy>) => inForce([said(more)]).policy === "propose";
  expect(counts({})).toBe(true);
  expect(counts({ unit: "*" })).toBe(true);
  expect(counts({ unit: "firmanavn" })).toBe(false);
  expect(counts({ connection: "erp" })).toBe(true);
  expect(counts({ connection: "crm" })).toBe(false);
  expect(counts({ direction: "in" })).toBe(true);
  expect(counts({ direction: "out" })).toBe(false);
  expect(counts({ until: NOW + 1 })).toBe(true);
  expect(counts({ until: NOW })).toBe(false);
  expect(inForce([said({ direction: "out" })], lane(), "out").policy).toBe("propose");
});

test("R15 of all policies that apply the strictest is in force, whichever was said first, and it names who said it", () => {
  const order: readonly Policy[] = ["auto", "if_empty", "propose", "frozen"];
  for (const [rank, policy] of order.entries()) {
    for (const [otherRank, other] of order.entries()) {
      const [one, two] = [said({ policy }), said({ policy: other, unit: "*" })];
      const { policy: found, by } = inForce([one, two]);
      expect(found).toBe(rank > otherRank ? policy : other);
      expect(by?.policy).toBe(found === "auto" ? undefined : found);
    }
  }
  // Of two equal ones the first is told.
  expect(inForce([said({ by: "ada" }), said({ by: "bo" })]).by?.by).toBe("ada");
});

test("R15 the connection's own policy for a unit goes before its policy for all, and neither speaks of the way out", () => {
  const strict = lane({ updatePolicy: { "*": "frozen", attention: "if_empty" } });
  expect(inForce([], strict)).toEqual({ policy: "if_empty", pin: false });
  expect(inForce([], lane({ updatePolicy: { "*": "frozen" } }))).toEqual({ policy: "frozen", pin: false });
  expect(inForce([], strict, "out")).toEqual({ policy: "auto", pin: false });
  expect(inForce([])).toEqual({ policy: "auto", pin: false });
  // What a connection says already is not told as somebody's.
  expect(inForce([said({ policy: "if_empty" })], strict)).toEqual({ policy: "if_empty", pin: false });
});

test("R15 a pin is told as a pin on the way in, also beside an equal policy, and does not exist on the way out", () => {
  expect(inForce([pin])).toEqual({ policy: "frozen", pin: true, by: pin });
  expect(inForce([said({ policy: "frozen" }), pin])).toEqual({ policy: "frozen", pin: true, by: pin });
  expect(inForce([pin], lane({ updatePolicy: { "*": "frozen" } }))).toMatchObject({ pin: true });
  expect(inForce([pin], lane(), "out")).toEqual({ policy: "auto", pin: false });
});

test("R14 a record that is erased, merged, archived or restricted lets nothing in or out; an orphan only lets in", () => {
  const state = (more: Partial<Entity["state"]>) =>
    (["in", "out"] as const).map((direction) => {
      const verdict = gateState(entity({ state: { ...noState, ...more } }), direction);
      return verdict.allowed ? "open" : verdict.reason;
    });
  expect(state({})).toEqual(["open", "open"]);
  expect(state({ erased: true })).toEqual(["erased", "erased"]);
  expect(state({ mergedInto: "other" })).toEqual(["merged", "merged"]);
  expect(state({ archived: true })).toEqual(["archived", "archived"]);
  expect(state({ restricted: true })).toEqual(["restricted", "restricted"]);
  expect(state({ orphaned: true })).toEqual(["open", "orphaned"]);
  // The gravest is told first.
  expect(state({ erased: true, mergedInto: "other", archived: true, restricted: true })).toEqual(["erased", "erased"]);
});

test("R14 the gate in asks switch, state, control, pin, policy and flag in this order, and tells the first that forbids", () => {
  const archived = { ...noState, archived: true };
  const shut = {
    lane: lane({ inbound: false }),
    entity: entity({ state: archived, policies: [pin] }),
    control: true,
    side: "directory",
    mayUpdate: false,
  } as const;
  expect(askIn(shut)).toBe("switched_off");
  expect(askIn({ ...shut, lane: lane() })).toBe("archived");
  expect(askIn({ ...shut, lane: lane(), entity: entity({ policies: [pin] }) })).toBe("control_field");
  const uncontrolled = { ...shut, lane: lane(), control: false };
  expect(askIn({ ...uncontrolled, entity: entity({ policies: [pin] }) })).toBe("pinned");
  expect(askIn({ ...uncontrolled, entity: entity({ policies: [said({ policy: "frozen" })] }) })).toBe("frozen");
  expect(askIn({ ...uncontrolled, entity: entity({ policies: [said()] }) })).toBe("flag instead propose");
  expect(askIn({ entity: entity({ policies: [said()] }) })).toBe("propose instead propose");
  expect(askIn()).toBe("open");
});

test("R1 R14 only the CRM sets a control field", () => {
  for (const side of ["ledger", "directory"] as const) expect(askIn({ control: true, side })).toBe("control_field");
  expect(askIn({ control: true, side: "crm", lane: crmLane() })).toBe("open");
});

test("R15 at the gate the flag at false holds back a directory alone", () => {
  expect(askIn({ side: "directory", mayUpdate: false })).toBe("flag instead propose");
  expect(askIn({ side: "directory" })).toBe("open");
  expect(askIn({ side: "ledger", mayUpdate: false })).toBe("open");
});

test("R15 if_empty lets a value in or out only where nothing stands", () => {
  const policies = [said({ policy: "if_empty" })];
  expect(askIn({ entity: entity({ policies }) })).toBe("not_empty");
  expect(askIn({ entity: entity({ policies }), empty: true })).toBe("open");
  expect(askOut({ policies })).toBe("not_empty");
  expect(askOut({ policies }, lane(), true)).toBe("open");
});

test("R14 the gate out asks switch, state and policy in this order", () => {
  const shut = { state: { ...noState, restricted: true }, policies: [said()] };
  expect(askOut(shut, lane({ outbound: false }))).toBe("switched_off");
  expect(askOut(shut)).toBe("restricted");
  expect(askOut({ policies: [said()] })).toBe("propose");
  expect(askOut({ policies: [said({ policy: "frozen" })] })).toBe("frozen");
  expect(askOut()).toBe("open");
});

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import type { Survivorship } from "../../src/model/field.ts";
import { type Lane, noState, type RecordPolicy } from "../../src/rules/record.ts";
import { byPerson, crmLane, entity, lane, link, mapping, provenance, unit, world } from "../support/rules-cases.ts";
import { RulesHub, type Station } from "../support/rules-hub.ts";

const KEYS = ["firmanavn", "attention", "ansvarligSaelger", "soegenavn", "adresse1", "bynavn"] as const;
const unitOf = (key: string): string => (key === "adresse1" || key === "bynavn" ? "adresse" : key);
const units = [
  unit("firmanavn"),
  unit("attention"),
  unit("ansvarligSaelger"),
  unit("soegenavn"),
  unit("adresse", { keys: ["adresse1", "bynavn"] }),
];

type Act =
  | { readonly act: "type"; readonly n: number; readonly key: string; readonly clear: boolean }
  | { readonly act: "edit"; readonly key: string; readonly clear: boolean }
  | { readonly act: "read"; readonly n: number }
  | { readonly act: "deliver"; readonly n: number; readonly answer: "comes" | "lost_after" | "lost_before" }
  | { readonly act: "resolve"; readonly key: string; readonly side: "ours" | "theirs" }
  | { readonly act: "wait" }
  | { readonly act: "flag"; readonly may: boolean }
  | { readonly act: "policy"; readonly policy: RecordPolicy["policy"] | "pin" | "none"; readonly key: string }
  | { readonly act: "archive"; readonly archived: boolean }
  | { readonly act: "switch"; readonly n: number; readonly inbound: boolean; readonly outbound: boolean }
  | { readonly act: "off"; readonly n: number; readonly off: boolean };

const n = fc.nat(2);
const key = fc.constantFrom(...KEYS);
const clear = fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0);
const acts: fc.Arbitrary<Act>[] = [
  fc.record({ act: fc.constant("type" as const), n, key, clear }),
  fc.record({ act: fc.constant("edit" as const), key, clear }),
  fc.record({ act: fc.constant("read" as const), n }),
  fc.record({
    act: fc.constant("deliver" as const),
    n,
    answer: fc.constantFrom("comes", "comes", "lost_after", "lost_before"),
  }),
  fc.record({ act: fc.constant("resolve" as const), key, side: fc.constantFrom("ours", "theirs") }),
  fc.record({ act: fc.constant("wait" as const) }),
];
const gateActs: fc.Arbitrary<Act>[] = [
  fc.record({ act: fc.constant("flag" as const), may: fc.boolean() }),
  fc.record({
    act: fc.constant("policy" as const),
    policy: fc.constantFrom("if_empty", "propose", "frozen", "pin", "none", "none"),
    key,
  }),
  fc.record({ act: fc.constant("archive" as const), archived: fc.boolean() }),
];
const switchActs: fc.Arbitrary<Act>[] = [
  fc.record({ act: fc.constant("switch" as const), n, inbound: fc.boolean(), outbound: fc.boolean() }),
  fc.record({ act: fc.constant("off" as const), n, off: fc.boolean() }),
];

const survivorship = fc.constantFrom<(Survivorship | undefined)[]>(
  undefined,
  { rule: "owner", owner: "crm" },
  { rule: "owner", owner: "ledger" },
  { rule: "source_priority", order: ["erp2", "crm", "ledger"] },
  { rule: "most_recent", then: "manual" },
  { rule: "most_recent", then: "owner" },
  { rule: "manual" },
);

interface Start {
  readonly survivorship: Survivorship | undefined;
  readonly firstMeeting: Lane["firstMeeting"];
  /** Every remote shows the record's values and has shown them before; else they meet for the first time. */
  readonly known: boolean;
  readonly blanks: readonly string[];
  /** Units that nobody has set here. */
  readonly unset: readonly string[];
  /** Units that the second ledger is only told. */
  readonly oneWay: readonly string[];
  readonly onRemoteEdit: Lane["onRemoteEdit"];
  /** A write names only the keys of a group that differ. */
  readonly partial: boolean;
  /** A key that the second ledger ignores. */
  readonly ignores: string | undefined;
}
const someUnits = fc.uniqueArray(fc.constantFrom(...units.map((each) => each.unit)), { maxLength: 2 });
const start = fc.record({
  survivorship,
  firstMeeting: fc.constantFrom("remote", "crm", "ask") as fc.Arbitrary<Lane["firstMeeting"]>,
  known: fc.boolean(),
  blanks: fc.uniqueArray(key, { maxLength: 3 }),
  unset: someUnits,
  oneWay: someUnits,
  onRemoteEdit: fc.constantFrom("leave", "restore") as fc.Arbitrary<Lane["onRemoteEdit"]>,
  partial: fc.boolean(),
  ignores: fc.option(key, { nil: undefined }),
});

/** A CRM that keeps what it is told, a ledger that writes in capitals and cuts at 12 characters, and a second ledger. */
function openHub(from: Start): RulesHub {
  const { survivorship: rule, firstMeeting, known, blanks, unset, oneWay, onRemoteEdit, partial, ignores } = from;
  const capitals = (value: string): string => value.toUpperCase().slice(0, 12).trim();
  const asTold = (value: string): string => value;
  const values: Values = {};
  for (const each of KEYS)
    values[each] = blanks.includes(each) || unset.includes(unitOf(each)) ? null : `start ${each}`;
  const station = (own: Lane, render: Station["render"], at: number): Station => {
    const remote: Values = {};
    const unread = new Map<string, string>();
    for (const each of KEYS) {
      const value = known ? values[each] : blanks.includes(each) === (at === 1) ? `met ${at} ${each}` : null;
      remote[each] = typeof value === "string" ? (known ? value : render(value)) : null;
      if (!known && typeof remote[each] === "string") unread.set(each, remote[each]);
    }
    const base = known ? { ...remote } : {};
    return {
      lane: own,
      mapping: mapping(
        units.map((each) => (at === 2 && oneWay.includes(each.unit) ? { ...each, direction: "out" } : each)),
      ),
      partial,
      ignores: at === 2 ? ignores : undefined,
      render,
      remote,
      link: link({
        id: own.connection,
        connection: own.connection,
        object: own.object,
        base,
        decidedVersion: known ? 3 : 0,
      }),
      lastRead: 0,
      unread,
      doubt: undefined,
    };
  };
  const set = provenance(
    Object.fromEntries(
      units.flatMap((each) => (unset.includes(each.unit) ? [] : [[each.unit, [3, byPerson] as const]])),
    ),
  );
  const { survivorship: survive, rankOf, connectorOf } = world(rule);
  return new RulesHub(
    entity({ values, provenance: set }),
    [
      station(crmLane({ firstMeeting: "crm" }), asTold, 0),
      station(lane({ firstMeeting }), capitals, 1),
      station(lane({ connection: "erp2", firstMeeting, rank: 1, onRemoteEdit }), asTold, 2),
    ],
    { survivorship: survive, rankOf, connectorOf },
  );
}

function act(hub: RulesHub, step: Act, at: number): void {
  switch (step.act) {
    case "type":
      return hub.editRemote(step.n, step.key, step.clear && step.key !== "firmanavn" ? null : `r${at} ${step.key}`);
    case "edit":
      return hub.editOurs(
        unitOf(step.key),
        { [step.key]: step.clear && step.key !== "firmanavn" ? null : `o${at} ${step.key}` },
        byPerson,
      );
    case "read":
      return hub.read(step.n);
    case "deliver":
      return hub.deliver(step.n, step.answer);
    case "resolve":
      return hub.resolve(unitOf(step.key), step.side, byPerson);
    case "wait":
      hub.now += 15;
      return;
    case "flag":
      hub.entity = { ...hub.entity, values: { ...hub.entity.values, maaOpdateresAutomatisk: step.may } };
      return;
    case "archive":
      hub.entity = { ...hub.entity, state: { ...hub.entity.state, archived: step.archived } };
      return;
    case "switch": {
      const station = hub.station(step.n);
      station.lane = { ...station.lane, inbound: step.inbound, outbound: step.outbound, off: false };
      return;
    }
    case "off": {
      const station = hub.station(step.n);
      const on = !step.off;
      station.lane = { ...station.lane, inbound: on, outbound: on, off: step.off };
      return;
    }
    case "policy": {
      const own = { unit: unitOf(step.key), reason: "test", by: "ada" };
      const policies: RecordPolicy[] =
        step.policy === "none"
          ? []
          : [step.policy === "pin" ? { ...own, policy: "frozen", pin: true } : { ...own, policy: step.policy }];
      hub.entity = { ...hub.entity, policies };
    }
  }
}

const MOST_ROUNDS = 5;

/** Every reason that held something back is gone. */
function open(hub: RulesHub): void {
  hub.entity = { ...hub.entity, policies: [], state: noState };
  for (const station of hub.stations) station.lane = { ...station.lane, inbound: true, outbound: true, off: false };
}

function runUntilQuiet(from: Start, steps: readonly Act[], isReopened: boolean): void {
  const hub = openHub(from);
  try {
    steps.forEach((step, at) => {
      act(hub, step, at);
    });
    hub.untilQuiet(MOST_ROUNDS);
    if (isReopened) {
      open(hub);
      hub.untilQuiet(MOST_ROUNDS);
    }
    for (const at of hub.stations.keys()) expect(hub.drift(at), `drift at ${at}`).toEqual([]);
    const { writes } = hub;
    hub.untilQuiet(1);
    expect(hub.writes).toBe(writes);
  } catch (error) {
    throw new Error(hub.told(), { cause: error });
  }
}

const runs = { numRuns: fc.readConfigureGlobal().numRuns ?? 1500 };

test("R11 R13 R17 when edits stop, remotes fall silent, equal or by a recorded rendering or held, and no edit is lost on the way", () => {
  const steps = fc.array(fc.oneof(...acts), { maxLength: 40 });
  fc.assert(fc.property(start, steps, fc.constant(false), runUntilQuiet), runs);
});

test("R14 R15 the same while the flag, policies, pins and the archive come and go", () => {
  const steps = fc.array(fc.oneof(...acts, ...gateActs), { maxLength: 40 });
  fc.assert(fc.property(start, steps, fc.boolean(), runUntilQuiet), runs);
});

test("R22 R27 the same while directions are switched off and on again", () => {
  const steps = fc.array(fc.oneof(...acts, ...switchActs), { maxLength: 40 });
  fc.assert(fc.property(start, steps, fc.boolean(), runUntilQuiet), runs);
});

import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import { policyFor } from "../../src/rules/gate.ts";
import { lastShown } from "../../src/rules/owed.ts";
import type { Entity, Lane, Policy, RecordPolicy, Setter } from "../../src/rules/record.ts";
import {
  byApi,
  byCrm,
  byDirectory,
  byLedger,
  byPerson,
  crmLane,
  directoryLane,
  effectOn,
  entity,
  input,
  lane,
  link,
  mapping,
  NOW,
  provenance,
  reading,
  world,
} from "../support/rules-cases.ts";

/** One text that is `Ida` here, set by `ours`, on a record with the flag at false. */
const flagged = (ours: Setter, values: Values = {}): Entity =>
  entity({
    values: { attention: "Ida", maaOpdateresAutomatisk: false, ...values },
    provenance: provenance({ attention: [3, ours] }),
  });

/** The first reading of a remote that shows `Bo`. */
const meet = (own: Lane, record: Entity) => {
  const given = { entity: record, lane: own, link: link({ connection: own.connection, decidedVersion: 0 }) };
  const { effects } = decide(
    input({ ...given, world: world({ rule: "manual" }), reading: reading({ attention: "Bo" }) }),
  );
  const { did, rule } = effectOn(effects, "attention");
  return `${did} ${rule}`;
};

test.each<[string, Lane["firstMeeting"]]>([
  ["remote", "remote"],
  ["crm", "crm"],
  ["ask", "ask"],
])(
  "R15 with the flag at false any difference of a ledger and the CRM at first meeting is a conflict, whichever was released second: %s",
  (_, firstMeeting) => {
    for (const ours of [byPerson, byApi, byCrm, byDirectory])
      expect(meet(lane({ firstMeeting }), flagged(ours))).toBe("held R15:flag");
    expect(meet(crmLane({ firstMeeting }), flagged(byLedger))).toBe("held R15:flag");
    expect(meet(crmLane({ firstMeeting: "crm" }), flagged(byLedger, { maaOpdateresAutomatisk: true }))).toBe(
      "took R26:crm",
    );
  },
);

test("R15 at first meeting the flag that the CRM brings with its data counts: its value does not win at once", () => {
  const met = decide(
    input({
      entity: flagged(byLedger, { maaOpdateresAutomatisk: null }),
      lane: crmLane(),
      link: link({ connection: "crm", decidedVersion: 0 }),
      mapping: mapping(["attention", "maaOpdateresAutomatisk"]),
      reading: reading({ attention: "Bo", maaOpdateresAutomatisk: false }),
    }),
  );
  expect(effectOn(met.effects, "attention")).toMatchObject({ did: "held", rule: "R15:flag" });
  expect(effectOn(met.effects, "maaOpdateresAutomatisk")).toMatchObject({
    did: "took",
    write: { maaOpdateresAutomatisk: false },
  });
});

test("R15 with the flag at false empty parts are still filled from a ledger: only a difference is a conflict", () => {
  expect(meet(lane(), entity({ values: { attention: null, maaOpdateresAutomatisk: false } }))).toBe("took R26:filled");
});

/** Reads of one remote against one record, with what a person says of the proposals in between. */
function proposing(own: Lane, start: Entity) {
  let ours = start;
  let known = link({ connection: own.connection, base: { attention: "Ida" } });
  const hold = `attention@${own.connection}`;
  return {
    read(shown: string) {
      const { effects } = decide(
        input({ entity: ours, link: known, lane: own, reading: reading({ attention: shown }) }),
      );
      known = applyToLink(known, effects, ours);
      for (const { review } of effects) {
        if (review?.close === true) ours = { ...ours, holds: {} };
        else if (review !== undefined) ours = { ...ours, holds: { [hold]: 8 } };
      }
      return effects.map(({ did, rule, review }) => `${did} ${rule}${review?.close ? " closed" : ""}`);
    },
    /** What `decideCase` does for `keep_ours`: the value that lost is recorded, base is what was last shown. */
    refuse(value: string, { rule = "R16:decided", of = {} }: { rule?: string; of?: Partial<Setter> } = {}) {
      const by = { ...byDirectory, connection: own.connection, object: own.object, ...of };
      const lost = { unit: "attention", did: "lost", rule, loser: { value: { attention: value }, by } };
      ours = { ...applyToEntity(ours, [lost as never], byPerson).entity, holds: {} };
      known = { ...known, base: lastShown(known), seen: {} };
    },
    set(value: string) {
      const effect = { unit: "attention", did: "took", rule: "API", write: { attention: value } } as const;
      ours = applyToEntity(ours, [effect], byPerson).entity;
    },
  };
}

test("R15 a value that a person has refused is not proposed again by its source, not even after another one", () => {
  const story = proposing(directoryLane(), flagged(byPerson));
  expect(story.read("Bo")).toEqual(["proposed R15:flag"]);
  story.refuse("Bo");
  expect(story.read("Bo")).toEqual([]);
  expect(story.read("Bodil")).toEqual(["proposed R15:flag"]);
  // Back at what was refused: the proposal of the other value is replaced by nothing.
  expect(story.read("Bo")).toEqual(["noted R15:refused closed"]);
  expect(story.read("Ib")).toEqual(["proposed R15:flag"]);
  story.refuse("Ib");
  expect(story.read("Bo")).toEqual(["noted R15:refused"]);
  expect(story.read("Ib")).toEqual(["noted R15:refused"]);
});

test.each<[string, { rule?: string; of?: Partial<Setter> }]>([
  ["by a rule, not by a person's word", { rule: "R12:owner" }],
  ["as another connection's", { of: { connection: "another" } }],
  ["as another object's of the same connection", { of: { object: "another" } }],
])("R15 a value that has lost %s is not refused: it is proposed", (_, how) => {
  const story = proposing(directoryLane(), flagged(byPerson));
  story.refuse("Bo", how);
  expect(story.read("Bo")).toEqual(["proposed R15:flag"]);
});

test("R15 a refusal stands as long as the value that it was said for: another value of ours is another question", () => {
  const story = proposing(directoryLane(), flagged(byPerson));
  story.read("Bo");
  story.refuse("Bo");
  expect(story.read("Ida")).toEqual(["agreed R12:agreed"]);
  story.set("Eva");
  expect(story.read("Bo")).toEqual(["proposed R15:flag"]);
});

test("R15 a refusal binds the source it was said to, not another one that shows the same", () => {
  const story = proposing(directoryLane(), flagged(byPerson));
  story.read("Bo");
  story.refuse("Bo");
  const other = proposing(directoryLane({ connection: "krak" }), flagged(byPerson));
  expect(other.read("Bo")).toEqual(["proposed R15:flag"]);
});

test("R15 a change that leaves the flag out changes nothing of it, and one by a directory or ledger never sets it", () => {
  const lines = mapping(["attention", "maaOpdateresAutomatisk"]);
  const decided = (own: Lane, claims: Values) =>
    decide(
      input({
        entity: flagged(byPerson),
        lane: own,
        link: link({ base: { attention: "Ida", maaOpdateresAutomatisk: false } }),
        mapping: lines,
        reading: reading(claims),
      }),
    ).effects.filter((effect) => effect.unit === "maaOpdateresAutomatisk");
  expect(decided(crmLane(), { attention: "Bo" })).toEqual([]);
  for (const own of [lane(), directoryLane()])
    expect(decided(own, { attention: "Bo", maaOpdateresAutomatisk: true })).toMatchObject([
      { did: "lost", rule: "R1:control_field" },
    ]);
});

const order: readonly Policy[] = ["auto", "if_empty", "propose", "frozen"];
const applying: Omit<RecordPolicy, "policy"> = { unit: "attention", reason: "test", by: "ada" };

test("R15 of the connection's and the record's policies the strictest that applies wins, and it is named", () => {
  for (const configured of order) {
    for (const own of order) {
      const record = entity({ policies: [{ ...applying, policy: own }] });
      const { policy, by } = policyFor(
        record,
        "attention",
        { connection: "erp", updatePolicy: { "*": configured } },
        "in",
        NOW,
      );
      const isOurs = order.indexOf(own) > order.indexOf(configured);
      expect(policy).toBe(isOurs ? own : configured);
      expect(by?.policy).toBe(isOurs ? own : undefined);
    }
  }
});

test("R15 a policy holds until its time and not a moment longer, for the fields, connections and directions it names", () => {
  const asked = (more: Partial<RecordPolicy>, unit = "attention", direction: "in" | "out" = "in", now = NOW) =>
    policyFor(
      entity({ policies: [{ ...applying, policy: "frozen", ...more }] }),
      unit,
      { connection: "erp", updatePolicy: {} },
      direction,
      now,
    ).policy;
  expect([asked({ until: NOW + 1 }), asked({ until: NOW })]).toEqual(["frozen", "auto"]);
  expect([asked({}), asked({}, "telefon"), asked({ unit: "*" }, "telefon")]).toEqual(["frozen", "auto", "frozen"]);
  expect([asked({ connection: "erp" }), asked({ connection: "crm" })]).toEqual(["frozen", "auto"]);
  expect([asked({ direction: "in" }), asked({ direction: "in" }, "attention", "out")]).toEqual(["frozen", "auto"]);
  expect(asked({}, "attention", "out")).toBe("frozen");
  expect(asked({ pin: true }, "attention", "out")).toBe("auto");
});

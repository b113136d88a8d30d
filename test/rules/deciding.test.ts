import { expect, test } from "vitest";
import type { Survivorship } from "../../src/model/field.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import { noState, type Policy, type RecordState, type Setter } from "../../src/rules/record.ts";
import { setterOf } from "../../src/rules/unit-case.ts";
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
  provenance,
  reading,
  unit,
  world,
} from "../support/rules-cases.ts";

/** One text that they show as `Bo`, showed as `Base` and that we hold as `Ida` since `version`; 3 is what they have had. */
function meet(version: number, ours: Setter, rule: Survivorship, more: Partial<Parameters<typeof input>[0]> = {}) {
  const { effects } = decide(
    input({
      entity: entity({ version, values: { attention: "Ida" }, provenance: provenance({ attention: [version, ours] }) }),
      link: link({ base: { attention: "Base" } }),
      world: world(rule),
      reading: reading({ attention: "Bo" }),
      ...more,
    }),
  );
  return effectOn(effects, "attention");
}

const ownerCrm: Survivorship = { rule: "owner", owner: "crm" };
const ownerLedger: Survivorship = { rule: "owner", owner: "ledger" };
const priority: Survivorship = { rule: "source_priority", order: ["ledger:keybalance", "crm"] };
const crmFirst: Survivorship = { rule: "source_priority", order: ["crm", "ledger"] };
const nobodyNamed: Survivorship = { rule: "source_priority", order: ["cvr"] };
const recent: Survivorship = { rule: "most_recent", then: "manual" };
const recentThenOwner: Survivorship = { rule: "most_recent", then: "owner", owner: "crm" };
const manual: Survivorship = { rule: "manual" };

const during: Setter = { ...byPerson, from: 250, to: 250 };
const before: Setter = { ...byPerson, from: 150, to: 150 };
const after: Setter = { ...byPerson, from: 350, to: 350 };

test.each<[string, Setter, Survivorship, string]>([
  ["owner crm against a person: ours stays", byPerson, ownerCrm, "lost R12:owner:crm"],
  ["owner crm against our API: ours stays", byApi, ownerCrm, "lost R12:owner:crm"],
  ["owner crm against the CRM's connection: ours stays", byCrm, ownerCrm, "lost R12:owner:crm"],
  ["owner crm against another non-owner: theirs", byDirectory, ownerCrm, "took R12:changed"],
  ["owner ledger: theirs", byPerson, ownerLedger, "took R12:owner:ledger"],
  [
    "owner ledger against a ledger of the same rank: theirs, for they alone changed",
    byLedger,
    ownerLedger,
    "took R12:changed",
  ],
  ["source_priority that names them first: theirs", byPerson, priority, "took R12:source_priority"],
  ["source_priority that names the CRM first: ours stays", byPerson, crmFirst, "lost R12:source_priority"],
  ["source_priority that names nobody: theirs", byPerson, nobodyNamed, "took R12:source_priority"],
  ["most_recent is not asked, even where ours looks younger: theirs", after, recent, "took R12:changed"],
  ["manual is not asked: theirs", byPerson, manual, "took R12:changed"],
])("R12 they changed and we did not; %s", (_, ours, rule, outcome) => {
  const effect = meet(3, ours, rule);
  expect(`${effect.did} ${effect.rule}`).toBe(outcome);
  expect(effect.base).toEqual({ attention: "Bo" });
});

test.each<[string, Setter, Survivorship, string]>([
  ["owner crm against a person: ours stays", byPerson, ownerCrm, "lost R12:owner:crm"],
  ["owner crm, and neither is the CRM: a person", byDirectory, ownerCrm, "held R12:owner:crm"],
  ["owner ledger: theirs", byPerson, ownerLedger, "took R12:owner:ledger"],
  ["owner ledger, and both are of one rank: a person", byLedger, ownerLedger, "held R12:owner:ledger"],
  ["source_priority that names them first: theirs", byPerson, priority, "took R12:source_priority"],
  ["source_priority that names the CRM first: ours stays", byPerson, crmFirst, "lost R12:source_priority"],
  ["source_priority that names nobody: a person", byPerson, nobodyNamed, "held R12:source_priority"],
  [
    "source_priority that names nobody, then owner: the owner",
    byPerson,
    { ...nobodyNamed, then: "owner" },
    "lost R12:owner:crm",
  ],
  ["most_recent, theirs certainly younger: theirs", before, recent, "took R12:most_recent"],
  ["most_recent, ours certainly younger: ours stays", after, recent, "lost R12:most_recent"],
  ["most_recent, intervals overlap, then manual: a person", during, recent, "held R12:order_unknown"],
  ["most_recent, intervals overlap, then owner: the owner", during, recentThenOwner, "lost R12:owner:crm"],
  ["most_recent, intervals overlap, nothing said: a person", during, { rule: "most_recent" }, "held R12:order_unknown"],
  ["manual: a person", byPerson, manual, "held R12:manual"],
])("R12 both changed; %s", (_, ours, rule, outcome) => {
  const effect = meet(4, ours, rule);
  expect(`${effect.did} ${effect.rule}`).toBe(outcome);
  expect(effect.did === "held" ? effect.seen : effect.base).toEqual({ attention: "Bo" });
  if (effect.did === "lost") expect(effect.loser?.value).toEqual({ attention: "Bo" });
  if (effect.did === "held")
    expect(effect.review).toMatchObject({ theirs: { attention: "Bo" }, ours: { attention: "Ida" } });
});

test.each([3, 4])(
  "R12 equal after normalisation is agreed, whoever changed, and the value stays as typed (our version %i)",
  (version) => {
    const effect = meet(version, byPerson, manual, { reading: reading({ attention: " Ida " }) });
    expect(effect).toMatchObject({ did: "agreed", base: { attention: " Ida " }, decided: "after" });
    expect(effect.write).toBeUndefined();
  },
);

test.each([3, 4])(
  "R12 what did not change there is nothing to take, though it differs from ours (our version %i)",
  (version) => {
    const { effects } = decide(
      input({
        entity: entity({
          version,
          values: { attention: "Ida" },
          provenance: provenance({ attention: [version, byPerson] }),
        }),
        link: link({ base: { attention: "Base" } }),
        reading: reading({ attention: "base ".trim().replace("b", "B") }),
      }),
    );
    expect(effects).toEqual([]);
  },
);

const states: [string, Partial<RecordState>][] = [
  ["archived", { archived: true }],
  ["restricted", { restricted: true }],
  ["erased", { erased: true }],
  ["merged", { mergedInto: "other" }],
];

/** Every outcome of the gate for a value on its way in, under every survivorship rule and both rows that reach it. */
const rules = [ownerCrm, ownerLedger, priority, recent, recentThenOwner, manual];
const rows = rules.flatMap((rule) => [3, 4].map((version) => [rule.rule, version, rule] as const));

test.each(rows)(
  "R14 a record's state shuts the gate before %s is asked (our version %i); it is decided when the reason goes",
  (_, version, rule) => {
    for (const [reason, state] of states) {
      const record = entity({
        version,
        values: { attention: "Ida" },
        provenance: provenance({ attention: [version, byPerson] }),
        state: { ...noState, ...state },
      });
      const effect = meet(version, byPerson, rule, { entity: record });
      expect(effect).toMatchObject({ did: "forbidden", rule: `R14:${reason}`, seen: { attention: "Bo" } });
      expect(effect.base).toBeUndefined();
      const again = meet(version, byPerson, rule, {
        link: link({ base: { attention: "Base" }, seen: { attention: "Bo" } }),
      });
      expect(again.did).not.toBe("forbidden");
    }
  },
);

test.each(rows)(
  "R15 a pin, a frozen field and a filled if_empty keep ours and record theirs before %s is asked (our version %i)",
  (_, version, rule) => {
    const policies: [Policy, boolean, string][] = [
      ["frozen", true, "R15:pinned"],
      ["frozen", false, "R15:frozen"],
      ["if_empty", false, "R15:not_empty"],
    ];
    for (const [policy, pin, told] of policies) {
      const record = entity({
        version,
        values: { attention: "Ida" },
        provenance: provenance({ attention: [version, byPerson] }),
        policies: [{ unit: "attention", policy, reason: "test", by: "ada", ...(pin ? { pin } : {}) }],
      });
      const effect = meet(version, byPerson, rule, { entity: record });
      expect(effect).toMatchObject({
        did: "lost",
        rule: told,
        base: { attention: "Bo" },
        loser: { value: { attention: "Bo" } },
      });
    }
  },
);

test.each(rows)(
  "R15 propose makes a proposal before %s is asked (our version %i), and the value in force stays",
  (_, version, rule) => {
    const effect = meet(version, byPerson, rule, { lane: lane({ updatePolicy: { attention: "propose" } }) });
    expect(effect).toMatchObject({ did: "proposed", rule: "R15:propose", review: { kind: "proposal" } });
    expect(effect.write).toBeUndefined();
  },
);

test("R15 the strictest policy that applies wins, another connection's and one that ran out do not apply", () => {
  const own = { unit: "attention", reason: "test", by: "ada" };
  const record = (policies: Parameters<typeof entity>[0] & object) =>
    meet(3, byPerson, manual, {
      entity: entity({
        values: { attention: "Ida" },
        provenance: provenance({ attention: [3, byPerson] }),
        ...policies,
      }),
    }).rule;
  expect(
    record({
      policies: [
        { ...own, policy: "propose" },
        { ...own, unit: "*", policy: "frozen" },
      ],
    }),
  ).toBe("R15:frozen");
  expect(
    record({
      policies: [
        { ...own, policy: "propose" },
        { ...own, policy: "if_empty" },
      ],
    }),
  ).toBe("R15:propose");
  expect(record({ policies: [{ ...own, policy: "frozen", connection: "other" }] })).toBe("R12:changed");
  expect(record({ policies: [{ ...own, policy: "frozen", direction: "out" }] })).toBe("R12:changed");
  expect(record({ policies: [{ ...own, policy: "frozen", until: 1 }] })).toBe("R12:changed");
});

test("R15 with the flag at false a directory only proposes, also into an empty field, and a stricter if_empty does not swallow the proposal", () => {
  const values = { attention: null, maaOpdateresAutomatisk: false };
  for (const policy of ["auto", "if_empty"] as const) {
    for (const ours of [null, "Ida"]) {
      const effect = meet(3, byPerson, manual, {
        entity: entity({
          values: { ...values, attention: ours },
          provenance: provenance({ attention: [3, byPerson] }),
        }),
        lane: directoryLane({ updatePolicy: { attention: policy } }),
      });
      expect(effect).toMatchObject({ did: "proposed", rule: "R15:flag" });
    }
  }
});

test("R15 with the flag at false a ledger's edit still comes in, but a clash with the CRM's value becomes a conflict", () => {
  const flagged = (version: number, ours: Setter) =>
    meet(version, ours, ownerLedger, {
      entity: entity({
        version,
        values: { attention: "Ida", maaOpdateresAutomatisk: false },
        provenance: provenance({ attention: [version, ours] }),
      }),
    });
  expect(flagged(3, byPerson).did).toBe("took");
  expect(flagged(4, byPerson)).toMatchObject({ did: "held", rule: "R15:flag" });
  expect(flagged(4, byDirectory).did).toBe("took");
});

test("R15 with the flag at false a clash is a conflict too where the ledger's value was read first and the CRM's comes second", () => {
  const clash = (ours: Setter, flag: boolean) => {
    const { effects } = decide(
      input({
        lane: crmLane(),
        entity: entity({
          version: 4,
          values: { attention: "Ida", maaOpdateresAutomatisk: flag },
          provenance: provenance({ attention: [4, ours] }),
        }),
        link: link({ base: { attention: "Base" } }),
        world: world(ownerLedger),
        reading: reading({ attention: "Bo" }),
      }),
    );
    return effectOn(effects, "attention");
  };
  expect(clash(byLedger, true)).toMatchObject({ did: "lost", rule: "R12:owner:ledger" });
  expect(clash(byLedger, false)).toMatchObject({ did: "held", rule: "R15:flag" });
});

test("R15 a change that carries the flag with data is decided under the stricter of old and new", () => {
  const { effects } = decide(
    input({
      entity: entity({ values: { attention: null, maaOpdateresAutomatisk: true } }),
      link: link({ base: { attention: null } }),
      lane: directoryLane(),
      mapping: mapping(["attention", "maaOpdateresAutomatisk"]),
      reading: reading({ attention: "Bo", maaOpdateresAutomatisk: false }),
    }),
  );
  expect(effectOn(effects, "attention")).toMatchObject({ did: "proposed", rule: "R15:flag" });
});

test("R15 a contact is guarded by the flag, the archive and the restriction of its emne", () => {
  const contact = { kind: "kontaktperson" as const, parentId: "emne", values: { titel: "Chef" } };
  const decided = (parent: Parameters<typeof entity>[0]) =>
    effectOn(
      decide(
        input({
          entity: entity({ ...contact, provenance: provenance({ titel: [3, byPerson] }) }),
          parent: entity(parent),
          lane: directoryLane(),
          mapping: mapping(["titel"], "kontaktperson"),
          link: link({ entity: "kontaktperson", base: { titel: "Chef" } }),
          world: world(manual),
          reading: reading({ titel: "Direktør" }),
        }),
      ).effects,
      "titel",
    ).rule;
  expect(decided({})).toBe("R12:changed");
  expect(decided({ values: { maaOpdateresAutomatisk: false } })).toBe("R15:flag");
  expect(decided({ state: { ...noState, archived: true } })).toBe("R14:archived");
});

test("R1 control fields are set by side crm only: a ledger's claim is recorded as lost, a directory's too", () => {
  for (const own of [lane(), directoryLane()]) {
    for (const ours of [true, false, null]) {
      const { effects } = decide(
        input({
          entity: entity({ values: { tilladKampagne: ours } }),
          link: link({ base: { tilladKampagne: ours } }),
          lane: own,
          mapping: mapping(["tilladKampagne"]),
          reading: reading({ tilladKampagne: ours !== true }),
        }),
      );
      const effect = effectOn(effects, "tilladKampagne");
      expect(["lost", "agreed"]).toContain(effect.did);
      expect(effect.write).toBeUndefined();
    }
  }
});

test.each<[string, boolean | null, boolean | null, boolean | null]>([
  ["tilladKampagne", true, false, false],
  ["tilladKampagne", false, true, false],
  ["tilladKampagne", true, null, null],
  ["gdprOk", null, true, null],
  ["gdprOk", true, null, null],
  ["gdprOk", null, false, false],
  ["maaOpdateresAutomatisk", true, false, false],
  ["maaOpdateresAutomatisk", false, null, false],
])("R1 in a clash about %s between ours %s and the CRM's %s the stricter wins: %s", (field, ours, theirs, expected) => {
  const name = field === "gdprOk" ? "gdpr" : field;
  const record = entity({ version: 4, values: { [field]: ours }, provenance: provenance({ [name]: [4, byPerson] }) });
  const others = { attention: "Ida", soegenavn: "IDA" };
  // Whatever they showed before, it was something else.
  const base = theirs !== true;
  const { effects } = decide(
    input({
      entity: record,
      link: link({ base: { [field]: base, ...others } }),
      lane: crmLane(),
      mapping: mapping([unit(name, { keys: [field] }), "attention", "soegenavn"]),
      reading: reading({ [field]: theirs, ...others }),
    }),
  );
  expect(applyToEntity(record, effects, byCrm).entity.values[field]).toBe(expected);
});

test("R1 at a first meeting the default that nobody set gives way to the CRM's consent, and an archived record keeps what it has", () => {
  const first = (state: RecordState, ours: Setter | undefined) =>
    effectOn(
      decide(
        input({
          entity: entity({
            values: { tilladKampagne: ours === undefined ? null : true },
            provenance: provenance(ours === undefined ? {} : { tilladKampagne: [3, ours] }),
            state,
          }),
          lane: crmLane(),
          mapping: mapping(["tilladKampagne"]),
          reading: reading({ tilladKampagne: ours === undefined }),
        }),
      ).effects,
      "tilladKampagne",
    ).did;
  expect(first(noState, undefined)).toBe("took");
  expect(first(noState, byPerson)).toBe("took");
  expect(first({ ...noState, archived: true }, byPerson)).toBe("forbidden");
});

test("R11 the remote's value at the last decision is base whoever won, and the version it has had stays where it was when theirs lost", () => {
  const record = entity({
    version: 9,
    values: { attention: "Ida" },
    provenance: provenance({ attention: [9, byPerson] }),
  });
  const own = link({ base: { attention: "Base" }, decidedVersion: 3 });
  const at = (rule: Survivorship) => {
    const { effects } = decide(
      input({ entity: record, link: own, world: world(rule), reading: reading({ attention: "Bo" }) }),
    );
    const applied = applyToEntity(record, effects, byLedger);
    return applyToLink(own, effects, applied.entity);
  };
  const lost = at(ownerCrm);
  expect(lost.base).toEqual({ attention: "Bo" });
  expect(lost.decided.attention ?? lost.decidedVersion).toBe(3);
  const won = at(ownerLedger);
  expect(won.base).toEqual({ attention: "Bo" });
  expect(won.decided.attention ?? won.decidedVersion).toBe(10);
});

test("R11 a claim that lost is no candidate again until its value changes", () => {
  const record = entity({
    version: 4,
    values: { attention: "Ida" },
    provenance: provenance({ attention: [4, byPerson] }),
  });
  let own = link({ base: { attention: "Base" } });
  const look = (shown: string) => {
    const { effects } = decide(
      input({ entity: record, link: own, world: world(ownerCrm), reading: reading({ attention: shown }) }),
    );
    own = applyToLink(own, effects, record);
    return effects.map((effect) => effect.did);
  };
  expect(look("Bo")).toEqual(["lost"]);
  expect(look("Bo")).toEqual([]);
  expect(look("Bodil")).toEqual(["lost"]);
});

test("R3 a claim's setter carries the interval of its reading, and two intervals that touch are in no order", () => {
  expect(setterOf(lane(), reading({}, { from: 5, to: 9 }))).toMatchObject({
    kind: "connection",
    connection: "erp",
    from: 5,
    to: 9,
  });
  const touching = meet(4, { ...byPerson, from: 300, to: 300 }, recent, {
    reading: reading({ attention: "Bo" }, { from: 300, to: 400 }),
  });
  expect(touching).toMatchObject({ did: "held", rule: "R12:order_unknown" });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import type { Survivorship } from "../../src/model/field.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import type { UnitEffect } from "../../src/rules/decision.ts";
import { owed } from "../../src/rules/owed.ts";
import { type Lane, type Link, noState, type Policy, type RecordPolicy, type Setter } from "../../src/rules/record.ts";
import { type DecideInput, setterOf } from "../../src/rules/unit-case.ts";
import { agrees, pick, sameTheirs, theirsEmpty } from "../../src/rules/unit-values.ts";
import {
  byApi,
  byCrm,
  byDerivation,
  byDirectory,
  byLedger,
  byPerson,
  crmLane,
  directoryLane,
  entity,
  input,
  lane,
  link,
  mapping,
  NOW,
  provenance,
  reading,
  unit,
  world,
} from "../support/rules-cases.ts";

/** Few values, so that they meet: spellings of one another, others, and nothing. */
const text = fc.constantFrom("Ida", "IDA", " Ida ", "Bo", "Bodil", null);
const bool = fc.constantFrom(true, false, null);
const vat = fc.constantFrom("10150817", "DK 10150817", "25313763", null);
const claimsOf = fc.record(
  {
    attention: text,
    soegenavn: text,
    firmanavn: text,
    adresse1: text,
    bynavn: text,
    registration: vat,
    tilladKampagne: bool,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Values>;
const oursOf = fc.record({
  attention: text,
  soegenavn: text,
  firmanavn: fc.constantFrom("Ida", "Bo"),
  adresse1: text,
  bynavn: text,
  cvrNr: fc.constantFrom("10150817", null),
  seNr: fc.constantFrom("25313763", null),
  tilladKampagne: bool,
  maaOpdateresAutomatisk: bool,
}) as fc.Arbitrary<Values>;

const names = ["attention", "soegenavn", "firmanavn", "adresse", "registration", "tilladKampagne"];
const name = fc.constantFrom(...names);
const line = (own: string) =>
  fc
    .record({
      direction: fc.constantFrom("both", "both", "in", "out") as fc.Arbitrary<"both" | "in" | "out">,
      emptyMeansUnknown: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
    })
    .map((more) => unit(own, own === "adresse" ? { ...more, keys: ["adresse1", "bynavn"] } : more));
const lines = fc.tuple(...names.map(line)).map((units) => mapping(units));

const setter = fc.constantFrom<(Setter | undefined)[]>(
  undefined,
  byPerson,
  byApi,
  byCrm,
  byLedger,
  byDirectory,
  byDerivation,
);
const version = fc.integer({ min: 1, max: 6 });
const provenanceOf = fc
  .tuple(...names.map((each) => fc.tuple(fc.constant(each), version, setter)))
  .map((units) =>
    provenance(
      Object.fromEntries(units.flatMap(([each, at, by]) => (by === undefined ? [] : [[each, [at, by] as const]]))),
    ),
  );

const own = { reason: "test", by: "ada" };
const policyOf: fc.Arbitrary<RecordPolicy> = fc
  .record({
    unit: fc.constantFrom(...names, "*"),
    policy: fc.constantFrom<Policy[]>("auto", "if_empty", "propose", "frozen"),
    pin: fc.boolean(),
  })
  .map(({ unit: on, policy, pin }) =>
    pin && policy === "frozen" ? { ...own, unit: on, policy, pin } : { ...own, unit: on, policy },
  );
const rare = fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0);
const stateOf = fc
  .record({ archived: rare, restricted: rare, erased: rare, orphaned: rare })
  .map((state) => ({ ...noState, ...state }));

const laneOf: fc.Arbitrary<Lane> = fc
  .record({
    make: fc.constantFrom(lane, crmLane, directoryLane),
    inbound: rare.map((shut) => !shut),
    outbound: rare.map((shut) => !shut),
    firstMeeting: fc.constantFrom("remote", "crm", "ask") as fc.Arbitrary<Lane["firstMeeting"]>,
    onRemoteEdit: fc.constantFrom("leave", "restore") as fc.Arbitrary<Lane["onRemoteEdit"]>,
  })
  .map(({ make, ...more }) => make(more));

const linkOf: fc.Arbitrary<Link> = fc
  .record({
    base: claimsOf,
    seen: fc.oneof(fc.constant({}), claimsOf),
    decidedVersion: version,
    sent: fc.option(claimsOf, { nil: undefined }),
    rendering: fc.option(fc.tuple(text, text), { nil: undefined }),
  })
  .map(({ base, seen, decidedVersion, sent, rendering }) =>
    link({
      base,
      seen,
      decidedVersion,
      images:
        sent === undefined
          ? []
          : [{ attempt: 1, values: sent, versions: Object.fromEntries(names.map((each) => [each, 2])) }],
      renderings:
        rendering === undefined
          ? {}
          : { attention: [{ sent: { attention: rendering[0] }, got: { attention: rendering[1] } }] },
    }),
  );

const rule = fc.constantFrom<(Survivorship | undefined)[]>(
  undefined,
  { rule: "owner", owner: "crm" },
  { rule: "owner", owner: "ledger" },
  { rule: "source_priority", order: ["ledger", "crm"] },
  { rule: "most_recent", then: "manual" },
  { rule: "manual" },
);

const given: fc.Arbitrary<DecideInput> = fc
  .record({
    values: oursOf,
    set: provenanceOf,
    policies: fc.array(policyOf, { maxLength: 2 }),
    held: fc.array(name, { maxLength: 1 }),
    state: stateOf,
    ownLink: linkOf,
    ownLane: laneOf,
    units: lines,
    claims: claimsOf,
    whole: rare.map((partial) => !partial),
    survivorship: rule,
    otherAgrees: fc.boolean(),
  })
  .map((all) =>
    input({
      entity: entity({
        version: 6,
        values: all.values,
        provenance: all.set,
        policies: all.policies,
        holds: Object.fromEntries(all.held.map((each) => [each, 1])),
        state: all.state,
      }),
      link: all.ownLink,
      lane: all.ownLane,
      mapping: all.units,
      reading: reading(all.claims, { whole: all.whole, confirmed: true }),
      world: world(all.survivorship, { otherAgrees: () => all.otherAgrees }),
    }),
  );

const runs = { numRuns: fc.readConfigureGlobal().numRuns ?? 3000 };

/** What the reading came to: the record and the link after it. */
function carryOut(from: DecideInput, effects: readonly UnitEffect[]) {
  const by = setterOf(from.lane, from.reading);
  const applied = applyToEntity(from.entity, effects, by);
  const holds = { ...applied.entity.holds };
  for (const effect of effects) {
    if (effect.review === undefined) continue;
    const hold = effect.review.kind === "proposal" ? `${effect.unit}@${from.lane.connection}` : effect.unit;
    if (holds[effect.unit] === undefined) holds[hold] = 1;
  }
  return { ...applied, entity: { ...applied.entity, holds }, link: applyToLink(from.link, effects, applied.entity) };
}

test("R11 deciding is a function: the same input gives the same decision, and the input stays as it was", () => {
  fc.assert(
    fc.property(given, (from) => {
      const before = structuredClone([from.entity, from.link, from.reading]);
      expect(decide(from)).toEqual(decide(from));
      expect([from.entity, from.link, from.reading]).toEqual(before);
    }),
    runs,
  );
});

test("R5 R11 deciding the same reading a second time changes nothing", () => {
  fc.assert(
    fc.property(given, (from) => {
      const once = carryOut(from, decide(from).effects);
      const twice = carryOut({ ...from, ...once }, decide({ ...from, ...once }).effects);
      expect(twice.changed).toEqual({});
      expect(twice.entity.values).toEqual(once.entity.values);
      expect(twice.entity.version).toBe(once.entity.version);
      expect(twice.entity.provenance).toEqual(once.entity.provenance);
      const { base, seen, renderings } = once.link;
      expect(twice.link).toMatchObject({ base, seen, renderings });
    }),
    runs,
  );
});

test("R12 whatever the input, a value that differs is taken, recorded as loser, held, proposed, forbidden or ours by rights: never silently gone", () => {
  fc.assert(
    fc.property(given, (from) => {
      const { link: known, mapping: own, reading: shown } = from;
      const { effects } = decide(from);
      const after = carryOut(from, effects);
      for (const mapped of own.units) {
        const theirs = pick(mapped.keys, shown.claims);
        const keys = Object.keys(theirs);
        if (keys.length === 0) continue;
        const before = pick(keys, known.base);
        const isOld = keys.every((key) => before[key] !== undefined) && sameTheirs("kundeemne", mapped, theirs, before);
        if (isOld || agrees("kundeemne", mapped, theirs, after.entity.values)) continue;
        const effect = effects.find((each) => each.unit === mapped.unit);
        if (theirsEmpty(mapped, theirs) && (mapped.emptyMeansUnknown || !shown.whole)) continue;
        if (effect === undefined) {
          // Only what this link has shown already and a person has in hand, or what is noted as before, needs no new word.
          const last = pick(keys, { ...known.base, ...known.seen });
          const isKnown = sameTheirs("kundeemne", mapped, theirs, last);
          const pairs = known.renderings[mapped.unit] ?? [];
          expect(isKnown || pairs.some((pair) => sameTheirs("kundeemne", mapped, theirs, pair.got))).toBe(true);
          continue;
        }
        const kept = after.entity.provenance.u[mapped.unit]?.[3] ?? [];
        switch (effect.did) {
          case "lost":
            expect(kept.some(({ value }) => sameTheirs("kundeemne", mapped, theirs, value))).toBe(true);
            break;
          case "held":
          case "proposed":
            expect(sameTheirs("kundeemne", mapped, theirs, effect.review?.theirs ?? {})).toBe(true);
            break;
          case "forbidden":
            expect(pick(mapped.keys, after.link.base)).toEqual(pick(mapped.keys, known.base));
            break;
          case "own":
            expect(known.images.some(({ values }) => sameTheirs("kundeemne", mapped, theirs, values))).toBe(true);
            break;
          case "noted":
            expect(["R22:one_way", "R26:no_opinion", "R11:back_at_base"]).toContain(effect.rule);
            break;
          case "rendered":
          case "agreed":
          case "took":
            break;
        }
        if (effect.did === "took" && effect.rule !== "R26:filled" && !mapped.token) {
          expect(agrees("kundeemne", mapped, theirs, after.entity.values)).toBe(true);
        }
      }
    }),
    runs,
  );
});

test("R14 nothing is written that direction, switch, state of record, control, pin or policy forbids", () => {
  fc.assert(
    fc.property(given, (from) => {
      const { entity: ours, lane: through, mapping: own } = from;
      for (const effect of decide(from).effects) {
        if (effect.write === undefined) continue;
        const mapped = own.unitByName.get(effect.unit);
        expect(effect.did).toBe("took");
        expect(through.inbound && mapped?.direction !== "out").toBe(true);
        expect([ours.state.archived, ours.state.restricted, ours.state.erased]).toEqual([false, false, false]);
        expect(effect.unit === "tilladKampagne" && through.side !== "crm").toBe(false);
        expect(ours.holds[effect.unit]).toBeUndefined();
        const policies = ours.policies
          .filter(({ unit: on }) => on === effect.unit || on === "*")
          .map(({ policy }) => policy);
        expect(policies).not.toContain("frozen");
        expect(policies).not.toContain("propose");
        if (through.side === "directory") expect(ours.values.maaOpdateresAutomatisk).not.toBe(false);
        if (effect.write.firmanavn !== undefined) expect(effect.write.firmanavn).not.toBeNull();
      }
    }),
    runs,
  );
});

test("R14 nothing is owed that direction, switch, state of record, a hold or a policy for the way out forbids", () => {
  fc.assert(
    fc.property(given, ({ entity: ours, link: known, lane: through, mapping: own }) => {
      const { units, withheld } = owed(ours, known, through, own, NOW);
      for (const each of units) {
        expect(through.outbound && own.unitByName.get(each)?.direction !== "in").toBe(true);
        expect(Object.values(ours.state).some((state) => state === true)).toBe(false);
        expect(ours.holds[each]).toBeUndefined();
        const shut = ours.policies
          .filter(({ unit: on, pin }) => (on === each || on === "*") && pin !== true)
          .map(({ policy }) => policy);
        expect(shut).not.toContain("frozen");
        expect(shut).not.toContain("propose");
        expect(withheld[each]).toBeUndefined();
      }
    }),
    runs,
  );
});

test("R11 a value that changes gets the record's next version, and no unit is ever newer than its record", () => {
  fc.assert(
    fc.property(given, (from) => {
      const { entity: after, changed } = carryOut(from, decide(from).effects);
      expect(after.version).toBe(Object.keys(changed).length > 0 ? from.entity.version + 1 : from.entity.version);
      for (const [at] of Object.values(after.provenance.u)) expect(at).toBeLessThanOrEqual(after.version);
    }),
    runs,
  );
});

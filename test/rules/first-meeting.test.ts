import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import { owed } from "../../src/rules/owed.ts";
import { noState, type Setter } from "../../src/rules/record.ts";
import type { DecideInput } from "../../src/rules/unit-case.ts";
import {
  byCrm,
  byDerivation,
  byDirectory,
  byLedger,
  byPerson,
  crmLane,
  effectOn,
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

const street = unit("adresse", { keys: ["adresse1", "postnr", "bynavn"] });

/** First reading of a remote that shows `theirs`, for a record that holds `ours`, set by `setter`. */
function first(name: string, ours: Values, theirs: Values, setter?: Setter, more: Partial<DecideInput> = {}) {
  const record = entity({ values: ours, provenance: provenance(setter === undefined ? {} : { [name]: [3, setter] }) });
  const own = link({ decidedVersion: 0 });
  const given = input({
    entity: record,
    link: own,
    mapping: mapping([name === "adresse" ? street : name]),
    reading: reading(theirs),
    ...more,
  });
  const { effects } = decide(given);
  const after = applyToEntity(given.entity, effects, byLedger).entity;
  const linked = applyToLink(own, effects, after);
  return {
    effect: effects[0],
    values: after.values,
    owes: owed(after, linked, given.lane, given.mapping, NOW),
    link: linked,
    after,
  };
}

test("R26 what nobody has set here is filled, recorded with its rule, and nothing is owed", () => {
  const { effect, values, owes, after } = first("attention", {}, { attention: "Bo" });
  expect(effect).toMatchObject({ did: "took", rule: "R26:filled" });
  expect(values.attention).toBe("Bo");
  expect(after.provenance.u.attention?.[2]).toBe("R26:filled");
  expect(owes.units).toEqual([]);
});

test("R26 an emptiness that somebody set is a value: it is not filled", () => {
  const { effect } = first("attention", { attention: null }, { attention: "Bo" }, byPerson, {
    lane: lane({ firstMeeting: "ask" }),
  });
  expect(effect).toMatchObject({ did: "held", rule: "R26:ask" });
});

test("R8 R26 their emptiness is no opinion: nothing is cleared here, and what we have is owed", () => {
  const { effect, values, owes } = first("attention", { attention: "Ida" }, { attention: null }, byPerson);
  expect(effect).toMatchObject({ did: "noted", rule: "R26:no_opinion" });
  expect(values.attention).toBe("Ida");
  expect(owes.units).toEqual(["attention"]);
});

test("R26 values equal in the loose key agree, ours is kept, and the pair stands as a rendering", () => {
  const {
    effect,
    values,
    owes,
    link: linked,
  } = first("attention", { attention: "Ida Holm" }, { attention: "IDA HOLM." }, byPerson);
  expect(effect).toMatchObject({ did: "rendered", rule: "R26:loosely_equal" });
  expect(values.attention).toBe("Ida Holm");
  expect(linked.renderings.attention).toEqual([{ sent: { attention: "Ida Holm" }, got: { attention: "IDA HOLM." } }]);
  expect(owes.units).toEqual([]);
});

test.each<[string, "remote" | "crm" | "ask", Setter, Parameters<typeof lane>[0], boolean, string]>([
  ["remote takes theirs against a value of the CRM", "remote", byPerson, {}, false, "took R26:remote"],
  ["remote does not take it where another live link shows ours", "remote", byPerson, {}, true, "held R26:manual"],
  ["remote leaves a value of another ledger to survivorship", "remote", byLedger, {}, false, "held R26:manual"],
  ["crm keeps the CRM's value against a ledger", "crm", byCrm, {}, false, "lost R26:crm"],
  [
    "crm takes the CRM's value against a ledger's",
    "crm",
    byLedger,
    { side: "crm", connection: "crm" },
    false,
    "took R26:crm",
  ],
  [
    "crm leaves two values of the CRM to survivorship",
    "crm",
    byPerson,
    { side: "crm", connection: "crm" },
    false,
    "held R26:manual",
  ],
  ["crm leaves two values of nobody's to survivorship", "crm", byDirectory, {}, false, "held R26:manual"],
  ["ask asks", "ask", byPerson, {}, false, "held R26:ask"],
])("R26 values differ: %s", (_, firstMeeting, ours, own, otherAgrees, outcome) => {
  const { effect } = first("attention", { attention: "Ida" }, { attention: "Bo" }, ours, {
    lane: lane({ firstMeeting, ...own }),
    world: world({ rule: "manual" }, { otherAgrees: () => otherAgrees }),
  });
  expect(`${effect?.did} ${effect?.rule}`).toBe(outcome);
});

test("R26 pins hold, the flag at false makes a clash with a ledger, and an archived record takes nothing", () => {
  const meet = (more: Parameters<typeof entity>[0]) => {
    const record = entity({
      values: { attention: "Ida" },
      provenance: provenance({ attention: [3, byPerson] }),
      ...more,
    });
    return first("attention", {}, { attention: "Bo" }, byPerson, { entity: record }).effect;
  };
  const pin = { unit: "attention", policy: "frozen", pin: true, reason: "test", by: "ada" } as const;
  expect(meet({ policies: [pin] })).toMatchObject({ did: "lost", rule: "R15:pinned" });
  expect(meet({ values: { attention: "Ida", maaOpdateresAutomatisk: false } })).toMatchObject({
    did: "held",
    rule: "R15:flag",
  });
  expect(meet({ state: { ...noState, archived: true } })).toMatchObject({ did: "forbidden", rule: "R14:archived" });
});

test("R4 a derived value ranks below every claim: at a first meeting, in a clash, and it is never pushed over theirs", () => {
  const name = { soegenavn: "ADA APS" };
  const met = first("soegenavn", name, { soegenavn: "ADA" }, byDerivation, { lane: lane({ firstMeeting: "ask" }) });
  expect(met.effect).toMatchObject({ did: "took", write: { soegenavn: "ADA" } });
  const record = entity({ version: 9, values: name, provenance: provenance({ soegenavn: [9, byDerivation] }) });
  const own = link({ base: { soegenavn: "OLD" } });
  const clash = decide(
    input({
      entity: record,
      link: own,
      lane: crmLane(),
      mapping: mapping(["soegenavn"]),
      reading: reading({ soegenavn: "ADA" }),
    }),
  );
  expect(effectOn(clash.effects, "soegenavn")).toMatchObject({ did: "took", rule: "R12:derived" });
  expect(owed(record, own, lane(), mapping(["soegenavn"]), NOW)).toMatchObject({
    units: [],
    left: { soegenavn: "unset" },
  });
  expect(owed(record, link({ base: { soegenavn: null } }), lane(), mapping(["soegenavn"]), NOW).units).toEqual([
    "soegenavn",
  ]);
});

test("R2 an empty part of a group is filled when the filled parts agree, on either side", () => {
  const ours = { adresse1: "Nygade 1", postnr: "8000", bynavn: null };
  const theirs = first("adresse", ours, { adresse1: "Nygade 1", postnr: "8000", bynavn: "Aarhus C" }, byPerson);
  expect(theirs.effect).toMatchObject({ did: "took", rule: "R26:filled", write: { bynavn: "Aarhus C" } });
  const mine = first("adresse", { ...ours, bynavn: "Aarhus C" }, ours, byPerson, {
    lane: lane({ firstMeeting: "ask" }),
  });
  expect(mine.effect).toMatchObject({ did: "noted", rule: "R26:no_opinion" });
  expect(mine.owes.units).toEqual(["adresse"]);
  const both = first(
    "adresse",
    { ...ours, postnr: "8000", bynavn: null },
    { adresse1: "Nygade 1", postnr: null, bynavn: "Aarhus C" },
    byPerson,
  );
  expect(both.values).toMatchObject({ adresse1: "Nygade 1", postnr: "8000", bynavn: "Aarhus C" });
  expect(both.owes.units).toEqual(["adresse"]);
});

test("R2 where the filled parts differ the group is one value: a foreign town is not mixed into our street", () => {
  const { effect, values } = first(
    "adresse",
    { adresse1: "Nygade 1", postnr: "8000", bynavn: null },
    { adresse1: "Vestergade 2", postnr: "5000", bynavn: "Odense C" },
    byPerson,
    { lane: lane({ firstMeeting: "ask" }) },
  );
  expect(effect).toMatchObject({ did: "held", review: { theirs: { adresse1: "Vestergade 2", bynavn: "Odense C" } } });
  expect(values.bynavn).toBeNull();
});

test("R2 an edit of one part decides the whole group, and ours never mixes with it", () => {
  const ours = { adresse1: "Nygade 1", postnr: "8000", bynavn: "Aarhus C" };
  const { effects } = decide(
    input({
      entity: entity({ version: 4, values: ours, provenance: provenance({ adresse: [4, byPerson] }) }),
      link: link({ base: { adresse1: "Algade 9", postnr: "4000", bynavn: "Roskilde" } }),
      mapping: mapping([street]),
      world: world({ rule: "owner", owner: "ledger" }),
      reading: reading({ adresse1: "Algade 11", postnr: "4000", bynavn: "Roskilde" }),
    }),
  );
  expect(effectOn(effects, "adresse").write).toEqual({ adresse1: "Algade 11", postnr: "4000", bynavn: "Roskilde" });
});

test("R2 a registration number equal to any of ours is no change, and another one is decided for the group, by default by a person", () => {
  const ours = { cvrNr: "10150817", seNr: "25313763", euVatNr: null };
  const look = (shown: string) =>
    decide(
      input({
        entity: entity({ version: 4, values: ours, provenance: provenance({ registration: [4, byPerson] }) }),
        link: link({ base: { registration: "99999999" } }),
        mapping: mapping(["registration"]),
        reading: reading({ registration: shown }),
      }),
    ).effects[0];
  expect(look("10150817")).toMatchObject({ did: "agreed" });
  expect(look("DK 25 31 37 63")).toMatchObject({ did: "agreed" });
  expect(look("61126228")).toMatchObject({ did: "held", rule: "R12:manual", review: { ours } });
});

const filled = {
  attention: "Ida",
  soegenavn: "ADA",
  hjemmeside: "ada.dk",
  bemaerk1: "x",
  bemaerk2: "y",
  bemaerk3: "z",
  status: "A",
  pakkeinfo: "p",
  overordnetTekst: "o",
};
const names = Object.keys(filled);

/** A whole reading in which these fields turned empty. */
function emptied(
  cleared: readonly string[],
  more: Parameters<typeof reading>[1] = {},
  lines: Parameters<typeof mapping>[0] = names,
) {
  const set = provenance(Object.fromEntries(names.map((name) => [name, [3, byLedger] as const])));
  return decide(
    input({
      entity: entity({ values: filled, provenance: set }),
      link: link({ base: filled }),
      mapping: mapping(lines),
      reading: reading({ ...filled, ...Object.fromEntries(cleared.map((name) => [name, null])) }, more),
      world: world({ rule: "manual" }),
    }),
  );
}

test("R8 an emptied field is a clear when the object was read whole, and else says nothing", () => {
  expect(effectOn(emptied(["attention"]).effects, "attention")).toMatchObject({
    did: "took",
    write: { attention: null },
  });
  expect(emptied(["attention"], { whole: false }).effects).toEqual([]);
  const lines = names.map((name) => unit(name, { emptyMeansUnknown: name === "attention" }));
  expect(emptied(["attention"], {}, lines).effects).toEqual([]);
});

test("R8 more than three emptied fields, or half of the filled ones, are read once more and then held", () => {
  const four = names.slice(0, 4);
  expect(emptied(names.slice(0, 3)).readAgain).toBeUndefined();
  expect(emptied(four)).toEqual({ effects: [], readAgain: "many_clears" });
  expect(emptied(["attention"], {}, ["attention", "soegenavn"]).readAgain).toBe("many_clears");
  const confirmed = emptied(four, { confirmed: true });
  expect(confirmed.effects.map(({ did, rule }) => `${did} ${rule}`)).toEqual(four.map(() => "held R8:many_clears"));
});

test("R8 clears that wait for a person already do not make every later reading suspicious", () => {
  const four = names.slice(0, 4);
  const empty = Object.fromEntries(four.map((name) => [name, null]));
  const { effects, readAgain } = decide(
    input({
      entity: entity({ values: filled, holds: Object.fromEntries(four.map((name) => [name, 1])) }),
      link: link({ base: filled, seen: empty }),
      mapping: mapping(names),
      world: world({ rule: "manual" }),
      reading: reading({ ...filled, ...empty, status: "B" }),
    }),
  );
  expect(readAgain).toBeUndefined();
  expect(effects.map(({ unit: name, did }) => `${name} ${did}`)).toEqual(["status took"]);
});

test("R8 many clears of an archived record open no case", () => {
  const four = names.slice(0, 4);
  const { effects } = decide(
    input({
      entity: entity({ values: filled, state: { ...noState, archived: true } }),
      link: link({ base: filled }),
      mapping: mapping(names),
      reading: reading({ ...filled, ...Object.fromEntries(four.map((name) => [name, null])) }, { confirmed: true }),
    }),
  );
  expect(effects.map(({ did, review }) => [did, review])).toEqual(four.map(() => ["forbidden", undefined]));
});

test("R8 a record is never left without its name: the emptied name is recorded as lost and ours is owed", () => {
  const record = entity({ values: { firmanavn: "Ada ApS" }, provenance: provenance({ firmanavn: [3, byLedger] }) });
  const own = link({ base: { firmanavn: "Ada ApS", attention: "Ida", soegenavn: "ADA" } });
  const lines = mapping(["firmanavn", "attention", "soegenavn"]);
  const { effects } = decide(
    input({
      entity: record,
      link: own,
      mapping: lines,
      reading: reading({ firmanavn: null, attention: "Ida", soegenavn: "ADA" }),
    }),
  );
  expect(effectOn(effects, "firmanavn")).toMatchObject({ did: "lost", rule: "R8:required" });
  expect(owed(record, applyToLink(own, effects, record), lane(), mapping(["firmanavn"]), NOW).units).toEqual([
    "firmanavn",
  ]);
});

test("R14 a record made from a reading passes the gate like any other: a frozen field stays out, its name does not", () => {
  const { effects } = decide(
    input({
      entity: entity({ version: 0 }),
      fresh: true,
      lane: lane({ updatePolicy: { attention: "frozen", soegenavn: "propose", firmanavn: "frozen" } }),
      mapping: mapping(["firmanavn", "attention", "soegenavn", "tilladKampagne", "hjemmeside"]),
      reading: reading({
        firmanavn: "Ada",
        attention: "Ida",
        soegenavn: "ADA",
        tilladKampagne: true,
        hjemmeside: "ada.dk",
      }),
    }),
  );
  expect(effects.map(({ unit: name, did, rule }) => `${name} ${did} ${rule}`)).toEqual([
    "firmanavn took R7:created",
    "attention lost R15:frozen",
    "soegenavn proposed R15:propose",
    "tilladKampagne lost R1:control_field",
    "hjemmeside took R7:created",
  ]);
});

test("R11 a claim that is lost on a field that nobody set does not make our emptiness owed", () => {
  const { effects } = decide(
    input({
      mapping: mapping(["tilladKampagne"]),
      link: link({ base: { tilladKampagne: null } }),
      reading: reading({ tilladKampagne: true }),
    }),
  );
  const after = applyToEntity(entity(), effects, byLedger).entity;
  expect(after.provenance.u.tilladKampagne?.[3]).toHaveLength(1);
  const own = applyToLink(link(), effects, after);
  expect(owed(after, own, lane(), mapping(["tilladKampagne"]), NOW).units).toEqual([]);
  const met = first("tilladKampagne", {}, { tilladKampagne: true }, undefined, { entity: after, lane: crmLane() });
  expect(met.effect).toMatchObject({ did: "took", rule: "R26:filled" });
});

import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import { settle } from "../../src/rules/answer.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import { gateOut } from "../../src/rules/gate.ts";
import { lastShown, owed } from "../../src/rules/owed.ts";
import { livingImages } from "../../src/rules/own-write.ts";
import type { Link, Policy } from "../../src/rules/record.ts";
import { noState } from "../../src/rules/record.ts";
import {
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

const lines = mapping(["attention"]);
const record = (value: string, version = 4) =>
  entity({ version, values: { attention: value }, provenance: provenance({ attention: [version, byPerson] }) });
const image = (value: string, version: number, more: Partial<Link["images"][number]> = {}) => ({
  attempt: version,
  values: { attention: value },
  versions: { attention: version },
  ...more,
});
const read = (own: Link, shown: string, ours = record("Ida")) =>
  decide(
    input({
      entity: ours,
      link: own,
      mapping: lines,
      reading: reading({ attention: shown }),
      world: world({ rule: "manual" }),
    }),
  );

/** Settles one write of `sent` after which the remote shows `got`. */
function answer(
  sent: string,
  got: string,
  more: { own?: Link; before?: string; how?: "answer" | "read"; line?: ReturnType<typeof unit> } = {},
) {
  const own = more.own ?? link({ base: { attention: "Base" } });
  const settled = settle(
    "kundeemne",
    own,
    mapping([more.line ?? unit("attention")]),
    { values: { attention: sent }, versions: { attention: 4 } },
    { attention: more.before ?? "Base" },
    { attention: got },
    more.how ?? "answer",
  );
  return { ...settled, after: applyToLink(own, settled.effects, record(sent)) };
}

test("R13 our own write coming back changes nothing, and a later edit to the same value is an edit", () => {
  const sent = link({ base: { attention: "Base" }, images: [image("Ida", 4)] });
  const { effects } = read(sent, "Ida");
  expect(effects).toEqual([
    { unit: "attention", did: "own", rule: "R13:own_write", base: { attention: "Ida" }, decided: 4 },
  ]);
  expect(applyToEntity(record("Ida"), effects, byLedger).changed).toEqual({});

  const settled = answer("Ida", "Ida", { own: sent });
  expect(settled.effects).toMatchObject([{ did: "own", rule: "R17:equal", decided: 4 }]);
  const later = { ...settled.after, images: [] };
  const ours = record("Ursula", 5);
  const moved = applyToLink(later, read(later, "Bo", ours).effects, ours);
  expect(read({ ...moved, base: { attention: "Bo" }, seen: {} }, "Ida", ours).effects[0]?.did).toBe("held");
});

test("R13 our own write is looked for before holds and the table, also when we have moved on", () => {
  const sent = link({ base: { attention: "Base" }, images: [image("Ida", 4), image("Ib", 5)] });
  const held = { ...record("Ulla", 6), holds: { attention: 1 } };
  expect(read(sent, "Ida", held).effects).toMatchObject([{ did: "own", decided: 4 }]);
  expect(read(sent, "Ib", held).effects).toMatchObject([{ did: "own", decided: 5 }]);
  expect(read(sent, "Bo", held).effects).toMatchObject([{ did: "held", rule: "R16:further_side" }]);
});

test("R13 the image of an uncertain attempt outlives the settle until the longest delay has passed, and is told as late", () => {
  const images = [image("Ida", 4, { until: NOW + 5 })];
  const settled = link({ base: { attention: "Ib" }, images });
  expect(read(settled, "Ida", record("Ib", 5)).effects).toMatchObject([
    { did: "own", rule: "R13:late_own_write", decided: 4 },
  ]);
  const judged = [image("Ida", 4, { until: NOW + 5, settled: true })];
  expect(livingImages(judged, NOW + 4)).toBe(judged);
  expect(livingImages(judged, NOW + 5)).toEqual([]);
});

test("R13 the image of an attempt that no reading has judged yet is recognised, however long nobody could read", () => {
  const images = [image("Ida", 4, { until: NOW - 60_000 })];
  expect(livingImages(images, NOW)).toBe(images);
  const unjudged = link({ base: { attention: "Ib" }, images: livingImages(images, NOW) });
  expect(read(unjudged, "Ida", record("Anna", 5)).effects).toMatchObject([{ did: "own", decided: 4 }]);
});

test("R13 a write that named part of a group is not our write coming back when somebody edited another part", () => {
  const street = mapping([unit("adresse", { keys: ["adresse1", "bynavn"] })]);
  const ours = entity({
    version: 4,
    values: { adresse1: "Nygade 2", bynavn: "Aarhus" },
    provenance: provenance({ adresse: [4, byPerson] }),
  });
  const own = link({
    base: { adresse1: "Nygade 1", bynavn: "Aarhus" },
    images: [{ attempt: 1, values: { adresse1: "Nygade 2" }, versions: { adresse: 4 } }],
  });
  const look = (bynavn: string) =>
    decide(
      input({
        entity: ours,
        link: own,
        mapping: street,
        world: world({ rule: "manual" }),
        reading: reading({ adresse1: "Nygade 2", bynavn }),
      }),
    ).effects[0]?.did;
  expect(look("Aarhus")).toBe("own");
  expect(look("Odense")).toBe("held");
  const answered = (bynavn: string) =>
    settle(
      "kundeemne",
      own,
      street,
      { values: { adresse1: "Nygade 2" }, versions: { adresse: 4 } },
      own.base,
      { adresse1: "Nygade 2", bynavn },
      "answer",
    );
  expect(answered("Aarhus")).toMatchObject({ effects: [{ did: "own" }], rest: {} });
  expect(answered("Odense")).toMatchObject({ effects: [], rest: { adresse1: "Nygade 2", bynavn: "Odense" } });
});

test("R17 an answer equal to what was sent settles it, and nothing is owed any more", () => {
  const { effects, rest, ignored, after } = answer("Ida", "Ida");
  expect([effects.map(({ did }) => did), rest, ignored]).toEqual([["own"], {}, []]);
  expect(owed(record("Ida"), after, lane(), lines, NOW)).toEqual({ units: [], withheld: {}, left: {} });
});

test("R17 what the remote makes of our value is a rendering: it agrees while both stand, and is never taken", () => {
  const { effects, after } = answer("Ida Holm", "IDA H");
  expect(effects).toMatchObject([{ did: "rendered", base: { attention: "IDA H" }, decided: 4 }]);
  const ours = record("Ida Holm");
  expect(owed(ours, after, lane(), lines, NOW).units).toEqual([]);
  expect(read(after, "IDA H", ours).effects).toEqual([]);
  expect(read(after, " IDA H ", ours).effects).toEqual([]);
  expect(owed(ours, { ...after, base: { attention: " IDA H " } }, lane(), lines, NOW).units).toEqual([]);
  // Either of the two moves: it is a value like any other.
  expect(owed(record("Ida Holm-Bo", 5), after, lane(), lines, NOW).units).toEqual(["attention"]);
  expect(read(after, "IDA HO", ours).effects[0]).toMatchObject({ did: "took" });
});

test("R2 R17 a rendering of one part of a group says nothing of another part: that is owed, and taken when it is typed there", () => {
  const group = mapping([unit("adresse", { keys: ["adresse1", "bynavn"] })]);
  const values = { adresse1: "Havnegade 1", bynavn: "Odense C" };
  const ours = entity({ version: 5, values, provenance: provenance({ adresse: [5, byPerson] }) });
  // Made when there was no town yet: only the street was sent.
  const renderings = { adresse: [{ sent: { adresse1: "Havnegade 1" }, got: { adresse1: "HAVNEGADE 1" } }] };
  const shows = (bynavn: string | null) =>
    link({ base: { adresse1: "HAVNEGADE 1", bynavn }, renderings, decidedVersion: 4 });
  expect(owed(ours, shows(null), lane(), group, NOW).units).toEqual(["adresse"]);
  expect(owed(ours, shows("Odense C"), lane(), group, NOW).units).toEqual([]);
  const town = { adresse: [...renderings.adresse, { sent: { bynavn: "Odense C" }, got: { bynavn: "ODENSE C" } }] };
  expect(owed(ours, { ...shows("ODENSE C"), renderings: town }, lane(), group, NOW).units).toEqual([]);
  expect(owed(ours, { ...shows("ODENSE"), renderings: town }, lane(), group, NOW).units).toEqual(["adresse"]);
});

test("R17 a person there who types what the remote had made of our value has said nothing new", () => {
  const own = link({
    base: { attention: "Bo" },
    renderings: { attention: [{ sent: { attention: "Ida Holm" }, got: { attention: "IDA H" } }] },
  });
  expect(read(own, "IDA H", record("Ida Holm")).effects).toMatchObject([
    { did: "rendered", base: { attention: "IDA H" }, decided: "after" },
  ]);
  expect(read(own, "IDA H", record("Eva Friis")).effects).toMatchObject([{ did: "held", rule: "R12:manual" }]);
});

test("R17 a write that the remote ignored is one review item, is left alone, and is owed again when our value changes", () => {
  const { ignored, effects, after } = answer("Ida", "Base");
  expect(ignored).toEqual(["attention"]);
  expect(effects).toMatchObject([{ did: "noted", rule: "R17:ignored" }]);
  expect(owed(record("Ida"), after, lane(), lines, NOW)).toEqual({
    units: [],
    withheld: {},
    left: { attention: "ignored" },
  });
  expect(owed(record("Ib", 5), after, lane(), lines, NOW).units).toEqual(["attention"]);
  // The next value arrived; the one that was ignored is tried again when it comes back.
  const arrived = applyToLink(after, answer("Ib", "Ib", { own: after }).effects, record("Ib", 5));
  expect(owed(record("Ida", 6), arrived, lane(), lines, NOW).units).toEqual(["attention"]);
});

test("R17 on a field where this link has rendered before, a loosely equal value that stood there already is a rendering", () => {
  const own = link({
    base: { attention: "IDA" },
    renderings: { attention: [{ sent: { attention: "Ib" }, got: { attention: "IB" } }] },
  });
  expect(answer("Ida", "IDA", { own, before: "IDA" })).toMatchObject({ ignored: [], effects: [{ did: "rendered" }] });
  expect(answer("Ida", "IDA", { before: "IDA" })).toMatchObject({ ignored: ["attention"] });
  const onlyIgnored = {
    ...own,
    renderings: { attention: [{ sent: { attention: "Ib" }, got: { attention: "IB" }, ignored: true as const }] },
  };
  expect(answer("Ida", "IDA", { own: onlyIgnored, before: "IDA" })).toMatchObject({ ignored: ["attention"] });
});

test("R17 R20 after an uncertain attempt only a loosely equal value is a rendering; any other difference is judged as a claim", () => {
  expect(answer("Ida", "IDA", { how: "read" })).toMatchObject({ effects: [{ did: "rendered" }], rest: {} });
  expect(answer("Ida", "Bo", { how: "read" })).toMatchObject({ effects: [], rest: { attention: "Bo" }, ignored: [] });
  expect(answer("Ida", "Base", { how: "read" })).toMatchObject({
    effects: [],
    rest: { attention: "Base" },
    ignored: [],
  });
});

test("R13 R17 what a remote makes of a write whose outcome nobody knew is a rendering, also where a listing shows it first", () => {
  const own = link({ base: { attention: "Base" }, images: [image("Ida Holm", 4, { until: NOW + 1 })] });
  const ours = record("Ida Holm");
  const { effects } = read(own, "IDA HOLM", ours);
  expect(effects).toMatchObject([
    { did: "rendered", rule: "R17:rendering", base: { attention: "IDA HOLM" }, decided: 4 },
  ]);
  const after = applyToLink(own, effects, ours);
  expect(after.renderings.attention).toEqual([{ sent: { attention: "Ida Holm" }, got: { attention: "IDA HOLM" } }]);
  expect(owed(ours, after, lane(), lines, NOW).units).toEqual([]);
  // Not what was sent, or in no doubt: a value like any other.
  expect(read(own, "EVA FRIIS", ours).effects).toMatchObject([{ did: "held", rule: "R12:manual" }]);
  const sure = { ...own, images: [image("Ida Holm", 4)] };
  expect(read(sure, "IDA HOLM", ours).effects).toMatchObject([{ did: "held", rule: "R12:manual" }]);
  // What stood there before says that nothing has arrived.
  const same = link({ base: { attention: "IDA HOLM" }, images: [image("Ida Holm", 4, { until: NOW + 1 })] });
  expect(read(same, "IDA HOLM", ours).effects).toEqual([]);
});

test("R17 a field that the remote assigns is never rendered: what it answers is a claim", () => {
  expect(answer("Ida", "K-1001", { line: unit("attention", { assignedByRemote: true }) })).toMatchObject({
    effects: [],
    rest: { attention: "K-1001" },
  });
});

test("R17 three different renderings of one sent value are held for a person", () => {
  let own = link({ base: { attention: "Base" } });
  const dids = ["IDA 1", "IDA 2", "IDA 3"].map((got) => {
    const { effects, after } = answer("Ida", got, { own, before: lastShown(own).attention as string });
    own = after;
    return effects[0]?.did;
  });
  expect(dids).toEqual(["rendered", "rendered", "held"]);
  expect(own.seen).toEqual({ attention: "IDA 3" });
});

test("R11 R17 a settle moves to the version that was sent, and what changed meanwhile is still owed", () => {
  const { after } = answer("Ida", "Ida");
  const since = record("Ib", 5);
  expect(
    applyToLink(link({ base: { attention: "Base" } }), answer("Ida", "Ida").effects, since).decided.attention,
  ).toBe(4);
  expect(owed(since, after, lane(), lines, NOW).units).toEqual(["attention"]);
});

test("R14 the gate is asked again at sending; what it forbids is withheld with its reason and comes back when the reason goes", () => {
  const own = link({ base: { attention: "Base" } });
  const reasons = (["archived", "restricted", "erased", "orphaned"] as const).map((state) => {
    const shut = { ...record("Ida"), state: { ...noState, [state]: true } };
    return [state, owed(shut, own, lane(), lines, NOW).withheld.attention];
  });
  expect(reasons).toEqual(reasons.map(([state]) => [state, state]));
  expect(owed(record("Ida"), own, lane({ outbound: false }), lines, NOW).withheld).toEqual({
    attention: "switched_off",
  });
  expect(owed(record("Ida"), own, lane(), lines, NOW).units).toEqual(["attention"]);
});

test("R15 a policy for the way out is obeyed: frozen and propose keep it here, if_empty only fills, a pin lets it go", () => {
  const policies = (policy: Policy, pin?: true) => ({
    ...record("Ida"),
    policies: [{ unit: "attention", policy, reason: "test", by: "ada", ...(pin ? { pin } : {}) }],
  });
  const out = (policy: Policy, pin?: true, empty = false) => {
    const verdict = gateOut(policies(policy, pin), "attention", lane(), empty, NOW);
    return verdict.allowed ? "open" : verdict.reason;
  };
  expect([out("auto"), out("frozen"), out("propose"), out("if_empty"), out("if_empty", undefined, true)]).toEqual([
    "open",
    "frozen",
    "propose",
    "not_empty",
    "open",
  ]);
  expect(out("frozen", true)).toBe("open");
  const both = {
    ...policies("frozen", true),
    policies: [...policies("frozen", true).policies, ...policies("frozen").policies],
  };
  expect(gateOut(both, "attention", lane(), false, NOW)).toEqual({ allowed: false, reason: "frozen" });
});

test("R16 a held field is sent nowhere, a proposal only not to its own connection", () => {
  const own = link({ base: { attention: "Base" } });
  const elsewhere = { ...own, connection: "crm" };
  const held = { ...record("Ida"), holds: { attention: 1 } };
  const proposed = { ...record("Ida"), holds: { "attention@erp": 1 } };
  expect(owed(held, own, lane(), lines, NOW).withheld).toEqual({ attention: "held" });
  expect(owed(held, elsewhere, crmLane(), lines, NOW).withheld).toEqual({ attention: "held" });
  expect(owed(proposed, own, lane(), lines, NOW).withheld).toEqual({ attention: "proposed" });
  expect(owed(proposed, elsewhere, crmLane(), lines, NOW).units).toEqual(["attention"]);
});

test("R16 every link's newest claim joins the case, judged against its last claim, and sides that agree close it", () => {
  const held = { ...record("Ida"), holds: { attention: 1 } };
  let own = link({ base: { attention: "Base" }, seen: { attention: "Bo" } });
  const claim = (shown: string) => {
    const { effects } = read(own, shown, held);
    own = applyToLink(own, effects, held);
    return effects.map(({ did, review }) => `${did} ${review?.join} ${review?.close ?? false}`);
  };
  expect(claim("Bo")).toEqual([]);
  expect(claim("Bodil")).toEqual(["held 1 false"]);
  expect(claim("Base")).toEqual(["held 1 false"]);
  expect(claim("Ida")).toEqual(["agreed 1 true"]);
  // The case is closed: going back to what was there before it is an edit again.
  expect(own).toMatchObject({ base: { attention: "Ida" }, seen: {} });
  expect(read(own, "Base", record("Ida")).effects).toMatchObject([{ did: "took", write: { attention: "Base" } }]);
});

test("R15 a proposal is replaced by a newer one of its source, and not repeated after a refusal of the same value", () => {
  const careful = lane({ updatePolicy: { attention: "propose" } });
  let own = link({ base: { attention: "Base" } });
  let ours = record("Ida");
  const look = (shown: string) => {
    const { effects } = decide(
      input({ entity: ours, link: own, lane: careful, mapping: lines, reading: reading({ attention: shown }) }),
    );
    own = applyToLink(own, effects, ours);
    return effects.map(({ did, review }) => `${did} ${review?.kind} ${review?.join ?? "new"}`);
  };
  expect(look("Bo")).toEqual(["proposed proposal new"]);
  ours = { ...ours, holds: { "attention@erp": 8 } };
  expect(look("Bo")).toEqual([]);
  expect(look("Bodil")).toEqual(["held proposal 8"]);
  // A person refuses: base is what was last shown (rule R16).
  ours = { ...ours, holds: {} };
  own = { ...own, base: lastShown(own), seen: {} };
  expect(look("Bodil")).toEqual([]);
  expect(look("Bo")).toEqual(["proposed proposal new"]);
});

const oneWay = mapping([unit("attention", { direction: "out" })]);
const showing = (own: Link, shown: string, ours = record("Ida"), more = {}) =>
  decide(input({ entity: ours, link: own, mapping: oneWay, reading: reading({ attention: shown }), ...more })).effects;

test("R22 an edit of a one-way field is left and shown as such until our value changes; what that write replaces is recorded", () => {
  const own = link({ base: { attention: "Ida" }, decidedVersion: 4 });
  const effects = showing(own, "Bo");
  expect(effects).toMatchObject([
    { did: "noted", rule: "R22:one_way", base: { attention: "Bo" }, loser: { value: { attention: "Bo" } } },
  ]);
  const after = applyToLink(own, effects, record("Ida"));
  expect(owed(record("Ida"), after, lane(), oneWay, NOW)).toEqual({
    units: [],
    withheld: {},
    left: { attention: "one_way" },
  });
  expect(owed(record("Ib", 5), after, lane(), oneWay, NOW).units).toEqual(["attention"]);
  expect(owed(record("Ida"), after, lane({ onRemoteEdit: "restore" }), oneWay, NOW).units).toEqual(["attention"]);
  expect(applyToEntity(record("Ida"), effects, byLedger).entity.provenance.u.attention?.[3]).toHaveLength(1);
  expect(showing(after, "Bo", applyToEntity(record("Ida"), effects, byLedger).entity)).toEqual([]);
});

test("R22 what a one-way target shows on the day its record is made is recorded before a write of ours replaces it", () => {
  const unmade = entity({ version: 0, values: {}, provenance: provenance({}) });
  const effects = showing(link(), "Bo", unmade, { fresh: true });
  expect(effects).toMatchObject([
    { did: "noted", rule: "R22:one_way", base: { attention: "Bo" }, loser: { value: { attention: "Bo" } } },
  ]);
  const made = applyToEntity(unmade, effects, byLedger).entity;
  expect(made.provenance.u.attention?.[3]).toMatchObject([{ rule: "R22:one_way", value: { attention: "Bo" } }]);
});

test("R22 an edit of a one-way field does not swallow a change of ours that is still owed", () => {
  const own = link({ base: { attention: "Old" }, decidedVersion: 3 });
  const after = applyToLink(own, showing(own, "Bo"), record("Ida", 4));
  expect(owed(record("Ida", 4), after, lane(), oneWay, NOW).units).toEqual(["attention"]);
});

test("R22 R27 a direction that is switched off keeps base: an edit made meanwhile is judged when it is switched on", () => {
  for (const shut of [lane({ inbound: false }), lane({ inbound: false, outbound: false, off: true })]) {
    const own = link({ base: { attention: "Ida" }, decidedVersion: 4 });
    const ours = record("Ida");
    const { effects } = decide(
      input({ entity: ours, link: own, mapping: lines, lane: shut, reading: reading({ attention: "Bo" }) }),
    );
    expect(effects).toMatchObject([{ did: "noted", seen: { attention: "Bo" } }]);
    const after = applyToLink(own, effects, ours);
    expect(after.base).toEqual({ attention: "Ida" });
    expect(read(after, "Bo", ours).effects).toMatchObject([{ did: "took", rule: "R12:changed" }]);
  }
});

test("R11 what we owe is a difference from what the remote last showed, whoever changed, and nothing else", () => {
  const shown: Values = { attention: "Ida" };
  expect(owed(record("Ida"), link({ base: shown, decidedVersion: 0 }), lane(), lines, NOW).units).toEqual([]);
  expect(
    owed(record("Ida"), link({ base: { attention: "Bo" }, decidedVersion: 99 }), lane(), lines, NOW).units,
  ).toEqual(["attention"]);
  expect(owed(record("Ida"), link({ base: { attention: "Bo" }, seen: shown }), lane(), lines, NOW).units).toEqual([]);
  const inward = mapping([unit("attention", { direction: "in" })]);
  expect(owed(record("Ida"), link({ base: { attention: "Bo" } }), lane(), inward, NOW).units).toEqual([]);
  const atCreate = mapping([unit("attention", { write: "on_create" })]);
  expect(owed(record("Ida"), link({ base: { attention: "Bo" } }), lane(), atCreate, NOW).units).toEqual([]);
  const ifEmpty = mapping([unit("attention", { write: "if_empty" })]);
  expect(owed(record("Ida"), link({ base: { attention: "Bo" } }), lane(), ifEmpty, NOW).units).toEqual([]);
  expect(owed(record("Ida"), link({ base: { attention: null } }), lane(), ifEmpty, NOW).units).toEqual(["attention"]);
  expect(effectOn(read(link({ base: shown }), "Bo").effects, "attention").did).toBe("held");
});

test("R22 what a remote shows while its lane is off is recorded where a write of ours that has left already may replace it", () => {
  const off = lane({ inbound: false, outbound: false, off: true });
  const shows = (own: Link, shown: string) =>
    decide(
      input({ entity: record("Ida"), link: own, lane: off, mapping: lines, reading: reading({ attention: shown }) }),
    );
  const base = { attention: "Base" };
  const flying = link({ base, images: [image("Ida", 4)] });
  const { effects } = shows(flying, "Typed");
  expect(effects).toMatchObject([
    { did: "noted", rule: "R22:off", seen: { attention: "Typed" }, loser: { value: { attention: "Typed" } } },
  ]);
  const after = applyToEntity(record("Ida"), effects, byPerson).entity;
  expect(after).toMatchObject({ version: 4, values: { attention: "Ida" } });
  expect(shows(link({ base }), "Typed").effects).toMatchObject([{ did: "noted", rule: "R22:off" }]);
  expect(shows(link({ base }), "Typed").effects[0]?.loser).toBeUndefined();
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { countSwings, type Source, type Turn, turnsOf, type Version } from "../../src/rules/ping-pong.ts";

const erp: Source = { connection: "erp", object: "debitor" };
const crm: Source = { connection: "crm", object: "kundeemne" };
const shop: Source = { connection: "shop", object: "debitor" };
type Telling = readonly [by: Source | null, value: string];
const turns = (...tellings: readonly Telling[]): Turn[] =>
  tellings.map(([by, value], at) => ({ at: at + 1, by, value: { telefon: value } }));
const same = (a: Turn["value"], b: Turn["value"]): boolean => a.telefon === b.telefon;
const swings = (...tellings: readonly Telling[]): number => countSwings(turns(...tellings), 0, same);

test("R31 a value that comes back from the system that had set it is a swing", () => {
  expect(swings([erp, "A"], [crm, "B"])).toBe(0);
  expect(swings([erp, "A"], [crm, "B"], [erp, "A"])).toBe(1);
  expect(swings([erp, "A"], [crm, "B"], [erp, "A"], [crm, "B"], [erp, "A"])).toBe(3);
  expect(swings([erp, "A"], [crm, "B"], [shop, "C"], [erp, "A"], [crm, "B"], [shop, "C"])).toBe(3);
});

test("R31 a person between ends what came before", () => {
  expect(swings([erp, "A"], [crm, "B"], [null, "A"], [erp, "B"])).toBe(0);
  expect(swings([erp, "A"], [crm, "B"], [erp, "A"], [null, "C"], [crm, "B"], [erp, "A"], [crm, "B"])).toBe(1);
});

test("R31 edits by one system in a row are no swing, whatever they come back to", () => {
  expect(swings([erp, "A"], [erp, "B"], [erp, "A"], [erp, "B"], [erp, "A"])).toBe(0);
  expect(swings([crm, "B"], [erp, "A"], [erp, "C"], [crm, "B"])).toBe(0);
});

test("R31 values that never repeat are edits, also when two systems take turns", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30 }), (length) => {
      const tellings = Array.from({ length }, (_, at): Telling => [at % 2 === 0 ? erp : crm, `v${at}`]);
      expect(swings(...tellings)).toBe(0);
    }),
  );
});

test("R31 two systems that set each other's value back swing once a turn from the third on", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), (length) => {
      const tellings = Array.from({ length }, (_, at): Telling => (at % 2 === 0 ? [erp, "A"] : [crm, "B"]));
      expect(swings(...tellings)).toBe(length - 2);
    }),
  );
});

test("R31 only the time that is looked at counts, and what stands before a person adds nothing", () => {
  const source = fc.constantFrom<Source | null>(erp, crm, shop, null);
  const tellings = fc.array(fc.tuple(source, fc.constantFrom("A", "B", "C")), { maxLength: 20 });
  fc.assert(
    fc.property(tellings, fc.nat(20), (all, since) => {
      const whole = turns(...all);
      const late = whole.filter((turn) => turn.at > since);
      expect(countSwings(whole, since, same)).toBe(countSwings(late, 0, same));
      const person = all.map(([by]) => by).lastIndexOf(null);
      expect(countSwings(whole, 0, same)).toBe(countSwings(whole.slice(person + 1), 0, same));
      expect(countSwings(whole, 0, same)).toBeLessThanOrEqual(Math.max(0, all.length - 2));
    }),
  );
});

test("R31 the values that a unit had are worked out backwards from history, groups as one value", () => {
  const by = (connection: string, object: string) =>
    ({ kind: "connection", connection, object, from: 0, to: 0 }) as const;
  const newestFirst: Version[] = [
    { at: 5, by: by("crm", "kundeemne"), fields: { adresse1: ["Vej 1", "Vej 2", "R12:changed"] } },
    { at: 4, by: { kind: "person", from: 0, to: 0 }, fields: { firmanavn: ["a", "b"] } },
    { at: 3, by: by("erp", "debitor"), fields: { postnr: ["1000", "2000"], bynavn: ["K", "F", "R4:town"] } },
    { at: 2, by: by("erp", "debitor"), fields: { bynavn: ["X", "K", "R4:town"] } },
    {
      at: 1,
      by: { kind: "api", from: 0, to: 0 },
      fields: { adresse1: [null, "Vej 1"], postnr: [null, "1000"], bynavn: [null, "X"] },
    },
  ];
  const now = { adresse1: "Vej 2", postnr: "2000", bynavn: "F", firmanavn: "b" };
  expect(turnsOf(["adresse1", "postnr", "bynavn"], now, newestFirst)).toEqual([
    { at: 1, by: null, value: { adresse1: "Vej 1", postnr: "1000", bynavn: "X" } },
    { at: 2, by: null, value: { adresse1: "Vej 1", postnr: "1000", bynavn: "K" } },
    { at: 3, by: erp, value: { adresse1: "Vej 1", postnr: "2000", bynavn: "F" } },
    { at: 5, by: crm, value: { adresse1: "Vej 2", postnr: "2000", bynavn: "F" } },
  ]);
});

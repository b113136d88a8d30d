import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kundeemneCatalogue } from "../../src/model/catalogue.ts";
import { type Criterion, comparisons } from "../../src/model/criteria.ts";
import { checkCriterion, criterionSchema } from "../../src/model/criteria-json.ts";
import { readCriterion, readRelativeDay } from "../../src/model/criteria-text.ts";
import { criterionInWords } from "../../src/model/criteria-words.ts";
import { writeCriterion } from "../../src/model/criteria-write.ts";

const read = (text: string): Criterion => {
  const found = readCriterion(kundeemneCatalogue, text);
  if ("fault" in found) throw new Error(`${text}: ${JSON.stringify(found.fault)}`);
  return found.criterion;
};
const fault = (text: string) => {
  const found = readCriterion(kundeemneCatalogue, text);
  return "fault" in found ? found.fault : undefined;
};

const from = (field: string, low: string): Criterion => ({ field, compares: "gte", with: low });
const to = (field: string, high: string): Criterion => ({ field, compares: "lte", with: high });

test.each<[string, Criterion]>([
  ["", { and: [] }],
  ["findesDeb", { field: "findesDeb", is: true }],
  ["not findesDeb", { not: { field: "findesDeb", is: true } }],
  [
    "ikke findesDeb og findesKred",
    { and: [{ not: { field: "findesDeb", is: true } }, { field: "findesKred", is: true }] },
  ],
  ["postnr = 8000", { field: "postnr", is: "8000" }],
  ["postnr != 8000", { not: { field: "postnr", is: "8000" } }],
  ["postnr in 8000..8299", { and: [from("postnr", "8000"), to("postnr", "8299")] }],
  [
    "postnr in (8000..8299, 9000)",
    { or: [{ and: [from("postnr", "8000"), to("postnr", "8299")] }, { field: "postnr", is: "9000" }] },
  ],
  ['branche.kode ~ "43"', { field: "branche.kode", startsWith: "43" }],
  ["maalgrupper = webshop", { field: "maalgrupper", is: "webshop" }],
  ["vaerdi >= 10000.50", { field: "vaerdi", compares: "gte", with: "10000.50" }],
  ["antalMedarbejdere.fra < 50", { field: "antalMedarbejdere.fra", compares: "lt", with: 50 }],
  ["nyesteAkt < today-90d", { field: "nyesteAkt", compares: "lt", with: { today: -90, unit: "d" } }],
  ["nyesteAkt >= idag", { field: "nyesteAkt", compares: "gte", with: { today: 0, unit: "d" } }],
  ["leadkilde is empty", { field: "leadkilde", is: null }],
  ["leadkilde is not empty", { not: { field: "leadkilde", is: null } }],
  ["telefon er tom", { field: "telefon", is: null }],
  ['firmanavn = "Holm, \\"Søn\\" & Co (A/S)"', { field: "firmanavn", is: 'Holm, "Søn" & Co (A/S)' }],
  ["near(56.1, 10.2, 25000)", { area: { shape: "circle", lat: 56.1, lng: 10.2, metres: 25_000 } }],
  ["updatedAt > 2026-01-01T00:00:00Z", { meta: "updatedAt", after: "2026-01-01T00:00:00Z" }],
  [
    "kundetype = BTB or kundetype = BTG and findesDeb",
    {
      or: [
        { field: "kundetype", is: "BTB" },
        {
          and: [
            { field: "kundetype", is: "BTG" },
            { field: "findesDeb", is: true },
          ],
        },
      ],
    },
  ],
])("S58 %s", (text, tree) => {
  expect(read(text)).toEqual(tree);
  expect(read(writeCriterion(tree))).toEqual(tree);
  expect(criterionSchema.parse(JSON.parse(JSON.stringify(tree)))).toEqual(tree);
  expect(checkCriterion(kundeemneCatalogue, tree)).toEqual([]);
});

test.each([
  ["postnr =", 9, "filter_syntax", '"…"'],
  ["postnr 8000", 8, "filter_syntax", "= != < <= > >= ~ in is"],
  ["(findesDeb", 11, "filter_syntax", ")"],
  ["findesDeb findesKred", 11, "filter_syntax", "and or"],
  ["findesDeb and", 14, "filter_syntax", "field not ("],
  ['firmanavn = "åben', 13, "filter_syntax", '"'],
  ["navn = x", 1, "unknown_field", "navn"],
  ["constructor = x", 1, "unknown_field", "constructor"],
  ["vaerdi > mange", 10, "bad_value", "decimal"],
  ["kundetype = B2B", 13, "bad_value", "code"],
  ["nyesteAkt < 2026-02-30", 13, "bad_value", "date"],
  ["firmanavn > a", 13, "bad_value", "text"],
  ["maalgrupper ~ w", 15, "bad_value", "textSet"],
  ["near(1000,0,5)", 1, "bad_value", "near"],
  ["near(56,10", 11, "filter_syntax", ")"],
  ["updatedAt > i morgen", 13, "bad_value", "instant"],
])("S58 %s is refused at character %d (%s %s)", (text, at, code, wanted) => {
  expect(fault(text)).toEqual({ at, code, wanted });
});

const leaf: fc.Arbitrary<Criterion> = fc.oneof(
  fc.record({
    field: fc.constantFrom("firmanavn", "postnr", "maalgrupper", "status"),
    is: fc.string({ minLength: 1, maxLength: 8 }).map((text) => text.replaceAll("\0", "").normalize("NFC") || "x"),
  }),
  fc.record({ field: fc.constantFrom("findesDeb", "tilladKampagne"), is: fc.constantFrom(true, false, null) }),
  fc.record({ field: fc.constant("antalMedarbejdere.fra"), is: fc.integer({ min: -99, max: 999 }) }),
  fc.record({
    field: fc.constant("vaerdi"),
    compares: fc.constantFrom(...comparisons),
    with: fc.constantFrom("0", "-3.5", "10"),
  }),
  fc.record({
    field: fc.constant("nyesteAkt"),
    compares: fc.constantFrom(...comparisons),
    with: fc.oneof(
      fc.constantFrom("2026-01-31"),
      fc.record({
        today: fc.integer({ min: -999, max: -1 }),
        unit: fc.constantFrom("d" as const, "m" as const, "y" as const),
      }),
    ),
  }),
  fc.record({ field: fc.constant("branche.kode"), startsWith: fc.constantFrom("4", "43", 'a"b\\c') }),
  fc.record({
    area: fc.record({
      shape: fc.constant("circle" as const),
      lat: fc.constant(56.25),
      lng: fc.constant(-10.5),
      metres: fc.nat(9999),
    }),
  }),
  fc.record({
    meta: fc.constantFrom("updatedAt" as const, "createdAt" as const),
    after: fc.constant("2026-01-01T10:00:00+02:00"),
  }),
);
const several = (tie: fc.Arbitrary<Criterion>) =>
  fc.oneof(fc.constant([]), fc.array(tie, { minLength: 2, maxLength: 4 }));
const { tree } = fc.letrec<{ tree: Criterion }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    leaf,
    several(tie("tree")).map((and): Criterion => ({ and })),
    several(tie("tree")).map((or): Criterion => ({ or })),
    tie("tree").map((not): Criterion => ({ not })),
  ),
}));

describe("properties", () => {
  test("S58 what is written is read as the same tree, as text and as JSON", () => {
    fc.assert(
      fc.property(tree, (criterion) => {
        expect(read(writeCriterion(criterion))).toEqual(criterion);
        expect(criterionSchema.parse(JSON.parse(JSON.stringify(criterion)))).toEqual(criterion);
        expect(checkCriterion(kundeemneCatalogue, criterion)).toEqual([]);
        for (const language of ["da", "en"] as const)
          expect(criterionInWords(kundeemneCatalogue, criterion, language)).not.toMatch(/undefined|\[object/);
      }),
    );
  });

  test("S58 any text is a tree or a fault within it, and nothing is thrown", () => {
    const words = fc.constantFrom(
      "postnr",
      "=",
      "(",
      ")",
      "and",
      "or",
      "not",
      "in",
      "..",
      ",",
      '"',
      "8000",
      "~",
      "near(",
      " ",
      "ø",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((each) => each.join(" ")),
        ),
        (text) => {
          const found = readCriterion(kundeemneCatalogue, text);
          if ("fault" in found) {
            expect(found.fault.at).toBeGreaterThanOrEqual(1);
            expect(found.fault.at).toBeLessThanOrEqual(text.length + 1);
          } else expect(read(writeCriterion(found.criterion))).toEqual(found.criterion);
        },
      ),
      { examples: [["(".repeat(500)], ["not ".repeat(500)]] },
    );
  });
});

test("S58 a criterion is said in Danish and English", () => {
  const criterion = read(
    'postnr in 8000..8299 and (branche.kode ~ "43" or maalgrupper = webshop) and nyesteAkt < today-90d and not findesDeb',
  );
  expect(criterionInWords(kundeemneCatalogue, criterion, "da")).toBe(
    "(Postnr. er mindst 8000 og Postnr. er højst 8299) og (Branche begynder med “43” eller Målgrupper omfatter “webshop”) og Nyeste aktivitet er før 90 dage siden og ikke Findes som debitor: ja",
  );
  expect(criterionInWords(kundeemneCatalogue, read("leadkilde is not empty or near(56.1,10.2,5000)"), "en")).toBe(
    "Lead source is filled or within 5000 metres of 56.1, 10.2",
  );
});

test("S58 relative days", () => {
  expect(["today", "today+1m", "IDAG-2y", "today-0d", "tomorrow", "today-90"].map(readRelativeDay)).toEqual([
    { today: 0, unit: "d" },
    { today: 1, unit: "m" },
    { today: -2, unit: "y" },
    { today: 0, unit: "d" },
    undefined,
    undefined,
  ]);
});

test("S58 a tree is checked against the fields it names", () => {
  const faults = (criterion: Criterion) => checkCriterion(kundeemneCatalogue, criterion);
  expect(faults({ and: [{ field: "findes", is: true }, { not: { field: "kundetype", is: "B2B" } }] })).toEqual([
    { pointer: "/and/0/field", code: "unknown_field" },
    { pointer: "/and/1/not/is", code: "bad_value" },
  ]);
  expect(faults({ field: "firmanavn", compares: "gt", with: "a" })).toEqual([{ pointer: "/with", code: "bad_value" }]);
  expect(faults({ field: "vaerdi", compares: "gt", with: { today: -1, unit: "d" } })).toEqual([
    { pointer: "/with", code: "bad_value" },
  ]);
  expect(faults({ field: "maalgrupper", startsWith: "w" })).toEqual([{ pointer: "/startsWith", code: "bad_value" }]);
});

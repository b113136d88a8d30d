import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { kundeemneCatalogue } from "../../src/model/catalogue.ts";
import { type Criterion, comparisons, criterionOf, fieldsOf } from "../../src/model/criteria.ts";
import { criterionSql } from "../../src/store/criteria-sql.ts";
import type { Database } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeRecord } from "../support/stored-records.ts";

const rows = [
  { firmanavn: "a", postnr: "1", findesDeb: true, emnetyper: ["lead"], vaerdi: "10.5", nyesteAkt: "2026-01-31" },
  { firmanavn: "b", postnr: "2", findesDeb: false, emnetyper: ["lead", "partner"], vaerdi: "-3" },
  { firmanavn: "c", emnetyper: [] as string[], nyesteAkt: "2026-02-01" },
  { firmanavn: "d", postnr: "1", findesDeb: true, vaerdi: "9" },
];

let database: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const row of rows) await storeRecord(database.sql, "kundeemne", row);
});

/** The same question, asked of the rows by plain code. */
function holds(row: { [field: string]: unknown }, criterion: Criterion): boolean {
  if ("and" in criterion) return criterion.and.every((part) => holds(row, part));
  if ("or" in criterion) return criterion.or.some((part) => holds(row, part));
  if ("not" in criterion) return !holds(row, criterion.not);
  if ("meta" in criterion) return true;
  const value = row[criterion.field] ?? (criterion.field === "vaerdi" ? "0" : undefined);
  if ("compares" in criterion) {
    if (value === undefined) return false;
    const [left, right] =
      criterion.field === "vaerdi" ? [Number(value), Number(criterion.with)] : [value, criterion.with];
    const order = left === right ? 0 : String(left) > String(right) ? 1 : -1;
    const sign = typeof left === "number" ? Math.sign(left - Number(right)) : order;
    return { gt: sign > 0, gte: sign >= 0, lt: sign < 0, lte: sign <= 0 }[criterion.compares];
  }
  if (criterion.field === "vaerdi") return criterion.is !== null && Number(value) === Number(criterion.is);
  if (Array.isArray(value)) return criterion.is === null ? value.length === 0 : value.includes(criterion.is);
  if (criterion.field === "findesDeb")
    return (value ?? false) === criterion.is || (criterion.is === null && value === undefined);
  return (value ?? null) === criterion.is;
}

const leaf: fc.Arbitrary<Criterion> = fc.oneof(
  fc.record({ field: fc.constant("postnr"), is: fc.constantFrom("1", "2", "3", null) }),
  fc.record({ field: fc.constant("findesDeb"), is: fc.boolean() }),
  fc.record({ field: fc.constant("emnetyper"), is: fc.constantFrom("lead", "partner", null) }),
  fc.record({
    field: fc.constant("postnr"),
    compares: fc.constantFrom(...comparisons),
    with: fc.constantFrom("1", "2", "15"),
  }),
  fc.record({
    field: fc.constant("vaerdi"),
    compares: fc.constantFrom(...comparisons),
    with: fc.constantFrom("-5", "-3", "0", "9.00", "10", "10.50", "99"),
  }),
  fc.record({ field: fc.constant("vaerdi"), is: fc.constantFrom("0", "0.00", "9.0", "1", null) }),
  fc.record({
    field: fc.constant("nyesteAkt"),
    compares: fc.constantFrom(...comparisons),
    with: fc.constantFrom("2026-01-31", "2026-02-01"),
  }),
  fc.constant({ meta: "updatedAt" as const, after: "2000-01-01T00:00:00Z" }),
);
const { tree } = fc.letrec<{ tree: Criterion }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.record({ and: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({ not: tie("tree") }),
  ),
}));

test("any tree asks of the database what it asks of the values: not means not, empty is never unknown", async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (criterion) => {
      const found = await database.sql<{ firmanavn: string }[]>`
        select firmanavn from kundeemner e where ${criterionSql(database.sql, kundeemneCatalogue, criterion)} order by 1`;
      expect(found.map((row) => row.firmanavn)).toEqual(
        rows.filter((row) => holds(row, criterion)).map((row) => row.firmanavn),
      );
    }),
    { numRuns: 100 },
  );
});

test("filters of a query become one tree: the same name again is or, other names are and", () => {
  const { criterion, faults } = criterionOf(kundeemneCatalogue, [
    ["postnr", "8000"],
    ["findesDeb", "true"],
    ["postnr", ""],
    ["nope", "1"],
    ["vaerdi[gte]", "1000"],
    ["vaerdi[lt]", "5000.50"],
    ["firmanavn[gte]", "x"],
    ["vaerdi[about]", "1"],
    ["antalMedarbejdere.fra", "many"],
  ]);
  expect(criterion).toEqual({
    and: [
      {
        or: [
          { field: "postnr", is: "8000" },
          { field: "postnr", is: null },
        ],
      },
      { field: "findesDeb", is: true },
      { field: "vaerdi", compares: "gte", with: "1000" },
      { field: "vaerdi", compares: "lt", with: "5000.50" },
    ],
  });
  expect(faults).toEqual([
    { name: "nope", code: "unknown_field" },
    { name: "firmanavn[gte]", code: "bad_value" },
    { name: "vaerdi[about]", code: "unknown_field" },
    { name: "antalMedarbejdere.fra", code: "bad_value" },
  ]);
  expect(fieldsOf(criterion)).toEqual(new Set(["postnr", "findesDeb", "vaerdi"]));
});

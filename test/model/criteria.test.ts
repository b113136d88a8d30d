import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { kundeemneCatalogue } from "../../src/model/catalogue.ts";
import { type Criterion, comparisons, criterionOf, fieldsOf, type RelativeDay } from "../../src/model/criteria.ts";
import { type Area, metresBetween } from "../../src/model/geo.ts";
import { setNow } from "../../src/store/clock.ts";
import { criterionSql } from "../../src/store/criteria-sql.ts";
import type { Database } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeRecord } from "../support/stored-records.ts";

const TODAY = "2026-02-28";
const at = (lat: string, lng: string) => ({ "gps.lat": lat, "gps.lng": lng });
const rows = [
  {
    firmanavn: "a",
    postnr: "1",
    findesDeb: true,
    emnetyper: ["lead"],
    vaerdi: "10.5",
    nyesteAkt: "2026-01-31",
    ...at("56.1629", "10.2039"),
  },
  {
    firmanavn: "b",
    postnr: "2",
    findesDeb: false,
    emnetyper: ["lead", "partner"],
    vaerdi: "-3",
    ...at("-17.5", "179.9"),
  },
  { firmanavn: "c", emnetyper: [] as string[], nyesteAkt: "2026-02-01", ...at("55.6761", "12.5683") },
  { firmanavn: "d", postnr: "1", findesDeb: true, vaerdi: "9" },
];

let database: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const row of rows) await storeRecord(database.sql, "kundeemne", row);
  // Midnight in Copenhagen has passed, in Greenwich not.
  await setNow(database.sql, new Date("2026-02-27T23:30:00Z"));
});

/** Is a position in an area, by plain code: great circle, and ray casting. */
function lies(row: { [field: string]: unknown }, area: Area): boolean {
  if (row["gps.lat"] === undefined) return false;
  const [lat, lng] = [Number(row["gps.lat"]), Number(row["gps.lng"])];
  if (area.shape === "circle") return metresBetween({ lat, lng }, area) <= area.metres;
  if (area.shape === "box") {
    const { west, east, south, north } = area;
    return lat >= south && lat <= north && (west <= east ? lng >= west && lng <= east : lng >= west || lng <= east);
  }
  return area.ring.reduce((inside, [x1, y1], n) => {
    const [x2, y2] = area.ring.at(n - 1) ?? [0, 0];
    const crosses = y1 > lat !== y2 > lat && lng < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1;
    return crosses ? !inside : inside;
  }, false);
}

/** A day of the calendar of Copenhagen so far from the one that the database is told is now. */
function dayFrom({ today, unit }: RelativeDay): string {
  const date = new Date(`${TODAY}T12:00:00Z`);
  if (unit === "d") date.setUTCDate(date.getUTCDate() + today);
  const months = unit === "d" ? 0 : today * (unit === "m" ? 1 : 12);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), last);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, day)).toISOString().slice(0, 10);
}

/** The same question, asked of the rows by plain code. */
function holds(row: { [field: string]: unknown }, criterion: Criterion): boolean {
  if ("and" in criterion) return criterion.and.every((part) => holds(row, part));
  if ("or" in criterion) return criterion.or.some((part) => holds(row, part));
  if ("not" in criterion) return !holds(row, criterion.not);
  if ("meta" in criterion) return true;
  if ("area" in criterion) return lies(row, criterion.area);
  const value = row[criterion.field] ?? (criterion.field === "vaerdi" ? "0" : undefined);
  if ("startsWith" in criterion) return typeof value === "string" && value.startsWith(criterion.startsWith);
  if ("compares" in criterion) {
    if (value === undefined) return false;
    if (typeof criterion.with === "object") {
      const day = dayFrom(criterion.with);
      const text = String(value);
      return { gt: text > day, gte: text >= day, lt: text < day, lte: text <= day }[criterion.compares];
    }
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

// Off the positions themselves: on a line of a polygon either answer would do.
const degree = (min: number, max: number) =>
  fc.integer({ min: min * 10, max: max * 10 }).map((each) => each / 10 + 0.013);
const box = fc
  .tuple(degree(-180, 179), degree(-180, 179), degree(-90, 89), degree(-90, 89))
  .map(([west, east, a, b]): Area => ({ shape: "box", west, east, south: Math.min(a, b), north: Math.max(a, b) }));
const circle = fc.record({
  shape: fc.constant("circle" as const),
  lat: degree(-90, 89),
  lng: degree(-180, 179),
  metres: fc.constantFrom(0, 1_000, 150_000, 3_000_000, 30_000_000),
});
/** Corners in turn around a middle: a ring that crosses itself has no agreed inside. */
const polygon = fc
  .record({
    lng: degree(9, 13),
    lat: degree(54, 57),
    reach: fc.array(fc.integer({ min: 5, max: 40 }), { minLength: 3, maxLength: 7 }),
  })
  .map(({ lng, lat, reach }): Area => {
    const corner = (each: number, n: number): [number, number] => {
      const turn = (2 * Math.PI * n) / reach.length;
      return [lng + (each / 10) * Math.cos(turn), lat + (each / 10) * Math.sin(turn)];
    };
    return { shape: "polygon", ring: reach.map(corner) };
  });

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
  fc.record({ area: fc.oneof(box, circle, polygon) }),
  fc.record({ field: fc.constant("firmanavn"), startsWith: fc.constantFrom("a", "A", "b", "%") }),
  fc.record({
    field: fc.constant("nyesteAkt"),
    compares: fc.constantFrom(...comparisons),
    with: fc.record({
      today: fc.constantFrom(-28, -27, -1, 0, 1),
      unit: fc.constantFrom("d" as const, "m" as const, "y" as const),
    }),
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
    { numRuns: 200 },
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

import { expect, test } from "vitest";
import { divisionsOf, listOf, listsOf, readIndustry } from "../../src/danish/industry.ts";
import { industriesOf } from "../../src/danish/industry-data.ts";

test("the lists have as many sections, divisions, groups and classes as the regulations", () => {
  const counts = Object.values(industriesOf).map(({ divisions, classes }) => [
    ...[divisions.size, [...divisions.values()].flat().length],
    ...[new Set([...classes].map((each) => each.slice(0, 3))).size, classes.size],
  ]);
  expect(counts).toEqual([
    [21, 88, 272, 615],
    [22, 87, 287, 651],
  ]);
});

test.each([
  ["561110", "DB25", "561110"],
  ["56.11.10", "DB25", "561110"],
  ["011100", undefined, "011100"],
  ["38.31.00", "DB07", "383100"],
  ["999999", "unknown", "999999"],
])("%s of %s is a code", (typed, list, kode) => {
  expect(readIndustry(typed, list)).toMatchObject({ ok: true, value: kode });
});

test.each([
  ["561110", "DB07", "industry_unknown"],
  ["620100", "DB25", "industry_unknown"],
  ["999999", undefined, "industry_unknown"],
  ["5611", "DB25", "industry_shape"],
  ["56111A", "DB25", "industry_shape"],
])("%s of %s is none: %s", (typed, list, code) => {
  expect(readIndustry(typed, list)).toMatchObject({ ok: false, code });
});

test("a zero that a spreadsheet has lost is told, and never put back", () => {
  expect(readIndustry("11100", "DB25")).toMatchObject({ ok: false, detail: expect.stringContaining("leading zero") });
  expect(readIndustry("00000", "DB25")).not.toMatchObject({ detail: expect.stringContaining("leading zero") });
});

test("a code without a list gets the only one that has it, else nobody knows", () => {
  expect(["620100", "733000", "563000", "999999"].map(listOf)).toEqual(["DB07", "DB25", "unknown", "unknown"]);
  expect(listsOf("563000")).toEqual(["DB07", "DB25"]);
});

test("a section is divided as each list divides it", () => {
  expect(divisionsOf("k")).toEqual({ DB07: ["64", "65", "66"], DB25: ["61", "62", "63"] });
  expect(divisionsOf("V")).toEqual({ DB07: [], DB25: ["99"] });
  expect(divisionsOf("X")).toBeUndefined();
});

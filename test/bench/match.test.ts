import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { count, lowerBound, reportOf } from "../../bench/match/count.ts";
import { readPairs } from "../../bench/match/data-file.ts";
import { FAULT_NAMES } from "../../bench/match/faults.ts";
import { matchAll, writeKnown } from "../../bench/match/measure.ts";
import { population } from "../../bench/match/population.ts";
import { createTestDatabase } from "../support/database.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kobling-pairs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pairs = async (text: string): Promise<string> => {
  const file = join(folder, "pairs.csv");
  await writeFile(file, text);
  return file;
};

test("the bars of matching hold for a small population: sure links are right, few copies are missed, few wait", async () => {
  const { sql } = await createTestDatabase();
  const { known, arrivals } = population(7, 2_000);
  const ids = await writeKnown(sql, known);
  const { matches, ratePerSecond } = await matchAll(sql, arrivals);
  const report = reportOf({ arrivals, ids }, matches, ratePerSecond);
  expect(arrivals.length).toBe(600);
  expect(report.auto.precision).toBeGreaterThanOrEqual(0.995);
  expect(report.auto.n).toBeGreaterThan(350);
  expect(report.withReview.recall).toBeGreaterThanOrEqual(0.97);
  expect(report.recordsPerCase).toBeGreaterThanOrEqual(20);
});

test("each copy suffers from at least two of twelve kinds of faults, and a seed gives the same population", () => {
  const { arrivals } = population(3, 1_000);
  const copies = arrivals.filter(({ means }) => means !== null);
  expect(copies.every(({ faults }) => faults.length >= 2 && new Set(faults).size === faults.length)).toBe(true);
  expect(FAULT_NAMES).toHaveLength(12);
  expect(new Set(copies.flatMap(({ faults }) => faults))).toEqual(new Set(FAULT_NAMES));
  expect(population(3, 1_000)).toEqual(population(3, 1_000));
  expect(population(4, 1_000)).not.toEqual(population(3, 1_000));
});

test("wrong links, cases and found pairs are counted each for itself", () => {
  const arrival = (means: number | null) => ({ company: {}, sort: "x", means, faults: [] });
  const arrivals = [arrival(0), arrival(1), arrival(1), arrival(null), arrival(0)];
  const one = (id: string) => ({ kind: "one", id, tier: "M3" }) as const;
  const several = { kind: "several", ids: ["b", "a"], tier: "M7" } as const;
  const matches = [one("a"), several, one("a"), one("b"), { kind: "none" } as const];
  const expected = { of: 5, linked: 3, wrong: 2, cases: 1, recall: 0.25, recallWithReview: 0.5 };
  expect(count(arrivals, matches, ["a", "b"])).toEqual(expected);
  expect(reportOf({ arrivals, ids: ["a", "b"] }, matches, 9)).toMatchObject({ recordsPerCase: 4, ratePerSecond: 9 });
});

test("the lower bound is Clopper and Pearson's", () => {
  // With every one of n right it is the n-th root of 0.05.
  expect(lowerBound(100, 100)).toBeCloseTo(0.05 ** (1 / 100), 9);
  expect(lowerBound(9, 10)).toBeCloseTo(0.6058, 4);
  expect(lowerBound(0, 10)).toBe(0);
});

test("labelled pairs are read from a file, and a strange column or label is told", async () => {
  const text =
    "same;a_id;a_firmanavn;a_emailDomaener;b_firmanavn;b_postnr\n1;7;Ada ApS;ada.dk|ada.com;Ada;8000\n0;7;Ada ApS;;Bo;\n";
  const { known, arrivals } = await readPairs(await pairs(text));
  expect(known).toEqual([{ landekode: "DK", firmanavn: "Ada ApS", emailDomaener: ["ada.dk", "ada.com"] }]);
  expect(arrivals).toMatchObject([
    { means: 0, company: { firmanavn: "Ada", postnr: "8000" } },
    { means: null, company: { firmanavn: "Bo" } },
  ]);
  await expect(readPairs(await pairs("same,a_firmanavn,b_firmanavn,c\n1,A,B,\n"))).rejects.toThrow(
    "unknown columns: c",
  );
  await expect(readPairs(await pairs("same,a_firmanavn,b_firmanavn\nperhaps,A,B\n"))).rejects.toThrow("line 2: `same`");
});

import { expect, test } from "vitest";
import { keepUntil } from "../../src/rules/keep-until.ts";

test.each([
  ["2026-06-01", "12-31", "2031-12-31"],
  ["2026-12-31", "12-31", "2031-12-31"],
  ["2026-06-30", "06-30", "2031-06-30"],
  ["2026-07-01", "06-30", "2032-06-30"],
])("a posting of %s in a financial year that ends %s is kept until %s", (day, ends, until) => {
  expect(keepUntil(day, ends)).toBe(until);
});

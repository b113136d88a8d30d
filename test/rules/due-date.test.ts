import { expect, test } from "vitest";
import { monthsLater } from "../../src/rules/due-date.ts";

test.each([
  ["2026-03-15", 1, "2026-04-15"],
  ["2026-01-31", 1, "2026-02-28"],
  ["2028-01-31", 1, "2028-02-29"],
  ["2026-12-31", 1, "2027-01-31"],
  ["2026-11-30", 3, "2027-02-28"],
  ["2026-08-31", 1, "2026-09-30"],
])("what came on %s is due %i months later on %s", (day, months, due) => {
  expect(monthsLater(day, months)).toBe(due);
});

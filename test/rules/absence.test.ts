import fc from "fast-check";
import { expect, test } from "vitest";
import { isShort, spread } from "../../src/rules/absence.ts";

test("R9 a listing is suddenly short where more than a handful is missing, and more than half", () => {
  expect([5, 6, 50, 51].map((missing) => isShort(100, missing))).toEqual([false, false, false, true]);
  expect([5, 6, 10].map((missing) => isShort(10, missing))).toEqual([false, true, true]);
  expect(isShort(3, 3)).toBe(false);
});

test("R9 a sample is spread over all that is missing, without any twice", () => {
  fc.assert(
    fc.property(fc.nat(500), fc.integer({ min: 1, max: 30 }), (size, most) => {
      const all = Array.from({ length: size }, (_, n) => n);
      const sample = spread(all, most);
      expect(sample).toHaveLength(Math.min(size, most));
      expect(new Set(sample).size).toBe(sample.length);
      if (size > most) expect(Math.max(...sample)).toBeGreaterThanOrEqual(Math.floor(((most - 1) * size) / most));
    }),
  );
});

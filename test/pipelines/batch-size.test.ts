import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchSizes, LARGEST_BATCH, nextSize, SMALLEST_BATCH } from "../../src/pipelines/batch-size.ts";

const sizes = fc.integer({ min: SMALLEST_BATCH, max: LARGEST_BATCH });
const takes = fc.record({ asked: sizes, windowMs: fc.nat(10_000) }).chain(({ asked, windowMs }) =>
  fc.record({
    asked: fc.constant(asked),
    leased: fc.integer({ min: 1, max: asked }),
    windowMs: fc.constant(windowMs),
  }),
);

test("R20 batches grow while full ones keep the window, and stay as large for the next time", () => {
  const known = new BatchSizes();
  const asked: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    asked.push(known.of("erp"));
    known.note("erp", { asked: known.of("erp"), leased: known.of("erp"), windowMs: 20 });
  }
  expect(asked).toEqual([8, 16, 32, 64, 128, 256, 256]);
  known.note("erp", { asked: 256, leased: 3, windowMs: 5 });
  expect(known.of("erp")).toBe(256);
  expect(known.of("crm")).toBe(8);
});

test("R20 a batch that took more than twice the window is halved, by what it really held", () => {
  expect(nextSize(256, { asked: 256, leased: 256, windowMs: 900 })).toBe(128);
  expect(nextSize(256, { asked: 256, leased: 40, windowMs: 900 })).toBe(20);
  expect(nextSize(256, { asked: 256, leased: 4, windowMs: 60_000 })).toBe(8);
  expect(nextSize(64, { asked: 64, leased: 64, windowMs: 600 })).toBe(64);
});

test("R20 whatever batches took, the next one holds 8 to 256, is never larger after a slow one, nor smaller after a fast one", () => {
  fc.assert(
    fc.property(sizes, takes, (known, took) => {
      const next = nextSize(known, took);
      expect(next).toBeGreaterThanOrEqual(SMALLEST_BATCH);
      expect(next).toBeLessThanOrEqual(LARGEST_BATCH);
      if (took.windowMs > 800) expect(next).toBeLessThanOrEqual(known);
      else expect(next).toBeGreaterThanOrEqual(known);
    }),
  );
});

import { expect, test } from "vitest";
import { readDurationMs } from "../../src/lib/time.ts";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5m", 90_000],
  ["10m", 600_000],
  ["24h", 86_400_000],
  ["90d", 7_776_000_000],
  ["2w", 1_209_600_000],
] as const)("%s are %i milliseconds", (text, ms) => {
  expect(readDurationMs(text)).toBe(ms);
});

test.each(["", "30", "s", "-5s", "30 sec", "1h30m"])("%o is not a duration", (text) => {
  expect(readDurationMs(text)).toBeUndefined();
});

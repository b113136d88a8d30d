import { expect, test } from "vitest";
import { hasCprLike } from "../../src/danish/cpr.ts";

test.each([
  ["cpr 010180-1234", true],
  ["0101801234", true],
  ["født 290200 1234, ringede", true],
  ["310280-1234", false],
  ["411280-1234", false],
  ["1234567890123", false],
  ["ordre 20102030", false],
  ["", false],
])("%s: %s", (text, expected) => {
  expect(hasCprLike(text)).toBe(expected);
});

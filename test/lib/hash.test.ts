import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, contentHash } from "../../src/lib/hash.ts";

test("the order of keys does not change the hash, the order of items does", () => {
  expect(contentHash({ a: 1, b: { c: 2, d: 3 } })).toBe(contentHash({ b: { d: 3, c: 2 }, a: 1 }));
  expect(contentHash([1, 2])).not.toBe(contentHash([2, 1]));
});

test("absent, empty and null are three things", () => {
  expect(new Set([{}, { a: "" }, { a: null }].map(contentHash)).size).toBe(3);
  expect(contentHash({ a: undefined })).toBe(contentHash({}));
});

test("canonical JSON reads back as the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("shuffled keys, at any depth, give the same text", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, part]) => [key, shuffled(part)]),
    );
  };
  fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(shuffled(value)) === canonicalJson(value)));
});

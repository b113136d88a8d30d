import fc from "fast-check";
import { expect, test } from "vitest";
import { readAmount } from "../../src/danish/amounts.ts";

// Vectors: Kobling domain notes, section e.4.
test.each([
  ["1.234,56", "1234.56"],
  ["1234,5", "1234.50"],
  ["-1.234,00", "-1234.00"],
  ["1.234,00-", "-1234.00"],
  ["(1.234,00)", "-1234.00"],
  ["kr. 1.234,-", "1234.00"],
  ["1.234", "1234"],
  ["1\u00a0234,56", "1234.56"],
  ["1'234,56", "1234.56"],
  ["1.234.567,891", "1234567.891"],
  ["DKK -12,00", "-12.00"],
  ["-0,00", "0.00"],
  [",50", "0.50"],
  ["007", "7"],
  ["99999999999999999999,99", "99999999999999999999.99"],
])("%s is %s in a Danish file", (text, value) => {
  expect(readAmount(text, "da")).toEqual({ ok: true, value, warnings: [] });
});

test.each([
  ["1.234", "1.234"],
  ["1,234.56", "1234.56"],
  ["-1,234", "-1234"],
])("%s is %s in an English file", (text, value) => {
  expect(readAmount(text, "en")).toMatchObject({ ok: true, value });
});

test.each(["", "kr.", "12,34,56", "1.23,45", "1,234.56", "ti", "1e3", "--5", "1.2345", "-"])(
  "%j is no amount in a Danish file",
  (text) => {
    expect(readAmount(text, "da")).toMatchObject({ ok: false, code: "amount_shape" });
  },
);

test("amounts as Danes write them are read back exactly", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (cents) => {
      const absolute = String(cents < 0n ? -cents : cents).padStart(3, "0");
      const [whole, part] = [absolute.slice(0, -2), absolute.slice(-2)];
      const sign = cents < 0n ? "-" : "";
      const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ".");
      expect(readAmount(`${sign}${grouped},${part}`, "da")).toMatchObject({ value: `${sign}${whole}.${part}` });
    }),
  );
});

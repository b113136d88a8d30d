import fc from "fast-check";
import { expect, test } from "vitest";
import { phoneKey, readPhone } from "../../src/danish/phone.ts";

// Vectors: Kobling domain notes, section e.2.

test.each([
  ["70 10 20 30", "+4570102030"],
  ["70102030", "+4570102030"],
  ["+45 70 10 20 30", "+4570102030"],
  ["0045 70102030", "+4570102030"],
  ["(+45) 70-10-20-30", "+4570102030"],
  ["45 70 10 20 30", "+4570102030"],
  ["45701020", "+4545701020"],
  ["Tlf.: 86 12 34 56", "+4586123456"],
  ["70/10/20/30", "+4570102030"],
  ["+46 (0)8 123 456 78", "+46812345678"],
  ["00 46 8 123 456 78", "+46812345678"],
])("%s is the subscriber %s", (text, e164) => {
  expect(readPhone(text)).toEqual({ ok: true, value: { e164, kind: "subscriber" }, warnings: [] });
  expect(phoneKey(text)).toBe(e164);
});

test.each(["+298 123456", "+299 123456", "(+298) 123456"])("%s is kept, though its plan may not know it", (text) => {
  expect(readPhone(text)).toMatchObject({
    ok: true,
    value: { e164: text.replace(/[() ]/g, ""), kind: "subscriber" },
    warnings: [{ code: "phone_not_assigned" }],
  });
});

test.each([
  ["12345678", "phone_prefix"],
  ["1234 5678", "phone_prefix"],
  ["+45 12345678", "phone_prefix"],
  ["70 10 20 3", "phone_length"],
  ["70102030 70102031", "phone_length"],
  ["ring bare", "phone_shape"],
  ["", "phone_shape"],
])("%j is refused with %s", (text, code) => {
  expect(readPhone(text)).toMatchObject({ ok: false, code });
  expect(phoneKey(text)).toBe(text.trim());
});

test.each([
  ["70102030 lok. 12", "lok. 12"],
  ["70102030/70102031", "70102031"],
  ["70 10 20 30 (kontor)", "(kontor)"],
])("of %s the first number is used and the rest is a note", (text, note) => {
  expect(readPhone(text)).toMatchObject({
    ok: true,
    value: { e164: "+4570102030", note },
    warnings: [{ code: "phone_extra" }],
  });
  expect(phoneKey(text)).not.toBe(phoneKey("70102030"));
});

test.each(["112", "1812"])("%s is a short code and has no international form", (text) => {
  expect(readPhone(text)).toMatchObject({ ok: true, value: { e164: null, kind: "short" } });
  expect(phoneKey(text)).toBe(text);
});

test("twelve digits are a machine's number", () => {
  expect(readPhone("37 12 3456 7890")).toMatchObject({ ok: true, value: { kind: "m2m" } });
});

test("six digits are a number in Greenland and a short code in Denmark", () => {
  expect(readPhone("32 12 34", "GL")).toMatchObject({ ok: true, value: { e164: "+299321234" } });
  expect(readPhone("32 12 34")).toMatchObject({ ok: true, value: { kind: "short" } });
});

test("the quick way of the key says what the reading says", () => {
  const digits = fc.stringMatching(/^(?:\+45 ?|45 ?|0045)?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{1,3}$/);
  fc.assert(
    fc.property(digits, (text) => {
      const phone = readPhone(text);
      expect(phoneKey(text)).toBe(phone.ok ? (phone.value.e164 ?? text.trim()) : text.trim());
    }),
  );
});

test("the key of a key is itself", () => {
  const typed = fc.oneof(fc.string(), fc.stringMatching(/^\+?[0-9 ()-]{3,16}( lok\. [0-9]{1,3})?$/));
  fc.assert(
    fc.property(typed, (text) => {
      const key = phoneKey(text);
      if (!key.includes(";")) expect(phoneKey(key)).toBe(key);
    }),
  );
});

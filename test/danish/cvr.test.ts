import fc from "fast-check";
import { expect, test } from "vitest";
import { isValidCvr, looksLikeCpr, maskCpr, padLostZero, readCvr, readSe } from "../../src/danish/cvr.ts";
import { readGln } from "../../src/danish/gln.ts";
import { readPNumber } from "../../src/danish/p-number.ts";

// Vectors: Kobling domain notes, section e.1; computed.

test.each([
  ["13748136", "13748136"],
  ["13-74-81-36", "13748136"],
  ["DK 13748136", "13748136"],
  ["13 74 81 36", "13748136"],
  ["DK13748136", "13748136"],
  ["DK-13748136", "13748136"],
  ["CVR-nr. 13748136", "13748136"],
  ["DK13585628", "13585628"],
  ...["24256790", "22756214", "61056416", "54562519", "61126228", "10403782", "47458714", "41202785", "58233528"].map(
    (number) => [number, number],
  ),
  ...["12345674", "45123456", "20000023", "01234560", "10000009"].map((number) => [number, number]),
])("the CVR number %s is read", (text, expected) => {
  expect(readCvr(text ?? "")).toEqual({ ok: true, value: expected, warnings: [] });
});

test.each([
  ...["13585627", "24256791", "12345678", "35254119", "10000000", "01234567"].map((text) => [text, "cvr_check_digit"]),
  ["00000000", "cvr_zero"],
  ...["1374813", "137481366", "1374813A", "DK1374813", "", "SE556012345601", "DE123456789"].map((t) => [
    t,
    "cvr_shape",
  ]),
  ...["0101701234", "010170-1234", "010170 1234", "CVR: 010170-1234", "DK0101701234"].map((t) => [t, "cpr_like"]),
])("%s is refused as a CVR number with %s", (text, code) => {
  expect(readCvr(text ?? "")).toMatchObject({ ok: false, code });
});

test.each(["4500001", "4612345"])("no check digit makes %s a CVR number", (prefix) => {
  expect([..."0123456789"].filter((digit) => isValidCvr(prefix + digit))).toEqual([]);
});

test("a refusal never quotes what may be a CPR number", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{6}-?\d{4}$/), (cpr) => {
      for (const reading of [readCvr(cpr), readSe(cpr)]) {
        expect(reading).toMatchObject({ ok: false, code: "cpr_like" });
        expect(JSON.stringify(reading)).not.toMatch(/\d{4}/);
      }
    }),
  );
});

test("an SE number has the CVR number's check digit and faults of its own", () => {
  expect(readSe("SE-nr. 13 74 81 36")).toMatchObject({ ok: true, value: "13748136" });
  expect(readSe("13748137")).toMatchObject({ ok: false, code: "se_check_digit" });
});

test("a lost leading zero is proposed only where the number then validates", () => {
  expect(padLostZero("1234560")).toBe("01234560");
  expect(padLostZero("1234561")).toBeNull();
  expect(padLostZero("13748136")).toBeNull();
});

test("CPR numbers are recognised and masked inside a text", () => {
  expect(looksLikeCpr("010170-1234")).toBe(true);
  expect(looksLikeCpr("13748136")).toBe(false);
  expect(maskCpr("Kunde 010170-1234 og 0101701234, CVR 13748136")).toBe(
    "Kunde ******-**** og ******-****, CVR 13748136",
  );
});

test("of ten neighbours at most one has the right check digit", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{7}$/), (seven) => {
      expect([..."0123456789"].filter((digit) => isValidCvr(seven + digit)).length).toBeLessThanOrEqual(1);
    }),
  );
});

test.each(["5798000000001", "5798000123458", "5790000000012", "5798009811578"])("the GLN %s is read", (gln) => {
  expect(readGln(gln)).toEqual({ ok: true, value: gln, warnings: [] });
});

test.each([
  ["5790001234567", "gln_check_digit"],
  ["579800000000", "gln_shape"],
  ["57980000000011", "gln_shape"],
])("the GLN %s is refused with %s", (gln, code) => {
  expect(readGln(gln)).toMatchObject({ ok: false, code });
});

test("a GLN with another country's prefix is read with a warning", () => {
  expect(readGln("0123456789012")).toMatchObject({ ok: true, warnings: [{ code: "gln_not_danish" }] });
});

test("a P-number is ten digits and has no check digit", () => {
  expect(readPNumber("1003388394")).toMatchObject({ ok: true, value: "1003388394" });
  expect(readPNumber("1003388395")).toMatchObject({ ok: true });
  for (const text of ["100338839", "10033883944", "10033 8839A"])
    expect(readPNumber(text)).toMatchObject({ ok: false, code: "p_number_shape" });
});

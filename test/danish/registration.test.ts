import fc from "fast-check";
import { expect, test } from "vitest";
import { outVat, placeVat, readRegistration, vatAgrees, vatToken } from "../../src/danish/registration.ts";
import { readEuVat } from "../../src/danish/vat.ts";

const nothing = { cvrNr: null, seNr: null, euVatNr: null };

test.each([
  ["SE556012345601", "SE556012345601"],
  ["DE 123 456 789", "DE123456789"],
  ["nl 123456789.B01", "NL123456789B01"],
  ["CHE-123.456.789 MWST", "CHE123456789MWST"],
  ["XI123456789", "XI123456789"],
  ["DK-13748136", "DK13748136"],
])("the VAT number %s is read", (text, value) => {
  expect(readEuVat(text)).toEqual({ ok: true, value, warnings: [] });
});

test("a Greek VAT number written with the country code gets its prefix EL, with a warning", () => {
  expect(readEuVat("GR123456789")).toMatchObject({
    ok: true,
    value: "EL123456789",
    warnings: [{ code: "vat_prefix_replaced" }],
  });
});

test.each([
  ["DE12345678", "vat_shape"],
  ["SE55601234567", "vat_shape"],
  ["123456789", "vat_prefix"],
  ["DK13748137", "cvr_check_digit"],
  ["010170-1234", "cpr_like"],
])("the VAT number %s is refused with %s", (text, code) => {
  expect(readEuVat(text)).toMatchObject({ ok: false, code });
});

test.each([
  ["13 74 81 36", "13748136"],
  ["DK-13748136", "13748136"],
  ["DK / 13748136", "13748136"],
  ["SE 13748136", "13748136"],
  ["de 123.456.789", "DE123456789"],
  ["GR 123456789", "EL123456789"],
  ["ukendt", "UKENDT"],
  ["-", "-"],
  ["  ", null],
])("%j is compared as %j", (text, token) => {
  expect(vatToken(text)).toBe(token);
});

test("R2 a number that is known already changes nothing, however it is spelled", () => {
  const known = { cvrNr: "13748136", seNr: "24256790", euVatNr: "DE123456789" };
  for (const text of ["DK 13 74 81 36", "24256790", "DE 123 456 789"]) expect(placeVat(text, known)).toEqual(known);
});

test("R2 another Danish number becomes the SE number and leaves the CVR number where it is", () => {
  expect(placeVat("DK24256790", { ...nothing, cvrNr: "13748136" })).toEqual({
    cvrNr: "13748136",
    seNr: "24256790",
    euVatNr: null,
  });
  expect(placeVat("DK24256790", nothing)).toEqual({ ...nothing, cvrNr: "24256790" });
});

test("R2 a foreign number has its own place, and an unreadable one is kept as typed and never hides a valid CVR number", () => {
  expect(placeVat("SE556012345601", { ...nothing, cvrNr: "13748136" })).toEqual({
    ...nothing,
    cvrNr: "13748136",
    euVatNr: "SE556012345601",
  });
  expect(placeVat(" ved ikke ", nothing)).toEqual({ ...nothing, cvrNr: "ved ikke" });
  expect(placeVat("ved ikke", { ...nothing, cvrNr: "13748136" })).toMatchObject({ cvrNr: "13748136" });
  expect(readRegistration("ved ikke")).toMatchObject({ ok: true, warnings: [{ code: "vat_not_placed" }] });
});

test("a CPR-like number is never placed, and an emptied field empties the group", () => {
  expect(placeVat("010170-1234", nothing)).toEqual(nothing);
  expect(readRegistration("010170-1234")).toMatchObject({ ok: false, code: "cpr_like" });
  expect(placeVat("", { ...nothing, cvrNr: "13748136" })).toEqual(nothing);
});

const number = fc.oneof(
  fc.constantFrom("13748136", "DK 24256790", "SE556012345601", "GR123456789", "12345678", "ukendt", "-", "DE12"),
  fc.string({ maxLength: 14 }),
);
const group = fc.record({
  cvrNr: fc.option(number),
  seNr: fc.option(number),
  euVatNr: fc.option(number),
});

test("R2 placing what we write changes nothing", () => {
  fc.assert(
    fc.property(group, (known) => {
      const out = outVat(known);
      fc.pre(out !== null && vatToken(out) !== null);
      expect(placeVat(out ?? "", known)).toEqual(known);
    }),
  );
});

test("R2 a placed number agrees with the group, and placing it again changes nothing", () => {
  fc.assert(
    fc.property(number, group, (text, known) => {
      const placed = placeVat(text, known);
      expect(placeVat(text, placed)).toEqual(placed);
      const token = vatToken(text);
      if (token !== null && !/^\D*\d{6}\W?\d{4}$/.test(text.trim())) expect(vatAgrees(placed, token)).toBe(true);
    }),
  );
});

test("the token of a token is itself", () => {
  fc.assert(
    fc.property(number, (text) => {
      const token = vatToken(text);
      expect(vatToken(token ?? "")).toBe(token);
    }),
  );
});

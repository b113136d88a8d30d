import { expect, test } from "vitest";
import { checkValue } from "../../src/model/check-value.ts";
import { looseSame, normalise, sameValue } from "../../src/model/compare.ts";
import { canonicalDecimal } from "../../src/model/decimal.ts";
import type { Field, Value } from "../../src/model/field.ts";
import { kontaktpersonFields } from "../../src/model/fields/kontaktperson.ts";
import { kundeemneFields } from "../../src/model/kundeemne.ts";

const field = (key: string): Field => {
  const found = { ...kontaktpersonFields, ...kundeemneFields }[key as keyof typeof kundeemneFields]; // a name of this test
  if (found === undefined) throw new Error(`No field ${key}`);
  return found;
};

test.each<[key: string, a: Value, b: Value]>([
  ["firmanavn", "Ada  ApS ", "Ada ApS"],
  ["firmanavn", "Søre\u0301n", "Sør\u00e9n"],
  ["firmanavn", "", null],
  ["telefon", "+45 70 10 20 30", "70102030"],
  ["email", "Jens@Firma.dk", "jens@firma.dk"],
  ["email", "søren@blåbær.dk", "søren@xn--blbr-roah.dk"],
  ["hjemmeside", "HTTPS://Ada.dk/", "https://ada.dk"],
  ["cvrNr", "DK 13 74 81 36", "13748136"],
  ["euVatNr", "se 5560-123456 01", "SE556012345601"],
  ["eanLokationsnr", "5798 0000 0000 1", "5798000000001"],
  ["landekode", "Danmark", "DK"],
  ["landekode", "UK", "GB"],
  ["valuta", "dkk", "DKK"],
  ["kreditMax", "1500.00", "1500"],
  ["kreditMax", "-0.00", "0"],
  ["gps.lat", "+055.60", "55.6"],
  ["maalgrupper", ["IT", "BYG"], ["BYG", "IT", "IT"]],
  ["maalgrupper", [], null],
  ["overordnetTekst", "a\r\nb", "a\nb"],
  ["gps.fetchedAt", "2026-11-22T23:30:00+01:00", "2026-11-22T22:30:00.000Z"],
])("%s: %j and %j are the same", (key, a, b) => {
  expect(sameValue(field(key), a, b)).toBe(true);
  expect(normalise(field(key), a)).toEqual(normalise(field(key), b));
});

test.each<[key: string, a: Value, b: Value]>([
  ["firmanavn", "Ada ApS", "Ada APS"],
  ["firmanavn", "Ada", null],
  ["telefon", "70102030", "70102030 lok. 12"],
  ["telefon", "45701020", "+45 70 10 20 45"],
  ["tilladKampagne", false, null],
  ["titler", ["a", "b"], ["b", "a"]],
  ["kreditMax", "1.10", "1.01"],
  ["postnr", "0800", "800"],
  ["landekode", "DK", null],
])("%s: %j and %j differ", (key, a, b) => {
  expect(sameValue(field(key), a, b)).toBe(false);
});

test("the loose key sees through case, punctuation and a cut at the limit, and through nothing else (R17)", () => {
  const name = field("firmanavn");
  expect(looseSame(name, "Ada & Søn ApS", "ADA SØN APS")).toBe(true);
  expect(looseSame(name, "Vesterhavets Bådværft", "Vesterhavets B", 14)).toBe(true);
  expect(looseSame(name, "Vesterhavets Bådværft", "Vesterhavets B")).toBe(false);
  expect(looseSame(name, "Ada", "Ida")).toBe(false);
  expect(looseSame(name, "-", ".")).toBe(false);
  expect(looseSame(name, "Ada", null)).toBe(false);
  expect(looseSame(field("kreditMax"), "15.0", "150")).toBe(false);
  expect(looseSame(field("maalgrupper"), ["It", "byg"], ["BYG", "IT"])).toBe(true);
});

test.each([
  ["+007.50", "7.5"],
  ["-0", "0"],
  [".5", "0.5"],
  ["12345678901234567890.10", "12345678901234567890.1"],
  ["", undefined],
  ["1e5", undefined],
  ["1,5", undefined],
])("the decimal %s is spelled %s", (text, spelled) => {
  expect(canonicalDecimal(text)).toBe(spelled);
});

test.each<[key: string, value: Value, code: string | undefined]>([
  ["cvrNr", "13748136", undefined],
  ["cvrNr", "00000000", "cvr_zero"],
  ["cvrNr", "1374813", "cvr_shape"],
  ["cvrNr", "0101701234", "cpr_like"],
  ["euVatNr", "SE556012345601", undefined],
  ["email", "ada@firma.dk", undefined],
  ["email", "ada@firma", "bad_value"],
  ["valuta", "HRK", "currency_inactive"],
  ["valuta", "XYZ", "currency_unknown"],
  ["landekode", "Danmark", "country_unknown"],
  ["postnr", "SW1A 1AA", undefined],
  ["kreditMax", "1.005", "bad_value"],
  ["antalMedarbejdere.fra", -1, "too_small"],
  ["leadkilde", "fisk", "not_allowed"],
  ["firmanavn", "a\nb", "bad_value"],
  ["firmanavn", "x".repeat(101), "too_long"],
  ["tilladKampagne", "ja", "wrong_type"],
  ["gdprDato", "2026-11-25", "date_ahead"],
  ["firmanavn", null, undefined],
])("%s %j is judged %s", (key, value, code) => {
  expect(checkValue(field(key), value, { today: "2026-11-24" })?.code).toBe(code);
});

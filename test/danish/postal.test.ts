import { expect, test } from "vitest";
import { checkTown, readPostnr, townKey, townOf } from "../../src/danish/postal.ts";
import { danishTowns } from "../../src/danish/postal-data.ts";

test.each([
  ["8000", "DK", "8000"],
  ["0800", "DK", "0800"],
  ["0999", "DK", "0999"],
  ["DK-8000", "DK", "8000"],
  ["3900", "GL", "3900"],
  ["FO-100", "FO", "100"],
  ["970", "FO", "970"],
  ["SW1A 1AA", "GB", "SW1A 1AA"],
  ["D-24941", "DE", "D-24941"],
])("the postal code %s of %s is %s", (text, country, code) => {
  expect(readPostnr(text, country)).toEqual({ ok: true, value: code, warnings: [] });
});

test.each([
  ["800", "DK"],
  ["80000", "DK"],
  ["8OOO", "DK"],
  ["2900", "GL"],
  ["099", "FO"],
  ["971", "FO"],
  ["3800", "FO"],
  ["", "DE"],
  ["1234567890123", "DE"],
])("the postal code %j does not fit %s", (text, country) => {
  expect(readPostnr(text, country)).toMatchObject({ ok: false, code: "postnr_shape" });
});

test.each([
  ["8001", "postnr_unknown"],
  ["3900", "postnr_country"],
  ["3800", "postnr_obsolete"],
])("the Danish code %s is kept with the warning %s", (text, code) => {
  expect(readPostnr(text)).toMatchObject({ ok: true, value: text, warnings: [{ code }] });
});

test.each([
  ["1000", "København K"],
  ["1499", "København K"],
  ["1500", "København V"],
  ["1799", "København V"],
  ["1800", "Frederiksberg C"],
  ["1999", "Frederiksberg C"],
  ["2000", "Frederiksberg"],
  ["8000", "Aarhus C"],
  ["9990", "Skagen"],
  ["0999", "København C"],
  ["1533", undefined],
  ["12", undefined],
])("the town of %s is %s", (postnr, town) => {
  expect(townOf(postnr)).toBe(town);
});

test("the bundled list is well formed: four digits, a name, in order, none twice", () => {
  const codes = [...danishTowns.keys()];
  expect(codes.length).toBeGreaterThan(550);
  expect(codes).toEqual([...new Set(codes)].sort());
  for (const [code, town] of danishTowns) {
    expect(code).toMatch(/^\d{4}$/);
    expect(town).toMatch(/^[A-ZÆØÅ][\p{L} .-]+$/u);
  }
});

test.each([
  ["Århus C", "Aarhus C"],
  ["Ålborg", "Aalborg"],
  ["Åbenrå", "Aabenraa"],
  ["Nykøbing F", "Nykøbing Falster"],
  ["Kbh. K", "KØBENHAVN K"],
  ["Frb. C", "Frederiksberg C"],
  ["Kgs. Lyngby", "Kongens Lyngby"],
  ["Nr. Alslev", "Nørre Alslev"],
])("%s and %s are one town", (one, other) => {
  expect(townKey(one)).toBe(townKey(other));
  expect(townKey(townKey(one))).toBe(townKey(one));
});

test("a town that is not the code's gives a warning", () => {
  expect(checkTown("8000", "Århus C")).toBeUndefined();
  expect(checkTown("8000", "Odense C")).toMatchObject({ code: "town_differs" });
  expect(checkTown("8001", "Odense C")).toBeUndefined();
});

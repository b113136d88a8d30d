import { expect, test } from "vitest";
import { countryName, countryOfVatPrefix, isEuCountry, readCountry, vatPrefixOf } from "../../src/danish/country.ts";
import { isActiveCurrency, minorUnits, readCurrency, readKeptCurrency } from "../../src/danish/currency.ts";

test.each([
  ["DK", "DK"],
  ["dk", "DK"],
  ["DNK", "DK"],
  ["Danmark", "DK"],
  ["Denmark", "DK"],
  ["Tyskland", "DE"],
  ["Germany", "DE"],
  ["Holland", "NL"],
  ["Nederlandene", "NL"],
  ["Storbritannien", "GB"],
  ["England", "GB"],
  ["UK", "GB"],
  ["Tjekkiet", "CZ"],
  ["USA", "US"],
  ["U.S.A.", "US"],
  ["EL", "GR"],
  ["Grønland", "GL"],
  ["Færøerne", "FO"],
  ["Østrig", "AT"],
  ["SVERIGE", "SE"],
  ["Tyrkiet", "TR"],
  ["Hongkong", "HK"],
  ["Nederland", "NL"],
])("the country %s is %s", (text, code) => {
  expect(readCountry(text)).toEqual({ ok: true, value: code, warnings: [] });
});

test.each(["Atlantis", "", "ZZ", "Danmrk"])("the country %j is unknown, not Denmark", (text) => {
  expect(readCountry(text)).toMatchObject({ ok: false, code: "country_unknown" });
});

test("Kosovo is kept, with a warning that its code is no ISO code", () => {
  expect(readCountry("Kosovo")).toMatchObject({ ok: true, value: "XK", warnings: [{ code: "country_not_iso" }] });
});

test("names come in Danish and English and are read back", () => {
  expect(countryName("DE", "da")).toBe("Tyskland");
  expect(countryName("DE", "en")).toBe("Germany");
  expect(countryName("ZZ", "en")).toBeUndefined();
  for (const code of ["DK", "GL", "FO", "NL", "GB", "US", "CZ", "CI", "KR", "MK"])
    for (const language of ["da", "en"] as const)
      expect(readCountry(countryName(code, language) ?? "")).toMatchObject({ ok: true, value: code });
});

test("VAT prefixes differ from country codes for Greece and Northern Ireland", () => {
  expect(countryOfVatPrefix("EL")).toBe("GR");
  expect(countryOfVatPrefix("XI")).toBe("GB");
  expect(countryOfVatPrefix("QQ")).toBeNull();
  expect(vatPrefixOf("GR")).toBe("EL");
  expect([isEuCountry("DK"), isEuCountry("GL"), isEuCountry("FO"), isEuCountry("GB")]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test.each([
  ["EUR", "2026-11-24", "EUR"],
  [" dkk ", "2026-11-24", "DKK"],
  ["", "2026-11-24", "DKK"],
  ["kr.", "2026-11-24", "DKK"],
  ["HRK", "2022-12-31", "HRK"],
  ["BGN", "2025-12-31", "BGN"],
])("the currency %j on %s is %s", (text, on, code) => {
  expect(readCurrency(text, on)).toEqual({ ok: true, value: code, warnings: [] });
});

test.each([
  ["HRK", "2023-01-01", "currency_inactive"],
  ["BGN", "2026-01-01", "currency_inactive"],
  ["XCG", "2025-03-30", "currency_inactive"],
  ["ABC", "2026-11-24", "currency_unknown"],
])("the currency %s on %s is refused with %s", (text, on, code) => {
  expect(readCurrency(text, on)).toMatchObject({ ok: false, code });
});

test("a withdrawn currency that a ledger holds is kept with a warning", () => {
  expect(readKeptCurrency("hrk", "2026-11-24")).toMatchObject({
    ok: true,
    value: "HRK",
    warnings: [{ code: "currency_withdrawn" }],
  });
  expect(isActiveCurrency("HRK", "2026-11-24")).toBe(false);
  expect(isActiveCurrency("DKK", "2026-11-24")).toBe(true);
});

test("smallest units are told by currency", () => {
  expect(["DKK", "JPY", "ISK", "KWD", "ABC"].map(minorUnits)).toEqual([2, 0, 0, 3, undefined]);
});

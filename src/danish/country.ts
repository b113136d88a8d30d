import countries from "i18n-iso-countries/index.js";
import da from "i18n-iso-countries/langs/da.json" with { type: "json" };
import en from "i18n-iso-countries/langs/en.json" with { type: "json" };
import { fault, type Reading, read, shapeOf, warning } from "./result.ts";
import { keyDa } from "./text.ts";

const codes: ReadonlySet<string> = new Set(Object.keys(countries.getAlpha2Codes()));
const names = { da: da.countries, en: en.countries } as const;
type Names = { readonly [code: string]: string | readonly string[] };

/** What people write and the lists do not have (domain notes, d.6). Keys as `nameKeyOf` makes them. */
const SYNONYMS: { readonly [name: string]: string } = {
  "amerikas forenede stater": "US",
  bosnien: "BA",
  "de forenede arabiske emirater": "AE",
  deutschland: "DE",
  hellas: "GR",
  hongkong: "HK",
  nederland: "NL",
  "ceska republik": "CZ",
  "den dominikanske republik": "DO",
  "det forenede kongerige": "GB",
  "dk danmark": "DK",
  "faeroe islands": "FO",
  el: "GR",
  elfenbenskysten: "CI",
  england: "GB",
  faeroeerne: "FO",
  "faroe islands": "FO",
  "forenede arabiske emirater": "AE",
  "great britain": "GB",
  groenland: "GL",
  holland: "NL",
  hviderusland: "BY",
  nederlandene: "NL",
  kosovo: "XK",
  "kongeriget danmark": "DK",
  makedonien: "MK",
  nordirland: "GB",
  "northern ireland": "GB",
  sverrig: "SE",
  scotland: "GB",
  skotland: "GB",
  slovakiet: "SK",
  storbritannien: "GB",
  sydkorea: "KR",
  "south korea": "KR",
  taiwan: "TW",
  tjekkiet: "CZ",
  "the netherlands": "NL",
  tyrkiet: "TR",
  uk: "GB",
  usa: "US",
  "u s a": "US",
  wales: "GB",
  oestrig: "AT",
};

const byName: ReadonlyMap<string, string> = new Map([
  ...allNames(names.en),
  ...allNames(names.da),
  ...Object.entries(SYNONYMS),
]);

const VAT_ONLY: { readonly [prefix: string]: string } = { EL: "GR", XI: "GB" };
const EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");

/**
 * Reads a country's code (alpha-2 or alpha-3) or its Danish or English name to ISO 3166-1 alpha-2. An unknown name is an
 * error, never Denmark (domain notes, d.6). Blank is unknown too: what it means is the caller's to say.
 */
export function readCountry(text: string): Reading<string> {
  const trimmed = text.trim();
  const code = trimmed.toUpperCase();
  if (codes.has(code)) return read(code);
  if (code === "XK") return read(code, notIso);
  const alpha2 = code.length === 3 ? countries.alpha3ToAlpha2(code) : undefined;
  const found = alpha2 ?? byName.get(nameKeyOf(trimmed));
  if (found === undefined) return fault("country_unknown", `No country is known by this name (${shapeOf(trimmed)}).`);
  return found === "XK" ? read(found, notIso) : read(found);
}

/** The name of a country in Danish or English; undefined for a code that is none. */
export function countryName(code: string, language: "da" | "en"): string | undefined {
  const all: Names = names[language];
  const name = all[code];
  if (code === "XK") return "Kosovo";
  return typeof name === "string" ? name : name?.[0];
}

/** The country behind a VAT prefix (`EL` → `GR`, `XI` → `GB`); null for letters that are none. */
export function countryOfVatPrefix(prefix: string): string | null {
  return VAT_ONLY[prefix] ?? (codes.has(prefix) ? prefix : null);
}

/** The prefix that a country's VAT numbers carry. */
export const vatPrefixOf = (code: string): string => (code === "GR" ? "EL" : code);

/** Is the country EU territory for VAT? Greenland and the Faroe Islands are not. */
export const isEuCountry = (code: string): boolean => EU.includes(code);

const notIso = warning("country_not_iso", "XK is in use for Kosovo but is not part of ISO 3166.");

function nameKeyOf(name: string): string {
  return keyDa(name)
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

function allNames(of: Names): [string, string][] {
  return Object.entries(of).flatMap(([code, name]) =>
    (typeof name === "string" ? [name] : name).map((each): [string, string] => [nameKeyOf(each), code]),
  );
}

import { danishTowns } from "./postal-data.ts";
import { fault, type Reading, read, shapeOf, type Warning, warning } from "./result.ts";
import { keyDa } from "./text.ts";

const FREE_LENGTH = 12;
const SHAPES: { readonly [country: string]: { readonly pattern: RegExp; readonly rule: string } } = {
  DK: { pattern: /^\d{4}$/, rule: "A Danish postal code has four digits" },
  GL: { pattern: /^39\d{2}$/, rule: "A postal code of Greenland has four digits and starts with 39" },
  FO: { pattern: /^\d{3}$/, rule: "A postal code of the Faroe Islands has three digits, 100 to 970" },
};
/** Streets of the inner city have codes of their own; the town follows from the range (domain notes, d.4). */
const RANGES = [
  { from: "1000", to: "1499", town: "København K" },
  { from: "1500", to: "1799", town: "København V" },
  { from: "1800", to: "1999", town: "Frederiksberg C" },
] as const;
/** In these ranges, but for mail and parcels from elsewhere. */
const NOT_OF_RANGE: ReadonlySet<string> = new Set(["1532", "1533"]);

/**
 * Reads a postal code as text, leading zeros and all. A wrong shape for the country is a fault, a code that the bundled
 * list does not know is a warning (domain notes, d.4). Codes of other countries are free up to 12 characters.
 */
export function readPostnr(text: string, landekode = "DK"): Reading<string> {
  const trimmed = text.trim();
  const shape = SHAPES[landekode];
  if (shape === undefined)
    return trimmed !== "" && trimmed.length <= FREE_LENGTH
      ? read(trimmed)
      : fault("postnr_shape", `A postal code has 1 to ${FREE_LENGTH} characters; this is ${shapeOf(trimmed)}.`);
  const code = withoutPrefix(trimmed, landekode);
  const isInRange = landekode !== "FO" || (code >= "100" && code <= "970");
  if (!shape.pattern.test(code) || !isInRange)
    return fault("postnr_shape", `${shape.rule}; this is ${shapeOf(trimmed)}.`);
  return read(code, ...(landekode === "DK" ? danishWarnings(code) : []));
}

/** The town of a Danish postal code; undefined where the bundled list and the ranges do not say. */
export function townOf(postnr: string): string | undefined {
  const listed = danishTowns.get(postnr);
  if (listed !== undefined) return listed;
  if (postnr.length !== 4 || NOT_OF_RANGE.has(postnr)) return undefined;
  return RANGES.find(({ from, to }) => postnr >= from && postnr <= to)?.town;
}

/** A warning when the town is another one than the Danish code's. Codes count, names only warn (domain notes, d.4). */
export function checkTown(postnr: string, bynavn: string): Warning | undefined {
  const town = townOf(postnr);
  if (town === undefined || townKey(town) === townKey(bynavn)) return undefined;
  return warning("town_differs", `The postal code belongs to ${town}.`);
}

/** The form in which towns are compared: `Århus C` = `Aarhus C`, `Kbh. K` = `København K`, `Nykøbing F` = `Nykøbing Falster`. */
export function townKey(bynavn: string): string {
  const words = keyDa(bynavn)
    .split(NOT_WORD)
    .filter((word) => word !== "");
  const written = words.map((word) => WORDS[word] ?? word);
  const last = written[written.length - 1];
  if (written.length === 2 && written[0] === "nykoebing" && last !== undefined) written[1] = NYKOEBING[last] ?? last;
  return written.join(" ");
}

const NOT_WORD = /[^\p{L}\p{N}]+/u;
const WORDS: { readonly [word: string]: string } = {
  copenhagen: "koebenhavn",
  frb: "frederiksberg",
  kbh: "koebenhavn",
  kbhvn: "koebenhavn",
  kgs: "kongens",
  ndr: "nordre",
  nr: "noerre",
  nrr: "noerre",
  sdr: "soender",
  skt: "sankt",
  sct: "sankt",
  st: "store",
  vstr: "vester",
};
const NYKOEBING: { readonly [word: string]: string } = {
  f: "falster",
  fl: "falster",
  m: "mors",
  s: "sjaelland",
  sj: "sjaelland",
  sjael: "sjaelland",
};

function withoutPrefix(text: string, landekode: string): string {
  const upper = text.toUpperCase();
  return upper.startsWith(landekode) ? upper.slice(2).replace(/^[\s-]+/, "") : text;
}

function danishWarnings(code: string): Warning[] {
  if (code.startsWith("39")) return [warning("postnr_country", "Codes that start with 39 belong to Greenland (GL).")];
  if (code >= "3800" && code <= "3899")
    return [
      warning(
        "postnr_obsolete",
        "Codes that start with 38 were the Faroe Islands'; today they have three digits (FO).",
      ),
    ];
  return townOf(code) === undefined
    ? [warning("postnr_unknown", "The bundled list does not know this postal code.")]
    : [];
}

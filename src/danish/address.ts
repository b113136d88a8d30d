import { readUnit, type Unit } from "./address-unit.ts";
import { type Warning, warning } from "./result.ts";
import { expandStreet } from "./street-name.ts";
import { keyDa } from "./text.ts";

export interface Street {
  /** The street's name, lower case, abbreviations written out. For comparing and showing doubts; never stored. */
  readonly street: string;
  /** `street` folded (`keyDa`): what two spellings of one street share. Empty for a PO box. */
  readonly streetKey: string;
  /** House number without letter or leading zeros. */
  readonly no?: string;
  /** Capital letter of the house number. */
  readonly letter?: string;
  /** End of a range of house numbers (`10-12`), with its letter. */
  readonly to?: string;
  /** `st`, `kl`, `k2` or a number. */
  readonly floor?: string;
  /** `tv`, `mf`, `th`, a number or letters. */
  readonly door?: string;
  readonly careOf?: string;
  readonly poBox?: string;
  /** What could not be read as floor and door. */
  readonly rest?: string;
  readonly warnings: readonly Warning[];
}

export interface AddressFacts {
  readonly adresse1?: string | null | undefined;
  readonly postnr?: string | null | undefined;
  readonly landekode?: string | null | undefined;
}

const SPACES = /\s+/g;
const CARE_OF = /^c\s*\/\s*o\.?\s+([^,]+)(?:,\s*(.*))?$/isu;
const PO_BOX = /^(?:post\s?boks|postbox|boks|p\.?\s?o\.?\s?box|pb\.?)\s*(\d+)$/iu;
/** A house number with its letter and range, at a boundary on both sides. */
const HOUSE_NUMBER =
  /(?<=[\s,.])(\d{1,4})(?:\s?([a-zæøå])(?![\p{L}\d.]))?(?:\s*[-–]\s*(\d{1,4})(?:\s?([a-zæøå])(?![\p{L}\d.]))?)?(?![\p{L}\d/])/giu;

/**
 * Reads the first address line by the official grammar (domain notes, e.3): street, house number, floor, door. The
 * result is for comparing; official spellings differ between municipalities, so a stored street is never rewritten.
 */
export function readStreet(adresse1: string): Street {
  const text = adresse1.normalize("NFC").replace(SPACES, " ").trim();
  const careOf = CARE_OF.exec(text);
  if (careOf) return { ...readStreet(careOf[2] ?? ""), careOf: (careOf[1] ?? "").trim() };
  const poBox = PO_BOX.exec(text)?.[1];
  if (poBox !== undefined) return { street: "", streetKey: "", poBox, warnings: [] };
  const found = findHouseNumber(text);
  if (found === undefined) return named(text);
  const { match, unit } = found;
  const [, no = "", letter, to, toLetter] = match;
  return {
    ...named(text.slice(0, match.index)),
    no: String(Number(no)),
    ...(letter === undefined ? {} : { letter: letter.toUpperCase() }),
    ...(to === undefined ? {} : { to: `${Number(to)}${toLetter?.toUpperCase() ?? ""}` }),
    ...unit,
    warnings:
      to === undefined
        ? []
        : [warning("house_number_range", "The address is a range of house numbers, not one house.")],
  };
}

/** House number with letter and range, as compared: `3B`, `10-12`. Undefined without one. */
export const houseNumber = ({ no, letter, to }: Street): string | undefined =>
  no === undefined ? undefined : `${no}${letter ?? ""}${to === undefined ? "" : `-${to}`}`;

/**
 * The key by which two addresses are the same house: country, postal code, street, house number. Floor and door are left
 * out. Null where one of them is missing; no country is Denmark.
 */
export function addressKey({ adresse1, postnr, landekode }: AddressFacts): string | null {
  if (!adresse1 || !postnr) return null;
  const street = readStreet(adresse1);
  const house = houseNumber(street);
  if (street.streetKey === "" || house === undefined) return null;
  const country = landekode ? landekode.trim().toUpperCase() : "DK";
  const code = postnr.replace(/\s+/g, "").toUpperCase();
  return `${country}|${code.replace(`${country}-`, "")}|${street.streetKey}|${house}`;
}

/** The first number after which only floor and door follow; else the first number at all (a street may have one in its name). */
function findHouseNumber(text: string) {
  let first: { match: RegExpExecArray; unit: Unit } | undefined;
  for (const match of text.matchAll(HOUSE_NUMBER)) {
    const found = { match, unit: readUnit(text.slice(match.index + match[0].length)) };
    if (found.unit.rest === undefined) return found;
    first ??= found;
  }
  return first;
}

function named(text: string): Street {
  const street = expandStreet(text);
  return { street, streetKey: keyDa(street), warnings: [] };
}

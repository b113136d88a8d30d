import { industriesOf } from "./industry-data.ts";
import { fault, type Reading, read, shapeOf } from "./result.ts";

export type IndustryList = keyof typeof industriesOf;

export const industryLists = Object.keys(industriesOf) as readonly IndustryList[]; // the keys of the table are the lists

/** As the CVR register writes a code: `56.11.10` → `561110`. */
export const compactIndustry = (text: string): string => text.replace(/[.\s]/g, "");

const SIX_DIGITS = /^\d{6}$/;
const CLASS_DIGITS = 4;

/**
 * Reads a Danish industry code (domain notes, d.5): six digits, of which the first four must be a class of its list; of
 * DB07 or DB25 where no list is named, of any where it is `unknown`: Denmark departs from the classes in a few places. Dots are left out as the CVR register does (`56.11.10`). A zero that a spreadsheet has
 * lost is told, never put back by ourselves.
 */
export function readIndustry(text: string, klassifikation?: string | null): Reading<string> {
  const digits = compactIndustry(text);
  if (!SIX_DIGITS.test(digits)) {
    const isShort = /^\d{5}$/.test(digits) && listsOf(`0${digits}`).length > 0;
    const hint = isShort ? " A leading zero may be lost." : "";
    return fault("industry_shape", `An industry code has six digits; this is ${shapeOf(text.trim())}.${hint}`);
  }
  if (klassifikation === "unknown") return read(digits);
  const lists = listsOf(digits);
  const named = industryLists.find((list) => list === klassifikation);
  if (named === undefined ? lists.length > 0 : lists.includes(named)) return read(digits);
  const where = named ?? industryLists.join(" or ");
  return fault("industry_unknown", `No class of ${where} begins with the first four digits of this code.`);
}

/** The lists that have a class of this code: same digits may mean different things in both. */
export function listsOf(kode: string): readonly IndustryList[] {
  return industryLists.filter((list) => industriesOf[list].classes.has(kode.slice(0, CLASS_DIGITS)));
}

/** The list of a code that came without one: the only one that has it, else nobody knows (domain notes, d.5). */
export function listOf(kode: string): IndustryList | "unknown" {
  const [one, ...more] = listsOf(kode);
  return one === undefined || more.length > 0 ? "unknown" : one;
}

/** Divisions of a section by its letter, by list; undefined for a letter that neither has. */
export function divisionsOf(section: string): Readonly<Record<IndustryList, readonly string[]>> | undefined {
  const letter = section.toUpperCase();
  const [db07, db25] = [industriesOf.DB07.divisions.get(letter), industriesOf.DB25.divisions.get(letter)];
  return db07 === undefined && db25 === undefined ? undefined : { DB07: db07 ?? [], DB25: db25 ?? [] };
}

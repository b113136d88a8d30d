import { fault, type Reading, read, shapeOf, warning } from "./result.ts";

export interface DateReading {
  /** `YYYY-MM-DD` in Copenhagen: decides the century of two-digit years. */
  readonly today: string;
  /** `da`: day first. `en`: month first where the order is not told by the shape. */
  readonly profile: "da" | "en";
  /** For dates that lie behind us (birth, approval): a two-digit year is then never read as a later day than today. */
  readonly past?: boolean;
}

/** Years that far ahead are still meant by two digits. */
const AHEAD_YEARS = 10;
const ISO = /^(\d{4})-(\d{2})-(\d{2})$/;
const ISO_TIME = /^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;
const SEPARATED = /^(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{2}|\d{4})$/;
const YEAR_FIRST = /^(\d{4})[./](\d{1,2})[./](\d{1,2})$/;
const SIX = /^(\d{2})(\d{2})(\d{2})$/;
const EIGHT = /^\d{8}$/;
const BLANK: ReadonlySet<string> = new Set(["0000-00-00", "1900-01-01"]);
const ONLY_ZEROS = /^[0\s./-]+$/;

/**
 * Reads a date to `YYYY-MM-DD`. The order of day and month comes from the profile, never from the value. What old files
 * put for "none" (`00-00-0000`, 1 January 1900) is null with a warning. An instant becomes Copenhagen's date.
 */
export function readDate(text: string, how: DateReading): Reading<string | null> {
  const trimmed = text.trim();
  if (trimmed !== "" && ONLY_ZEROS.test(trimmed)) return blank;
  const instant = ISO_TIME.exec(trimmed);
  if (instant) return readInstant(trimmed, instant[1] ?? "", instant[2]);
  if (EIGHT.test(trimmed)) return readEight(trimmed, how);
  const date = partsOf(trimmed, how);
  if (date === undefined) return fault("date_shape", `No date can be read from this (${shapeOf(trimmed)}).`);
  return checked(date);
}

const copenhagen = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Europe/Copenhagen",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
});

/** The date in Copenhagen at an instant, `YYYY-MM-DD`. */
export const copenhagenDate = (instant: Date): string => copenhagen.format(instant);

/** `2026-11-23` as Danes write it, `23-11-2026`. */
export const showDate = (date: string): string => date.split("-").reverse().join("-");

/** Does the calendar have this day (`YYYY-MM-DD`)? */
export function isDate(date: string): boolean {
  const match = ISO.exec(date);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function partsOf(text: string, how: DateReading): string | undefined {
  const iso = ISO.exec(text);
  if (iso) return text;
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst) return joined(yearFirst[1], yearFirst[2], yearFirst[3]);
  const match = SEPARATED.exec(text) ?? SIX.exec(text);
  if (!match) return undefined;
  const [, first = "", second = "", year = ""] = match;
  const [day, month] = how.profile === "da" ? [first, second] : [second, first];
  return joined(year.length === 2 ? fullYear(year, month, day, how) : year, month, day);
}

/** `yyyymmdd` or `ddmmyyyy` (`mmddyyyy`). Never both: the century that ends one would be the other's month. */
function readEight(text: string, how: DateReading): Reading<string | null> {
  const yearFirst = joined(text.slice(0, 4), text.slice(4, 6), text.slice(6));
  if (isDate(yearFirst) && yearFirst >= "1800" && yearFirst < "2200") return checked(yearFirst);
  const [first, second] = [text.slice(0, 2), text.slice(2, 4)];
  return checked(how.profile === "da" ? joined(text.slice(4), second, first) : joined(text.slice(4), first, second));
}

function readInstant(text: string, date: string, zone: string | undefined): Reading<string | null> {
  if (zone === undefined) return checked(date);
  if (!isDate(date)) return invalid;
  const instant = new Date(text.replace(" ", "T").replace(",", "."));
  return Number.isNaN(instant.getTime()) ? invalid : checked(copenhagenDate(instant));
}

function fullYear(year: string, month: string, day: string, how: DateReading): string {
  const latest = Number(how.today.slice(0, 4)) + AHEAD_YEARS;
  const recent = 2000 + Number(year);
  const isTooLate = how.past === true && joined(String(recent), month, day) > how.today;
  return String(recent > latest || isTooLate ? recent - 100 : recent);
}

function checked(date: string): Reading<string | null> {
  if (BLANK.has(date)) return blank;
  return isDate(date) ? read(date) : invalid;
}

const joined = (year = "", month = "", day = ""): string => `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return isLeap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const blank = read<string | null>(null, warning("date_blank", "The value stands for no date in old files."));
const invalid = fault("date_invalid", "The calendar has no such day.");

import { Temporal } from "temporal-polyfill";

/** `debitor_in_20261126183000_7.csv`: object, direction as we see it, time of the content, a number within the second. */
export interface FileName {
  readonly object: string;
  readonly direction: "in" | "out";
  /** The time in ms; the number makes its last three digits. */
  readonly order: number;
}

const NAME = /^([a-z]+)_(in|out)_(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)_(\d{1,3})\.csv$/;

/** Undefined for a file that is none of ours: a half-written one, somebody's notes. */
export function readName(name: string, timeZone: string): FileName | undefined {
  const found = NAME.exec(name);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, number = 0] = found.slice(3).map(Number);
  try {
    const local = Temporal.PlainDateTime.from({ year, month, day, hour, minute, second }, { overflow: "reject" });
    const ms = local.toZonedDateTime(timeZone).epochMilliseconds;
    return { object: found[1] ?? "", direction: found[2] as "in" | "out", order: ms + number };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // no such day or hour
    throw error;
  }
}

export function writeName(object: string, at: Date, number: number, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  const digits = (value: number, width = 2) => String(value).padStart(width, "0");
  const day = `${digits(local.year, 4)}${digits(local.month)}${digits(local.day)}`;
  return `${object}_out_${day}${digits(local.hour)}${digits(local.minute)}${digits(local.second)}_${number}.csv`;
}

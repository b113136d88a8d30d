import fc from "fast-check";
import { expect, test } from "vitest";
import { copenhagenDate, readDate, showDate } from "../../src/danish/dates.ts";

const today = "2026-11-24";
const danish = { today, profile: "da" } as const;

// Vectors: Kobling domain notes, section e.4.
test.each([
  ["03-04-2026", "2026-04-03"],
  ["03.04.2026", "2026-04-03"],
  ["03/04-2026", "2026-04-03"],
  ["3/4-2026", "2026-04-03"],
  ["030426", "2026-04-03"],
  ["03-04-26", "2026-04-03"],
  ["03-04-36", "2036-04-03"],
  ["03-04-37", "1937-04-03"],
  ["2026-04-03", "2026-04-03"],
  ["29-02-2024", "2024-02-29"],
  ["20260403", "2026-04-03"],
  ["31122025", "2025-12-31"],
  ["20112011", "2011-11-20"],
  ["2026-11-22T23:30:00Z", "2026-11-23"],
  ["2026-06-30T22:30:00Z", "2026-07-01"],
  ["2026-11-22T23:30:00", "2026-11-22"],
  ["2026-11-22 23:30:00.000+0100", "2026-11-22"],
])("%s is %s in a Danish file", (text, date) => {
  expect(readDate(text, danish)).toEqual({ ok: true, value: date, warnings: [] });
});

test.each([
  ["31-02-2026", "date_invalid"],
  ["29-02-2026", "date_invalid"],
  ["00-04-2026", "date_invalid"],
  ["2026-13-01", "date_invalid"],
  ["2026-02-31T10:00:00Z", "date_invalid"],
  ["i morgen", "date_shape"],
  ["", "date_shape"],
  ["20112099x", "date_shape"],
  ["32122025", "date_invalid"],
])("%j is refused with %s", (text, code) => {
  expect(readDate(text, danish)).toMatchObject({ ok: false, code });
});

test.each(["00-00-0000", "01-01-1900", "1900-01-01", "0000-00-00", "000000"])("%s stands for no date", (text) => {
  expect(readDate(text, danish)).toMatchObject({ ok: true, value: null, warnings: [{ code: "date_blank" }] });
});

test("the profile tells the order of day and month, the value never does", () => {
  expect(readDate("03/04/2026", { today, profile: "en" })).toMatchObject({ ok: true, value: "2026-03-04" });
  expect(readDate("13/04/2026", { today, profile: "en" })).toMatchObject({ ok: false, code: "date_invalid" });
});

test("a day that lies behind us is never read as a day to come", () => {
  expect(readDate("25-11-26", { ...danish, past: true })).toMatchObject({ ok: true, value: "1926-11-25" });
  expect(readDate("24-11-26", { ...danish, past: true })).toMatchObject({ ok: true, value: "2026-11-24" });
});

test("an instant is Copenhagen's day, shown as Danes write it", () => {
  expect(showDate(copenhagenDate(new Date("2026-11-22T23:30:00Z")))).toBe("23-11-2026");
});

test("a date that is shown is read back as itself", () => {
  const day = fc.date({ min: new Date("1901-01-02"), max: new Date("2199-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(day, (instant) => {
      const date = copenhagenDate(instant);
      expect(readDate(showDate(date), danish)).toMatchObject({ ok: true, value: date });
      expect(readDate(date, danish)).toMatchObject({ ok: true, value: date });
    }),
  );
});

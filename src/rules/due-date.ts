/** The same day so many months later; the last day of that month where it has no such day (forordning 1182/71, art. 3). */
export function monthsLater(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0));
  const wanted = Math.min(date, last.getUTCDate());
  return `${last.toISOString().slice(0, 8)}${String(wanted).padStart(2, "0")}`;
}

/** GDPR art. 12(3): an answer within one month of the request, two more where it is complex and the person has been told so. */
export const ANSWER_MONTHS = 1;
export const EXTENSION_MONTHS = 2;

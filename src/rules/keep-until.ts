const YEARS = 5;

/**
 * Until when the law has accounting material kept: five years from the end of the financial year that it is of (bogføringsloven;
 * domain notes, d.10). `day` is of the newest posting, `yearEnds` the last day of the financial year as MM-DD; both are days.
 */
export function keepUntil(day: string, yearEnds: string): string {
  const year = Number(day.slice(0, 4));
  const ends = day.slice(5) <= yearEnds ? year : year + 1;
  return `${ends + YEARS}-${yearEnds === "02-29" ? "02-28" : yearEnds}`;
}

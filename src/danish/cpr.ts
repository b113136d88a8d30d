const CPR = /(?<!\d)(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(\d{2})[- ]?\d{4}(?!\d)/g;

/**
 * Whether a text holds what may be a CPR number: a day and a month, a year, four digits, with or without a hyphen. Check digits say
 * nothing since 2007. It may be another number all the same: good for a warning, not for refusing.
 */
export function hasCprLike(text: string): boolean {
  for (const [, day, month, year] of text.matchAll(CPR)) {
    // A year of two digits: the day is one of either century.
    const isDay = [`19${year}`, `20${year}`].some(
      (full) => new Date(Date.UTC(Number(full), Number(month) - 1, Number(day))).getUTCDate() === Number(day),
    );
    if (isDay) return true;
  }
  return false;
}

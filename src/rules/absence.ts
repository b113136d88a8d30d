/** Absences that may be of any day, however few objects are linked: each is asked for by its id anyway (rule R9). */
const HANDFUL = 5;

/**
 * Did a whole listing show suddenly too little to be believed (rule R9): more than a handful missing, and more than half
 * of what it is to show? An empty answer is the extreme of it.
 */
export const isShort = (linked: number, missing: number): boolean => missing > HANDFUL && missing * 2 > linked;

/** So many of them, spread over all: what is missing in one stretch and what is missing here and there are both met. */
export function spread<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  const step = all.length / most;
  return Array.from({ length: most }, (_, n) => all[Math.floor(n * step)]).filter((each) => each !== undefined);
}

const PAUSE_MS = 100;

/** Asks again and again until there is an answer; throws, naming what it waited for, when the time is over. */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined>,
  pauseMs = PAUSE_MS,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`Waited ${limitMs / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

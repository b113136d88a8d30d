/** Waits for a condition, never for a while: fails after `limitMs` (10,000) and says what it waited for. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

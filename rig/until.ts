import { createServer } from "node:net";

/** Looks until it holds; throws in words when it does not in time. */
export async function until(
  what: string,
  withinMs: number,
  holds: () => Promise<boolean>,
  everyMs = 20,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`In ${withinMs} ms it did not come true that ${what}`);
    await new Promise((done) => setTimeout(done, everyMs));
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === "string") throw new Error("No port is free");
  return address.port;
}

import { playAll } from "./all.ts";
import { startServer } from "./database.ts";
import { readOptions } from "./options.ts";
import { tellCoverage, tellFailure } from "./report.ts";
import type { Answer } from "./worker.ts";

/** Plays histories and closes with one line: histories, steps, violations. Exits 1 on any violation. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    console.error(options);
    return 2;
  }
  const server = await startServer(process.env.KOBLING_TEST_DATABASE_URL);
  // What was played by then is told, and a server of ours does not outlive us.
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt.abort());
  try {
    const tell = (answer: Answer): void => console.log(tellFailure(answer, options));
    const sum = await playAll(options, server.url, tell, interrupt.signal);
    const { text, missing } = tellCoverage(sum.coverage, sum.histories);
    if (interrupt.signal.aborted) console.log("Interrupted.");
    else console.log(text);
    if (options.coverage && missing.length > 0)
      console.log(`Never reached:\n${missing.map((each) => `  ${each}`).join("\n")}`);
    const rate = (sum.playedMs / 1000 / Math.max(1, sum.histories)).toFixed(2);
    console.log(`${rate} s a history, ${options.workers} at once`);
    console.log(`${sum.histories} histories, ${sum.steps} steps, ${sum.violations} violations`);
    if (interrupt.signal.aborted) return sum.violations > 0 ? 1 : 130;
    return sum.violations > 0 || (options.coverage && missing.length > 0) || sum.histories === 0 ? 1 : 0;
  } finally {
    await server.stop();
  }
}

process.exitCode = await main(process.argv.slice(2));

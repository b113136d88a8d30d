import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Coverage } from "./coverage.ts";
import { dropGround } from "./database.ts";
import { type Options, seedAt } from "./options.ts";
import type { Answer, Ask } from "./worker.ts";

export interface Sum {
  histories: number;
  steps: number;
  violations: number;
  playedMs: number;
  readonly coverage: Coverage;
}

/** Shrinking one history takes at most this long; a run in a hurry does not shrink for ever. */
const SHRINK_MS = 120_000;
const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

/**
 * Plays the seeds of the options on several workers, each with a database of its own; failures are told as they come.
 * `stop`: ends at once, and gives what was played by then.
 */
export async function playAll(
  options: Options,
  serverUrl: string,
  onFailure: (answer: Answer) => void,
  stop?: AbortSignal,
): Promise<Sum> {
  const sum: Sum = { histories: 0, steps: 0, violations: 0, playedMs: 0, coverage: new Coverage() };
  const end = options.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.seconds * 1000;
  let next = 0;
  const take = (): Ask | undefined => {
    if (stop?.aborted === true || next >= options.runs || performance.now() >= end) return undefined;
    const seed = seedAt(options.seed, next);
    next += 1;
    const left =
      options.seconds === undefined ? SHRINK_MS : Math.min(SHRINK_MS, Math.max(10_000, end - performance.now()));
    return { seed, steps: options.steps, stories: options.stories, shrinkMs: options.keep ? left : 0 };
  };
  const add = (answer: Answer): void => {
    sum.histories += 1;
    sum.steps += answer.steps;
    sum.playedMs += answer.tookMs;
    sum.violations += answer.violations.length;
    sum.coverage.add(answer.counts);
    if (answer.violations.length > 0) onFailure(answer);
  };
  const names = Array.from({ length: options.workers }, (_, n) => `simulate_${process.pid}_${n + 1}`);
  await Promise.all(names.map((name) => work(serverUrl, name, take, add, stop)));
  return sum;
}

/** One worker from its start to its end. A worker that dies by itself is a fault of the simulator, and told. */
async function work(
  serverUrl: string,
  database: string,
  take: () => Ask | undefined,
  add: (answer: Answer) => void,
  stop: AbortSignal | undefined,
): Promise<void> {
  try {
    await untilEnd(serverUrl, database, take, add, stop);
  } finally {
    await dropGround(serverUrl, database);
  }
}

function untilEnd(
  serverUrl: string,
  database: string,
  take: () => Ask | undefined,
  add: (answer: Answer) => void,
  stop: AbortSignal | undefined,
): Promise<void> {
  return new Promise((done, failed) => {
    const worker = fork(WORKER, [serverUrl, database], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const end = (): unknown => worker.kill("SIGKILL"); // it may be in the middle of anything, and has nothing to keep
    stop?.addEventListener("abort", end);
    let asked: Ask | undefined;
    worker.on("message", (message: Answer | "ready") => {
      if (message !== "ready") add(message);
      asked = take();
      if (worker.connected) worker.send(asked ?? "end");
    });
    worker.on("exit", (code, signal) => {
      stop?.removeEventListener("abort", end);
      if (code === 0 || stop?.aborted === true) done();
      else failed(new Error(`A worker ended with ${code ?? signal} while it played seed ${asked?.seed}`));
    });
  });
}

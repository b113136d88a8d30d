import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TAIL_LINES = 30;
const STOP_MS = 20_000;

/** A process of ours, stopped by its id and no other way. */
export interface Child {
  readonly pid: number;
  /** Null while it runs; then how it ended. */
  readonly ended: () => string | null;
  /** The last lines that it wrote, for telling why it failed. */
  readonly tail: () => string;
  /** The first line of its stdout; rejects when it ends before. */
  readonly firstLine: Promise<string>;
  /** Asks it to end and waits; what does not end in 20 s is killed. Twice is once. */
  stop(): Promise<void>;
}

/**
 * Runs a program of this project by this very Node. In a process group of its own, so that Ctrl-C in the terminal reaches
 * only the demo, which then ends its children in their order.
 */
export function startChild(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const running = spawn(process.execPath, [program, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const lines: string[] = [];
  let ended: string | null = null;
  const gone = new Promise<void>((resolve) => {
    running.once("error", (error) => {
      ended = error.message;
      resolve();
    });
    running.once("exit", (code, signal) => {
      ended = signal === null ? `code ${code}` : `signal ${signal}`;
      resolve();
    });
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    readLines(running, (line, from) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
      if (from === "stdout") resolve(line);
    });
    void gone.then(() => reject(new Error(`${program} ended with ${ended} before it was ready:\n${lines.join("\n")}`)));
  });
  firstLine.catch(() => undefined); // not everybody waits for it; whoever does gets the rejection
  let stopping: Promise<void> | undefined;
  return {
    pid: running.pid ?? -1,
    ended: () => ended,
    tail: () => lines.join("\n"),
    firstLine,
    stop: () => {
      stopping ??= stop(running, gone, () => ended !== null);
      return stopping;
    },
  };
}

async function stop(child: ChildProcess, gone: Promise<void>, isGone: () => boolean): Promise<void> {
  if (isGone()) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
}

function readLines(child: ChildProcess, take: (line: string, from: "stdout" | "stderr") => void): void {
  for (const from of ["stdout", "stderr"] as const) {
    let rest = "";
    child[from]?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) take(line, from);
    });
  }
}

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STOP_MS = 30_000;

/** A program of this project in a process of its own; ended by its id and no other way. */
export interface Program {
  readonly pid: number;
  /** The first line of its stdout; rejects with its last words when it ends before. */
  readonly firstLine: Promise<string>;
  /** How it ended: rejects with its last words when not with code 0; gives all of its stdout. */
  readonly ended: Promise<string>;
  readonly isRunning: () => boolean;
  stop(): Promise<void>;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
}

export function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
  onLog: (text: string) => void = () => undefined,
): Program {
  const flags = [...nodeFlags, ...(process.env.BENCH_NODE_FLAGS?.split(" ") ?? [])]; // for a profile, say
  const child = spawn(process.execPath, [...flags, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let last = "";
  let running = true;
  // Whoever is interrupted leaves nothing running: what it started is asked to end, and ends in its own order.
  const leave = (): void => void child.kill("SIGTERM");
  process.once("exit", leave);
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const end = out.indexOf("\n");
      if (end !== -1) resolve(out.slice(0, end));
    });
    child.once("close", (code) => reject(new Error(`${args[0]} ended with ${code}:\n${last || out.slice(-2000)}`)));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    last = (last + text).slice(-4000);
    onLog(text);
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running = false;
      process.removeListener("exit", leave);
      if (code === 0) resolve(out);
      else reject(new Error(`${args[0]} ended with ${code}:\n${last || out.slice(-2000)}`));
    });
  });
  firstLine.catch(() => undefined); // whoever waits for it gets the rejection
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? -1,
    firstLine,
    ended,
    isRunning: () => running,
    async stop() {
      if (!running) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended.catch(() => undefined); // it was told to end
      clearTimeout(timer);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended.catch(() => undefined); // it was told to end
    },
  };
}

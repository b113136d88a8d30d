import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, until } from "./until.ts";

export interface Redis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** A Redis of our own that keeps nothing on disk, where the machine has one; undefined where it has not. */
export async function startRedis(wanted?: number): Promise<Redis | undefined> {
  const port = wanted ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), "kobling-redis-"));
  const flags = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", flags, { stdio: "ignore" });
  let gone = false;
  const ended = new Promise<void>((done) => {
    child.once("error", () => done());
    child.once("close", () => done());
  }).then(() => {
    gone = true;
  });
  await until("Redis listens or is not there", 10_000, async () => gone || (await isTaken(port)));
  const stop = async (signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> => {
    if (!gone) child.kill(signal);
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  if (!gone) return { url: `redis://127.0.0.1:${port}`, port, pid: child.pid ?? -1, stop };
  await stop();
  return undefined;
}

/** Is somebody listening there? */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
}

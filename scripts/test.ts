/**
 * `npm test`: the whole suite, on an own Redis server when the machine has one, and a closing line that a person and a
 * machine can read: `12 passed, 0 failed`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = join(root, "test-results", "results.json");

async function main(): Promise<number> {
  mkdirSync(join(root, "test-results"), { recursive: true });
  rmSync(results, { force: true });
  const redis = process.env.KOBLING_TEST_REDIS_URL === undefined ? await startRedis() : undefined;
  const environment = { ...process.env, ...(redis ? { KOBLING_TEST_REDIS_URL: redis.url } : {}) };
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const flags = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  try {
    const run = spawn(process.execPath, [vitest, ...flags, ...process.argv.slice(2)], {
      cwd: root,
      env: environment,
      stdio: "inherit",
    });
    const [code] = await once(run, "exit");
    return sum(code === 0);
  } finally {
    await redis?.stop();
  }
}

/** Prints the closing line; the exit code is not 0 also when the run failed outside of any test. */
function sum(isClean: boolean): number {
  if (!existsSync(results)) {
    console.log("The run ended before it wrote its results; see above.\n0 passed, 1 failed");
    return 1;
  }
  const report: {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    testResults: { status: string; name: string; assertionResults: unknown[] }[];
  } = JSON.parse(readFileSync(results, "utf8"));
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  for (const file of broken) console.log(`No test of ${file.name} could run.`);
  const failed = report.numFailedTests + broken.length;
  const isUnexplained = !isClean && failed === 0;
  if (isUnexplained) console.log("The run failed outside of its tests; see above.");
  const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : "";
  console.log(`${report.numPassedTests} passed, ${isUnexplained ? 1 : failed} failed${skipped}`);
  return failed > 0 || isUnexplained ? 1 : 0;
}

async function startRedis(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    console.log("No redis-server on this machine: the tests of the Redis backend are skipped.");
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "kobling-redis-"));
  const port = await freePort();
  const flags = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", flags, { stdio: "ignore" });
  await untilListening(server, port);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      server.kill();
      if (server.exitCode === null) await once(server, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === "string") throw new Error("A listening socket has no port");
  return address.port;
}

async function untilListening(server: ChildProcess, port: number): Promise<void> {
  while (server.exitCode === null) {
    const isOpen = await new Promise<boolean>((done) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => done(true)).once("error", () => done(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error("redis-server ended before it listened");
}

process.exitCode = await main();

import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Child, startChild } from "../../demo/child.ts";
import { type CheckedClient, checkedClient } from "./checked-client.ts";
import { until } from "./until.ts";

const READY_MS = 60_000;

export interface RunningGateway {
  readonly url: string;
  readonly child: Child;
  /** A client with this key, or the admin's; every answer is checked against the document that the process serves. */
  client(key?: string): Promise<CheckedClient>;
  /** Asks it to end, waits, and takes its folders away. */
  stop(): Promise<void>;
}

/** The whole gateway in a process of its own, on an embedded PostgreSQL in a folder of its own. */
export async function startGatewayProcess(config: object): Promise<RunningGateway> {
  const folder = mkdtempSync(join(tmpdir(), "kobling-e2e-"));
  chmodSync(folder, 0o711); // the embedded PostgreSQL may run as another user
  mkdirSync(join(folder, "config"));
  writeFileSync(join(folder, "config", "kobling.yaml"), stringify(config));
  const port = await freePort();
  const adminKey = `kob_${randomBytes(32).toString("base64url")}`;
  const url = `http://127.0.0.1:${port}`;
  const child = startChild("src/main.ts", [], {
    ...{ PORT: String(port), KOBLING_HOME: join(folder, "home"), KOBLING_CONFIG_DIR: join(folder, "config") },
    ...{ KOBLING_ADMIN_KEY: adminKey, DATABASE_URL: "", REDIS_URL: "", KOBLING_PROCESSES: "", LOG_LEVEL: "warn" },
  });
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(
      "the gateway is ready",
      async () => {
        if (child.ended() !== null) throw new Error(`The gateway ended with ${child.ended()}:\n${child.tail()}`);
        const answer = await fetch(`${url}/readyz`).catch(() => undefined); // not listening yet
        return answer?.ok === true;
      },
      READY_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const answerer = { request: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init) };
  return { url, child, stop, client: (key = adminKey) => checkedClient(answerer, key) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

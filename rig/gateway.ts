import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { request } from "undici";
import { type Program, startProgram } from "./program.ts";
import { freePort, until } from "./until.ts";

const READY_MS = 60_000;

/** The gateway as `npm start` runs it, on an embedded PostgreSQL of its own, with a client beside it that only looks. */
export interface RunningGateway {
  readonly program: Program;
  readonly url: string;
  readonly key: string;
  readonly databaseUrl: string;
  readonly sql: postgres.Sql;
  readonly home: string;
  call<T>(method: "GET" | "POST" | "PATCH", path: string, body?: unknown): Promise<T>;
  /** Previews and releases an object in every direction that the configuration wishes. */
  release(connection: string, object: string): Promise<void>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  /** Of `kobling.yaml`, JSON being YAML. */
  readonly connections: Readonly<Record<string, unknown>>;
  readonly redisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
}

const wide = { max: 100_000_000, percent: 100 };

/** Writes the configuration under a home and gives its folder. Guards are wide: a load looks like a disaster. */
export async function writeConfig(home: string, connections: GatewayOptions["connections"]): Promise<string> {
  const config = join(home, "config");
  await mkdir(config);
  const guards = { deletes: wide, clears: wide, overwrites: wide, creates: { max: wide.max } };
  await writeFile(join(config, "kobling.yaml"), JSON.stringify({ connections, guards }));
  return config;
}

export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const home = await mkdtemp(join(tmpdir(), "kobling-rig-"));
  await chmod(home, 0o755); // PostgreSQL may run as another user
  const config = await writeConfig(home, options.connections);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const key = `kob_rig_${randomBytes(32).toString("base64url")}`;
  const program = startProgram(
    ["src/main.ts"],
    {
      PORT: String(port),
      KOBLING_HOME: home,
      KOBLING_CONFIG_DIR: config,
      KOBLING_ADMIN_KEY: key,
      DATABASE_URL: "",
      REDIS_URL: options.redisUrl ?? "",
      KOBLING_PROCESSES: "",
      LOG_LEVEL: "warn",
      ...options.env,
    },
    options.nodeFlags,
  );
  let sql: postgres.Sql | undefined;
  const close = async (): Promise<void> => {
    await sql?.end({ timeout: 5 });
    await program.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await until("the gateway is ready", READY_MS, async () => {
      if (!program.isRunning()) await program.ended;
      const answer = await fetch(`${url}/readyz`).catch(() => undefined); // not listening yet
      return answer?.ok === true;
    });
    const databaseUrl = options.env?.DATABASE_URL ?? (await embeddedUrl(home));
    sql = postgres(databaseUrl, { max: 2, onnotice: () => undefined });
    return { program, url, key, databaseUrl, sql, home, ...gatewayClient(url, key), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Speaks to a running gateway, whichever process of it. */
export function gatewayClient(url: string, key: string): Pick<RunningGateway, "call" | "release"> {
  /** The answer is taken for what the API's own document says that it is. */
  async function call<T>(method: "GET" | "POST" | "PATCH", path: string, body?: unknown): Promise<T> {
    const answer = await request(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        "accept-language": "en",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
  return {
    call,
    async release(connection, object) {
      const { id } = await call<{ id: number }>("POST", `/v1/connections/${connection}/runs`, {
        kind: "preview",
        object,
      });
      await until(`the preview of ${connection}/${object} has ended`, 600_000, async () => {
        const run = await call<{ state: string; detail: unknown }>("GET", `/v1/runs/${id}`);
        if (run.state === "failed") throw new Error(`The preview failed: ${JSON.stringify(run.detail)}`);
        return run.state === "done";
      });
      await call("POST", `/v1/connections/${connection}/release`, { object, preview: id });
    },
  };
}

/** Where the embedded server of a data folder listens, by its own files. */
async function embeddedUrl(home: string): Promise<string> {
  const [, , , port] = (await readFile(join(home, "postgres", "postmaster.pid"), "utf8")).split("\n");
  const password = (await readFile(join(home, "postgres.password"), "utf8")).trim();
  return `postgres://kobling:${password}@127.0.0.1:${port?.trim()}/kobling`;
}

import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayClient, type RunningGateway, writeConfig } from "../rig/gateway.ts";
import { type Ledger, startLedger } from "../rig/ledger.ts";
import { type Program, startProgram } from "../rig/program.ts";
import { seeded } from "../rig/random.ts";
import { type Redis, startRedis } from "../rig/redis.ts";
import { freePort, until } from "../rig/until.ts";
import { Crm } from "./crm.ts";
import { type FaultDatabase, startDatabase } from "./database.ts";
import { type PostgresProxy, startPostgresProxy } from "./postgres-proxy.ts";
import { type RemoteProxy, startRemoteProxy } from "./remote-proxy.ts";

export type Backend = "postgres" | "redis";
export type GatewayProcess = "api" | "worker";
export const GATEWAY: readonly GatewayProcess[] = ["api", "worker"];

/** Everything that a run plays with, each a process of its own but the CRM and the proxies. */
export interface Stage {
  readonly backend: Backend;
  readonly random: () => number;
  readonly say: (text: string) => void;
  readonly database: FaultDatabase;
  /** Between each process of the gateway and PostgreSQL. */
  readonly wires: Readonly<Record<GatewayProcess, PostgresProxy>>;
  readonly ledger: Ledger;
  /** Between the gateway and the ledger. */
  readonly remote: RemoteProxy;
  readonly crm: Crm;
  readonly redis: () => Redis | undefined;
  readonly call: RunningGateway["call"];
  readonly release: RunningGateway["release"];
  readonly isRunning: (process: GatewayProcess) => boolean;
  kill(victim: GatewayProcess | "database"): Promise<void>;
  startAgain(victim: GatewayProcess | "database"): Promise<void>;
  /** Kills Redis and starts an empty one where it was. */
  restartRedis(): Promise<void>;
  /** Of the logs of the gateway: how often each event of level error or warn stood there. */
  readonly logged: () => ReadonlyMap<string, number>;
  /** Processes of the gateway that ended although nobody had killed them, with their last words. */
  readonly ownDeaths: () => readonly string[];
  close(): Promise<void>;
}

export interface StageOptions {
  readonly backend: Backend;
  readonly seed: number;
  /** Small runs poll more often. */
  readonly pollSeconds: number;
  /** Where the logs of the gateway shall be kept. */
  readonly logs?: string | undefined;
  readonly say: (text: string) => void;
}

const READY_MS = 90_000;
/** Creates are counted by the ledger's own log, so none of it may be dropped. */
const LOG_LIMIT = 3_000_000;

export async function openStage(options: StageOptions): Promise<Stage> {
  const { backend, seed, say } = options;
  const random = seeded(seed * 7919 + (backend === "redis" ? 1 : 0));
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const home = await mkdtemp(join(tmpdir(), "kobling-faults-"));
    await chmod(home, 0o755); // PostgreSQL may run as another user
    closers.push(() => rm(home, { recursive: true, force: true }));
    const database = await startDatabase(home);
    closers.push(() => database.stop());
    const ledger = await startLedger(LOG_LIMIT);
    closers.push(() => ledger.program.stop());
    const remote = await startRemoteProxy(Number(new URL(ledger.origin).port), random);
    closers.push(() => remote.close());
    let redis = backend === "redis" ? await startRedis() : undefined;
    closers.push(async () => redis?.stop());
    const wires = { api: await startPostgresProxy(database.url), worker: await startPostgresProxy(database.url) };
    for (const name of GATEWAY) closers.push(() => wires[name].close());

    const config = await writeConfig(home, connections(ledger, remote, options.pollSeconds));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const key = `kob_faults_${randomBytes(32).toString("base64url")}`;
    const logged = new Map<string, number>();
    const written: string[] = [];
    const ownDeaths: string[] = [];
    const programs = new Map<GatewayProcess, Program>();
    const killed = new Set<Program>();

    const start = (name: GatewayProcess): void => {
      const program = startProgram(
        ["src/main.ts"],
        {
          ...{ PORT: String(port), KOBLING_HOME: home, KOBLING_CONFIG_DIR: config, KOBLING_ADMIN_KEY: key },
          ...{ DATABASE_URL: wires[name].url, REDIS_URL: redis?.url ?? "", LOG_LEVEL: options.logs ? "info" : "warn" },
          KOBLING_PROCESSES: name === "api" ? "api" : "worker,scheduler",
        },
        [],
        (text) => {
          if (options.logs !== undefined) written.push(`${name} ${text}`);
          for (const [, event = ""] of text.matchAll(/"level":"(?:warn|error)".*?"event":"([\w.]+)"/g))
            logged.set(event, (logged.get(event) ?? 0) + 1);
        },
      );
      programs.set(name, program);
      program.ended.catch((error: Error) => {
        if (!killed.has(program)) ownDeaths.push(`${name}: ${error.message}`);
      });
    };
    const isReady = async (): Promise<boolean> => {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined); // not listening yet
      return answer?.ok === true;
    };
    closers.push(async () => {
      for (const program of programs.values()) killed.add(program);
      await Promise.all([...killed].map((program) => program.stop()));
      if (options.logs !== undefined) await writeFile(`${options.logs}/${backend}.log`, written.join(""));
    });
    start("api");
    await until("the api is ready", READY_MS, isReady, 50);
    start("worker");

    const { call, release } = gatewayClient(url, key);
    const crm = new Crm({ url, key, batch: 200, echoes: () => random() < 0.2 });
    closers.push(() => crm.stop());
    return {
      ...{ backend, random, say, database, wires, ledger, remote, crm, call, release, close },
      redis: () => redis,
      isRunning: (name) => programs.get(name)?.isRunning() === true,
      async kill(victim) {
        if (victim === "database") {
          await database.kill();
          for (const name of GATEWAY) await wires[name].pointAt(undefined);
          return;
        }
        const program = programs.get(victim);
        if (program === undefined) return;
        killed.add(program);
        await program.kill();
      },
      async startAgain(victim) {
        if (victim === "database") {
          const next = await database.startAgain();
          for (const name of GATEWAY) await wires[name].pointAt(next);
        } else start(victim);
        await until("the api is ready again", READY_MS, isReady, 50);
      },
      async restartRedis() {
        const before = redis;
        if (before === undefined) return;
        await before.stop("SIGKILL");
        await new Promise((done) => setTimeout(done, 1000));
        redis = await startRedis(before.port);
      },
      logged: () => logged,
      ownDeaths: () => ownDeaths,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Both ways, and made on both sides: a company of one system comes into being in the other. */
function connections(ledger: Ledger, remote: RemoteProxy, pollSeconds: number) {
  const two = { direction: "both", create: "both", poll: `${pollSeconds}s`, reconcile: "12h" };
  return {
    erp: {
      connector: "keybalance",
      settings: { baseUrl: ledger.baseUrl.replace(ledger.origin, remote.origin), token: ledger.token },
      limits: { requests: 5000, per: "1s" },
      quietMs: 1000,
      circuit: { failures: 5, halfOpenAfter: "2s" },
      objects: { debitor: { ...two, firstMeeting: "remote" } },
    },
    crm: { connector: "api", side: "crm", objects: { kundeemne: { ...two, firstMeeting: "crm" } } },
  };
}

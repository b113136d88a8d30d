import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createApi } from "./api/app.ts";
import { createMetrics } from "./api/metrics.ts";
import { formatFault } from "./config/faults.ts";
import { readMappings } from "./config/mappings.ts";
import { checkConfiguration, environment } from "./config.ts";
import { connectors } from "./connectors/index.ts";
import { type FolderLock, lockFolder } from "./lib/folder-lock.ts";
import { hashKey, newKey } from "./lib/secrets.ts";
import { bindGateway } from "./main/gateway.ts";
import { openDeps, openLog } from "./main/open.ts";
import { startThread } from "./main/thread.ts";
import { handlersOf, scheduleAll } from "./main/work.ts";
import { knownUnitNames } from "./model/catalogue.ts";
import { countDrift } from "./pipelines/agreement.ts";
import type { Deps } from "./pipelines/deps.ts";
import { replayErasures } from "./pipelines/erasure.ts";
import { createWebhookHttp } from "./pipelines/event-webhooks.ts";
import { createFeedWatch } from "./pipelines/feed.ts";
import { startFollowing } from "./pipelines/follow-wake.ts";
import { budgetOf } from "./pipelines/spending.ts";
import { hasAdminKey, setAdminKey } from "./store/api-keys.ts";
import { type EmbeddedPostgres, startEmbedded } from "./store/embedded.ts";
import { alert } from "./store/reviews.ts";

export interface Kobling {
  /** Base URL of the API; undefined when this process runs no api. */
  readonly url: string | undefined;
  /** The admin key, when it was made at this start. */
  readonly madeKey: string | undefined;
  readonly deps: Deps;
  /** Finishes or hands back what is in flight, then closes everything in order. */
  close(): Promise<void>;
}

const WORKER_CONCURRENCY = 8;
/** A connection on which nothing was said for so long is closed. */
const SILENCE_MS = 10 * 60_000;

/** Every fault of the environment and the configuration, told at once. */
export class ConfigurationFaults extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${faults.join("\n")}`);
    this.name = "ConfigurationFaults";
    this.faults = faults;
  }
}

/** Starts the processes that KOBLING_PROCESSES names. Throws ConfigurationFaults, or what hinders the start, in words. */
export async function startKobling(env: Readonly<Record<string, string | undefined>> = environment): Promise<Kobling> {
  const checked = checkConfiguration({
    env,
    connectors: Object.fromEntries(connectors.map((each) => [each.name, each])),
    knownFields: knownUnitNames,
  });
  const { settings, config, redactor, folder } = checked;
  const { mappings, faults, warnings } = readMappings({ folder, env, redactor, connectors });
  const all = [...checked.faults, ...faults];
  if (settings === undefined || config === undefined || all.length > 0)
    throw new ConfigurationFaults(all.map(formatFault));
  const log = openLog({ settings, redactor });
  for (const warning of [...checked.warnings, ...warnings])
    log.warn("configuration.unwise", { path: warning.path, rule: warning.rule });

  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    let { databaseUrl } = settings;
    if (databaseUrl === undefined) {
      const lock: FolderLock = lockFolder(settings.home);
      closers.push(() => lock.release());
      const embedded: EmbeddedPostgres = await startEmbedded(settings.home);
      closers.push(() => embedded.stop());
      databaseUrl = embedded.url;
    }
    redactor.add(new URL(databaseUrl).password);
    const opened = await openDeps({
      databaseUrl,
      redisUrl: settings.redisUrl,
      home: settings.home,
      embedded: settings.databaseUrl === undefined,
      configuration: { config, redactor },
      mappings,
      log,
    });
    const { deps, seal } = opened;
    closers.push(opened.close);
    const http = createWebhookHttp();
    closers.push(() => http.close());
    const webhooks = {
      sql: deps.db.sql,
      log,
      seal,
      newId: deps.newId,
      now: () => new Date(),
      http,
      alert: (text: string, ids: { readonly webhook: string }) =>
        alert(deps.db.sql, new Date().toISOString(), {
          reason: "webhook:given_up",
          externalId: ids.webhook,
          detail: { text },
        }),
      random: Math.random,
    };
    await replayErasures(deps);
    let madeKey: string | undefined;
    if (settings.adminKey !== undefined)
      await setAdminKey(deps.db.sql, { id: deps.newId(), hash: hashKey(settings.adminKey) });
    else if (!(await hasAdminKey(deps.db.sql))) {
      madeKey = newKey();
      await setAdminKey(deps.db.sql, { id: deps.newId(), hash: hashKey(madeKey) });
    }
    if (settings.processes.includes("worker") && settings.processes.includes("api")) {
      const theirs = { KOBLING_PROCESSES: "worker", DATABASE_URL: databaseUrl, KOBLING_ADMIN_KEY: undefined };
      const thread = await startThread({ ...env, ...theirs });
      closers.push(() => thread.close());
    } else if (settings.processes.includes("worker")) {
      const worker = deps.queue.startWorker(handlersOf(deps, webhooks), { concurrency: WORKER_CONCURRENCY });
      closers.push(() => worker.close());
      await worker.ready;
      const following = await startFollowing(deps);
      closers.push(() => following.close());
    }
    if (settings.processes.includes("scheduler")) await scheduleAll(deps);
    let url: string | undefined;
    if (settings.processes.includes("api")) {
      const watch = createFeedWatch(deps.db.sql);
      const api = createApi({
        sql: deps.db.sql,
        log,
        gateway: bindGateway(deps, webhooks),
        seal,
        newId: deps.newId,
        now: () => new Date(),
        connections: () =>
          Object.values(config.connections).map(({ name, connector, objects }) => ({
            name,
            connector,
            mode: deps.connectorOf(name).mode,
            isAudience: deps.connectorOf(name).audience !== undefined,
            ...(deps.connectorOf(name).directory === undefined ? {} : { budget: budgetOf(deps, name) }),
            objects: Object.entries(objects).map(([object, wish]) => ({
              object,
              side: wish.side,
              direction: wish.direction,
              create: wish.create,
              firstMeeting: wish.firstMeeting,
            })),
          })),
        countDrift: () => countDrift(deps),
        feedWatch: watch,
        leadOrigins: config.leads.origins,
        vocabularies: config.vocabularies,
        metrics: createMetrics(),
        version: versionOf(),
      });
      const { server, port } = await listen(api, settings.port);
      closers.push(() => closeServer(server));
      // Ends the long polls first, which the server would wait for.
      closers.push(() => watch.close());
      url = `http://localhost:${port}`;
      log.info("api.listening", { url, docs: `${url}/docs` });
    }
    return { url, madeKey, deps, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Server = ReturnType<typeof serve>;

function listen(
  api: { fetch: Parameters<typeof serve>[0]["fetch"] },
  port: number,
): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    // A push may be of any length: it is not the whole request that is timed, but a silence in it.
    const serverOptions = { requestTimeout: 0 };
    const server = serve({ fetch: api.fetch, port, serverOptions }, (info: AddressInfo) =>
      resolve({ server, port: info.port }),
    );
    if ("setTimeout" in server) server.setTimeout(SILENCE_MS);
    server.once("error", reject);
  });
}

/** Answers what is under way; idle keep-alive connections are closed. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeIdleConnections" in server) server.closeIdleConnections();
  });
}

function versionOf(): string {
  const read: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof read === "object" && read !== null && "version" in read ? String(read.version) : "";
}

/** Starts, shows a key that was made, and ends on SIGTERM or Ctrl-C when what is in flight is finished or handed back. */
export async function runUntilStopped(env: Readonly<Record<string, string | undefined>> = environment): Promise<void> {
  try {
    const kobling = await startKobling(env);
    if (kobling.madeKey !== undefined) process.stdout.write(`The admin key, shown this once: ${kobling.madeKey}\n`);
    let closing = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (closing) return;
      closing = true;
      kobling.deps.log.info("process.stopping", { signal });
      void kobling.close().then(() => process.exit(0));
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

if (import.meta.main) await runUntilStopped();

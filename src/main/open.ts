import { createHmac, randomFillSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { v7 } from "uuid";
import type { ReadMappings } from "../config/mappings.ts";
import type { Configuration } from "../config.ts";
import type { AudienceClient } from "../connectors/audience.ts";
import type { Client, ConnectDeps, ConnectorDefinition, Exchange, FileDrop } from "../connectors/connector.ts";
import { connectors } from "../connectors/index.ts";
import { appendFile } from "../lib/append-file.ts";
import { ConnectionError } from "../lib/errors.ts";
import { createLog, type Log } from "../lib/log.ts";
import { newKey, type Sealer, sealer } from "../lib/secrets.ts";
import { alignTilbudKr } from "../pipelines/dealing-sums.ts";
import type { Deps } from "../pipelines/deps.ts";
import { openLimits } from "../pipelines/limits.ts";
import { openWorkQueue } from "../pipelines/queues.ts";
import { chargeOf } from "../pipelines/spending.ts";
import { tokenStore } from "../pipelines/tokens.ts";
import { noteCircuit } from "../store/connections.ts";
import { type Database, migrate, openDatabase } from "../store/database.ts";
import { findDueWork } from "../store/due-work.ts";
import { registerLanes } from "../store/lanes.ts";

export interface Opened {
  readonly deps: Deps;
  readonly seal: Sealer;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  /** Folder of the sealing key; the data folder of an embedded database. */
  readonly home: string;
  readonly embedded: boolean;
  readonly configuration: Pick<Configuration, "config" | "redactor">;
  readonly mappings: ReadMappings["mappings"];
  readonly log: Log;
  readonly databaseConnections?: number;
  readonly sweepMs?: number;
}

const SECRET_FILE = "sealing.key";
/** Beside the key, and like it no part of a backup of the database. */
const ERASURES_FILE = "erasures.ndjson";

/** The key that seals secrets at rest; made once, readable by its owner only, and no part of the database. */
export function sealingSecret(home: string): string {
  mkdirSync(home, { recursive: true });
  const file = join(home, SECRET_FILE);
  if (!existsSync(file)) writeFileSync(file, newKey(), { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8");
}

/** Ids ordered by time (UUID v7). Their randomness is drawn in bulk: a call to the system for each costs more than all else of it. */
function newIds(): () => string {
  const BYTES = 16;
  const pool = new Uint8Array(BYTES * 512);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const random = pool.subarray(at, at + BYTES);
    at += BYTES;
    return v7({ random });
  };
}

/** Opens everything a process needs, in order, and says how to close it again. Migrates the database first. */
export async function openDeps(options: OpenOptions): Promise<Opened> {
  const { databaseUrl, redisUrl, home, log, mappings } = options;
  const { config, redactor } = options.configuration;
  await migrate(databaseUrl);
  const db: Database = openDatabase(databaseUrl, { max: options.databaseConnections ?? 12 });
  const limits = await openLimits({
    redisUrl,
    databaseUrl,
    connections: Object.fromEntries(
      Object.values(config.connections).map(({ name, limits: each, circuit }) => [name, { limits: each, circuit }]),
    ),
    log,
    onCircuit: (connection, restsMs) => {
      noteCircuit(db.sql, connection, restsMs).catch((error: unknown) =>
        log.warn("circuit.not_noted", { connection, error }),
      );
    },
  });
  const names = Object.keys(config.connections);
  const queue = openWorkQueue({
    redisUrl,
    databaseUrl,
    connections: names,
    log,
    sweep: () => findDueWork(db.sql),
    ...(options.sweepMs === undefined ? {} : { sweepMs: options.sweepMs }),
  });
  const secret = sealingSecret(home);
  const seal = sealer(secret, "rest");
  const clients = new Map<string, Client>();
  const exchanges = new Map<string, Exchange>();
  const audiences = new Map<string, AudienceClient>();
  const drops = new Map<string, FileDrop>();
  const connectDeps = (name: string, use?: "budgeted"): ConnectDeps => ({
    clock: { now: () => new Date() },
    tokens: tokenStore(db.sql, seal, name, Date.now),
    secret: redactor.add,
    charge: chargeOf({ db, connection, connectorOf }, name, use),
    mappings: Object.fromEntries([...(mappings.get(name) ?? [])].map(([object, { mapping }]) => [object, mapping])),
  });
  const connectorOf = (name: string): ConnectorDefinition => {
    const wanted = config.connections[name]?.connector;
    const found = connectors.find((each) => each.name === wanted);
    if (found === undefined)
      throw new ConnectionError("bad_configuration", `There is no connector for connection ${name}`, {
        context: { connection: name },
      });
    return found;
  };
  const connection: Deps["connection"] = (name) => {
    const found = config.connections[name];
    if (found === undefined)
      throw new ConnectionError("not_found", `Connection ${name} is not in the configuration`, {
        context: { connection: name },
      });
    return found;
  };
  const deps: Deps = {
    db,
    log,
    queue,
    limits,
    config,
    newId: newIds(),
    seal: {
      seal: seal.seal,
      open: seal.open,
      mac: (text) => createHmac("sha256", secret).update(text).digest("base64url"),
    },
    erasureLog: appendFile(join(home, ERASURES_FILE)),
    ...(options.embedded ? { dataFolder: home } : {}),
    connection,
    connectorOf,
    mappingOf: (name, object) => mappings.get(name)?.get(object)?.compiled,
    clientOf: (name, use) => {
      const connector = connectorOf(name);
      const key = connector.directory === undefined || use === undefined ? name : `${name} ${use}`;
      const open = clients.get(key);
      if (open !== undefined) return open;
      if (connector.connect === undefined)
        throw new ConnectionError(
          "cannot_be_asked",
          `Connection ${name} cannot be called: it pushes and pulls by itself`,
        );
      const client = connector.connect(connector.settings.parse(connection(name).settings), connectDeps(name, use));
      clients.set(key, client);
      return client;
    },
    audienceOf: (name) => {
      const open = audiences.get(name);
      if (open !== undefined) return open;
      const { audience, settings } = connectorOf(name);
      if (audience === undefined)
        throw new ConnectionError("cannot_be_asked", `Connection ${name} is no campaign tool`);
      const client = audience.connect(settings.parse(connection(name).settings), connectDeps(name));
      audiences.set(name, client);
      return client;
    },
    dropOf: (name) => {
      const open = drops.get(name);
      if (open !== undefined) return open;
      const connector = connectorOf(name);
      if (connector.drop === undefined)
        throw new ConnectionError("cannot_be_asked", `Connection ${name} takes no files`);
      const drop = connector.drop(connector.settings.parse(connection(name).settings), connectDeps(name));
      drops.set(name, drop);
      return drop;
    },
    exchangeOf: (name) => {
      const open = exchanges.get(name);
      if (open !== undefined) return open;
      const connector = connectorOf(name);
      if (connector.exchange === undefined)
        throw new ConnectionError("cannot_be_asked", `Connection ${name} exchanges no files`);
      const exchange = connector.exchange(connector.settings.parse(connection(name).settings), connectDeps(name));
      exchanges.set(name, exchange);
      return exchange;
    },
  };
  await registerLanes(
    db.sql,
    names.map((name) => ({
      connection: name,
      connector: connectorOf(name).name,
      objects: Object.entries(connection(name).objects).map(([object, { direction }]) => ({
        object,
        direction,
        mappingVersion: deps.mappingOf(name, object)?.version ?? "",
      })),
    })),
  );
  await alignTilbudKr(deps);
  return {
    deps,
    seal,
    close: async () => {
      await queue.close();
      await Promise.all(
        [...clients.values(), ...exchanges.values(), ...audiences.values(), ...drops.values()].map((each) =>
          each.close(),
        ),
      );
      await limits.close();
      await db.close();
    },
  };
}

export const openLog = (configuration: Pick<Configuration, "redactor" | "settings">): Log =>
  createLog({ level: configuration.settings.logLevel, redactor: configuration.redactor });

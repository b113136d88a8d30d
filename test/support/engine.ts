import { createHmac } from "node:crypto";
import { v7 } from "uuid";
import type { z } from "zod";
import { resolveConfig } from "../../src/config/resolved.ts";
import { configSchema } from "../../src/config/schema.ts";
import type { AudienceClient } from "../../src/connectors/audience.ts";
import type { Client, ConnectDeps, Exchange, FileDrop } from "../../src/connectors/connector.ts";
import { connectors } from "../../src/connectors/index.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { redactor, sealer } from "../../src/lib/secrets.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import type { CompiledMapping, Mapping } from "../../src/mappings/mapping.ts";
import { makeDocuments } from "../../src/pipelines/conversions/documents.ts";
import { deliver } from "../../src/pipelines/deliver.ts";
import type { Deps } from "../../src/pipelines/deps.ts";
import { ingestAndReadAgain } from "../../src/pipelines/listing.ts";
import { release } from "../../src/pipelines/preview.ts";
import type { WorkQueue } from "../../src/pipelines/queues.ts";
import { poll, startRun, workRuns } from "../../src/pipelines/runs.ts";
import { chargeOf } from "../../src/pipelines/spending.ts";
import { tokenStore } from "../../src/pipelines/tokens.ts";
import { workUndos } from "../../src/pipelines/undo.ts";
import type { Database } from "../../src/store/database.ts";
import { registerLanes } from "../../src/store/lanes.ts";
import { createTestDatabase } from "./database.ts";

export const person = { kind: "person", name: "test" } as const;

export interface Engine {
  readonly deps: Deps;
  /** What was said to be due, in order, as `kind key`. */
  readonly due: string[];
  /** Previews and releases an object in the directions that configuration wishes. */
  open(connection: string, object: string): Promise<void>;
  /** Polls every released object of the connections, then decides and delivers until nothing is due. */
  settle(...connections: string[]): Promise<void>;
  /** Decides and delivers what is due, without reading anything anew. */
  work(): Promise<void>;
  close(): Promise<void>;
}

type Input = z.input<typeof configSchema> | { connections: Record<string, unknown>; [part: string]: unknown };

/** The real pipelines on a real database, driven step by step by the test; only the queue is a list. */
export async function startEngine(
  config: Input,
  options: { mappings?: Record<string, Mapping>; database?: Database; log?: Log } = {},
): Promise<Engine> {
  // A restart of the gateway: the same database under another configuration.
  const database = options.database ?? (await createTestDatabase());
  const read = configSchema.parse(config);
  const resolved = resolveConfig(read, Object.fromEntries(connectors.map((each) => [each.name, each])));
  const masks = redactor();
  const log =
    options.log ??
    createLog({ level: process.env.KOBLING_TEST_LOG === undefined ? "silent" : "debug", redactor: masks });
  const due: string[] = [];
  const queue: WorkQueue = {
    backend: "postgres",
    due: async (kind, key) => {
      due.push(`${kind} ${key}`);
      return true;
    },
    schedule: async () => undefined,
    unschedule: async () => undefined,
    startWorker: () => {
      throw new Error("The test drives the steps itself");
    },
    close: async () => undefined,
  };
  const compiled = new Map<string, Map<string, { mapping: Mapping; compiled: CompiledMapping }>>();
  for (const [name, connection] of Object.entries(resolved.connections)) {
    const objects = new Map<string, { mapping: Mapping; compiled: CompiledMapping }>();
    for (const object of Object.keys(connection.objects)) {
      const mapping =
        options.mappings?.[`${name}.${object}`] ??
        connectors.find((each) => each.name === connection.connector)?.mappings[object];
      if (mapping === undefined) throw new Error(`No mapping for ${name}.${object}`);
      const result = compileMapping(mapping);
      if ("faults" in result) throw new Error(result.faults.join("; "));
      objects.set(object, { mapping, compiled: result.mapping });
    }
    compiled.set(name, objects);
  }
  const sealed = sealer("a secret of tests only, long enough", "rest");
  const clients = new Map<string, Client>();
  const exchanges = new Map<string, Exchange>();
  const audiences = new Map<string, AudienceClient>();
  const drops = new Map<string, FileDrop>();
  const connectDeps = (name: string, use?: "budgeted"): ConnectDeps => ({
    clock: { now: () => new Date() },
    tokens: tokenStore(database.sql, sealed, name, Date.now),
    secret: masks.add,
    charge: chargeOf({ db: database, connection, connectorOf }, name, use),
    mappings: Object.fromEntries([...(compiled.get(name) ?? [])].map(([object, { mapping }]) => [object, mapping])),
  });
  const connectorOf: Deps["connectorOf"] = (name) => {
    const found = connectors.find((each) => each.name === resolved.connections[name]?.connector);
    if (found === undefined) throw new Error(`No connector for ${name}`);
    return found;
  };
  const connection: Deps["connection"] = (name) => {
    const found = resolved.connections[name];
    if (found === undefined) throw new Error(`No connection ${name}`);
    return found;
  };
  const deps: Deps = {
    db: database,
    log,
    queue,
    limits: {
      take: async () => undefined,
      call: (_name, call) => call(),
      circuitOf: () => "closed",
      close: async () => undefined,
    },
    config: resolved,
    newId: () => v7(),
    seal: { ...sealed, mac: (text) => createHmac("sha256", "test").update(text).digest("base64url") },
    connection,
    connectorOf,
    mappingOf: (name, object) => compiled.get(name)?.get(object)?.compiled,
    clientOf: (name, use) => {
      const connector = connectorOf(name);
      const key = connector.directory === undefined || use === undefined ? name : `${name} ${use}`;
      const known = clients.get(key);
      if (known !== undefined) return known;
      if (connector.connect === undefined) throw new Error(`${name} cannot be called`);
      const client = connector.connect(connector.settings.parse(connection(name).settings), connectDeps(name, use));
      clients.set(key, client);
      return client;
    },
    audienceOf: (name) => {
      const open = audiences.get(name);
      if (open !== undefined) return open;
      const { audience, settings } = connectorOf(name);
      if (audience === undefined) throw new Error(`${name} is no campaign tool`);
      const client = audience.connect(settings.parse(connection(name).settings), connectDeps(name));
      audiences.set(name, client);
      return client;
    },
    dropOf: (name) => {
      const open = drops.get(name);
      if (open !== undefined) return open;
      const connector = connectorOf(name);
      if (connector.drop === undefined) throw new Error(`${name} takes no files`);
      const drop = connector.drop(connector.settings.parse(connection(name).settings), connectDeps(name));
      drops.set(name, drop);
      return drop;
    },
    exchangeOf: (name) => {
      const known = exchanges.get(name);
      if (known !== undefined) return known;
      const connector = connectorOf(name);
      if (connector.exchange === undefined) throw new Error(`${name} exchanges no files`);
      const exchange = connector.exchange(connector.settings.parse(connection(name).settings), connectDeps(name));
      exchanges.set(name, exchange);
      return exchange;
    },
  };
  await registerLanes(
    database.sql,
    Object.values(resolved.connections).map((each) => ({
      connection: each.name,
      connector: each.connector,
      objects: Object.entries(each.objects).map(([object, { direction }]) => ({
        object,
        direction,
        mappingVersion: deps.mappingOf(each.name, object)?.version ?? "",
      })),
    })),
  );
  const called = Object.keys(resolved.connections);
  const work = async (): Promise<void> => {
    for (let round = 0; round < 10; round += 1) {
      due.length = 0;
      await workUndos(deps);
      for (const name of called) {
        await workRuns(deps, name);
        await ingestAndReadAgain(deps, name);
      }
      let sent = 0;
      for (const name of called) {
        sent += (await deliver(deps, name)).leased;
        if (connectorOf(name).mode === "call") sent += await makeDocuments(deps, name);
      }
      if (sent === 0 && !due.some((each) => each.startsWith("ingest") || each.startsWith("run"))) return;
    }
  };
  return {
    deps,
    due,
    work,
    async open(name, object) {
      const { id } = await startRun(deps, { connection: name, object, kind: "preview", by: person });
      await workRuns(deps, name);
      await release(deps, { connection: name, object, preview: id, by: person });
      await work();
    },
    async settle(...names) {
      for (const name of names.length > 0 ? names : called) {
        if (connectorOf(name).mode !== "call") continue;
        for (const object of Object.keys(connection(name).objects)) await poll(deps, name, object, "delta");
      }
      await work();
    },
    async close() {
      await Promise.all(
        [...clients.values(), ...exchanges.values(), ...audiences.values(), ...drops.values()].map((each) =>
          each.close(),
        ),
      );
    },
  };
}

import { createHash, createHmac } from "node:crypto";
import type { KoblingConfig } from "../src/config/resolved.ts";
import type { Client, ConnectorDefinition, Page } from "../src/connectors/connector.ts";
import { createLog } from "../src/lib/log.ts";
import { redactor, sealer } from "../src/lib/secrets.ts";
import type { CompiledMapping } from "../src/mappings/mapping.ts";
import type { Deps } from "../src/pipelines/deps.ts";
import type { WorkQueue } from "../src/pipelines/queues.ts";
import { type Database, openDatabase, type Sql, type Tx } from "../src/store/database.ts";
import { Life } from "./life.ts";
import type { CalledName, Remotes } from "./remotes/remotes.ts";

export interface Installation {
  readonly url: string;
  readonly remotes: Remotes;
  readonly config: () => KoblingConfig;
  readonly connectors: Readonly<Record<string, ConnectorDefinition>>;
  readonly mappings: ReadonlyMap<string, CompiledMapping>;
  /** New ids, in order: the same history makes the same ones. */
  readonly nextId: () => number;
  readonly nowMs: () => number;
  /** An await was passed, or a process died there. */
  readonly note: (point: string, died: boolean) => void;
}

/** One process of the gateway: the real pipelines on a connection pool of its own, until it dies. */
export interface Process {
  readonly name: string;
  readonly deps: Deps;
  readonly life: Life;
  /** Drops its connections, as the death of a process does. */
  drop(): Promise<void>;
}

const CONNECTIONS = 4;
let processes = 0;

export function startProcess(installation: Installation): Process {
  processes += 1;
  const name = `sim-${process.pid}-${processes}`;
  const life = new Life(installation.note);
  const database = openDatabase(installation.url, { max: CONNECTIONS, applicationName: name });
  const watched: Database = { ...database, sql: watchSql(database.sql, life) };
  const log = createLog({
    level: process.env.KOBLING_TEST_LOG === undefined ? "silent" : "debug",
    redactor: redactor(),
  });
  const queue: WorkQueue = {
    backend: "postgres",
    due: (kind) => life.pass(`queue.${kind}`, async () => true),
    schedule: async () => undefined,
    unschedule: async () => undefined,
    startWorker: () => {
      throw new Error("A history drives the steps itself");
    },
    close: async () => undefined,
  };
  const connection: Deps["connection"] = (asked) => {
    const found = installation.config().connections[asked];
    if (found === undefined) throw new Error(`No connection ${asked}`);
    return found;
  };
  const connectorOf: Deps["connectorOf"] = (asked) => {
    const found = installation.connectors[connection(asked).connector];
    if (found === undefined) throw new Error(`No connector for ${asked}`);
    return found;
  };
  const clients = new Map<string, Client>();
  const deps: Deps = {
    db: watched,
    log,
    queue,
    limits: {
      take: () => life.pass("limits", async () => undefined),
      call: (_name, call) => call(),
      circuitOf: () => "closed",
      close: async () => undefined,
    },
    get config() {
      return installation.config();
    },
    newId: () => idFrom(installation.nowMs(), installation.nextId()),
    seal: {
      ...sealer("a secret of histories only, long enough", "rest"),
      mac: (text) => createHmac("sha256", "simulate").update(text).digest("base64url"),
    },
    connection,
    connectorOf,
    mappingOf: (asked, object) => installation.mappings.get(`${asked}/${object}`),
    clientOf: (asked) => {
      const known = clients.get(asked) ?? watchClient(installation.remotes.called[asked as CalledName].client(), life);
      clients.set(asked, known);
      return known;
    },
    dropOf: () => {
      throw new Error("No history exports");
    },
    audienceOf: () => {
      throw new Error("No history has a campaign tool");
    },
    exchangeOf: (asked) => {
      throw new Error(`${asked} exchanges no files in a history`);
    },
  };
  return {
    name,
    deps,
    life,
    drop: async () => {
      life.end();
      // Ended without waiting: what it was at is rolled back.
      await database.sql.end({ timeout: 0 });
    },
  };
}

/** A UUID of version 7 from the virtual time and a running number. */
function idFrom(ms: number, number: number): string {
  const hash = createHash("sha256").update(`id ${number}`).digest("hex");
  const time = ms.toString(16).padStart(12, "0");
  const count = (number % 4096).toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-8${hash.slice(0, 3)}-${hash.slice(3, 15)}`;
}

/** The client of the store with every await passed through the life of the process. */
function watchSql(sql: Sql, life: Life): Sql {
  const begin = (...args: unknown[]): Promise<unknown> => {
    const act = args.at(-1) as (tx: Tx) => Promise<unknown>;
    const inside = async (tx: Tx): Promise<unknown> => {
      const answer = await act(watchQueries(tx, life, "tx"));
      await life.pass("commit", async () => undefined);
      return answer;
    };
    const run = sql.begin as unknown as (...all: unknown[]) => Promise<unknown>; // of its several signatures none fits all
    return life.pass("begin", () => run(...args.slice(0, -1), inside));
  };
  return Object.assign(watchQueries(sql, life, "sql"), { begin });
}

/** A query is a promise that runs when it is awaited; a part of a larger one never is. */
function watchQueries<C extends Sql | Tx>(client: C, life: Life, kind: string): C {
  const tagged = (...args: unknown[]): unknown => {
    const made: unknown = Reflect.apply(client as unknown as (...all: unknown[]) => unknown, undefined, args);
    return made instanceof Promise ? life.watch(kind, made) : made;
  };
  const unsafe = (...args: Parameters<Sql["unsafe"]>): unknown => life.watch(kind, client.unsafe(...args));
  return Object.assign(tagged, client, { unsafe }) as unknown as C; // the store uses nothing else of it
}

const watchClient = (client: Client, life: Life): Client => ({
  ...client,
  get: (...args) => life.pass("remote.get", () => client.get(...args)),
  create: (...args) => life.pass("remote.create", () => client.create(...args)),
  update: (...args) => life.pass("remote.update", () => client.update(...args)),
  list: (...args) => watchPages(client.list(...args), life),
});

async function* watchPages(pages: AsyncIterable<Page>, life: Life): AsyncGenerator<Page> {
  const each = pages[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await life.pass("remote.list", () => each.next());
    if (done === true) return;
    yield value;
  }
}

import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import { Redis } from "ioredis";
import pg from "pg";
import {
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterStoreAbstract,
} from "rate-limiter-flexible";
import { RetryableError, UncertainError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { FORGETFUL, SteadyClient } from "./steady-client.ts";

export type CircuitName = "closed" | "open" | "half_open";

/** Of one connection. */
export interface Limit {
  /** Undefined: not limited. */
  readonly limits: { readonly requests: number; readonly perMs: number } | undefined;
  readonly circuit: { readonly failures: number; readonly halfOpenAfterMs: number };
}

export interface Limits {
  /**
   * Waits for a request of the connection to be allowed, across all processes. A wait longer than `longestWaitMs` is not
   * sat out: RetryableError `limit_reached` with the wait. An open circuit: RetryableError `circuit_open`.
   */
  take(connection: string): Promise<void>;
  /** One call to the remote: `take`, then the call, whose failures the circuit counts. */
  call<T>(connection: string, call: () => Promise<T>): Promise<T>;
  /** The circuit as this process sees it. */
  circuitOf(connection: string): CircuitName;
  close(): Promise<void>;
}

export interface LimitsOptions {
  /** Without it the counts stand in PostgreSQL. */
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
  readonly connections: Readonly<Record<string, Limit>>;
  readonly log: Log;
  /** 2,000. */
  readonly longestWaitMs?: number;
  /** Told when a circuit opens, with how long it rests, and with null when it closes. */
  readonly onCircuit?: (connection: string, restsMs: number | null) => void;
}

const LONGEST_WAIT_MS = 2000;
const TABLE = "kobling_request_limits";
const STORE_CONNECTIONS = 2;

/** Opens its own small pool to where the counts stand. Connections that have no limit cost nothing. */
export async function openLimits(options: LimitsOptions): Promise<Limits> {
  const { connections, log, longestWaitMs = LONGEST_WAIT_MS } = options;
  const store = await openStore(options);
  const limiters = new Map<string, () => Promise<number>>();
  const circuits = new Map<string, Circuit>();
  for (const [name, { limits, circuit }] of Object.entries(connections)) {
    if (limits) limiters.set(name, taker(store.limiter(name, limits), name, limits.requests));
    circuits.set(name, newCircuit(name, circuit, log, options.onCircuit));
  }

  const take = async (connection: string): Promise<void> => {
    const waitMs = circuits.get(connection)?.waitMs() ?? 0;
    if (waitMs > 0) throw circuitIsOpen(connection, waitMs);
    const limiter = limiters.get(connection);
    if (!limiter) return;
    const began = Date.now();
    for (;;) {
      const waitMs = await limiter();
      if (waitMs === 0) return;
      if (Date.now() - began + waitMs > longestWaitMs) {
        const context = { connection };
        throw new RetryableError("limit_reached", "The connection's request limit is used up", {
          retryAfterMs: waitMs,
          context,
        });
      }
      await new Promise((done) => setTimeout(done, waitMs));
    }
  };

  return {
    take,
    async call(connection, call) {
      await take(connection);
      const circuit = circuits.get(connection);
      if (!circuit) return await call();
      try {
        return await circuit.policy.execute(call);
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw circuitIsOpen(connection, Math.max(1, circuit.waitMs()));
        throw error;
      }
    },
    circuitOf: (connection) => nameOf(circuits.get(connection)?.policy.state),
    close: store.close,
  };
}

interface Store {
  limiter(name: string, limits: { readonly requests: number; readonly perMs: number }): RateLimiterStoreAbstract;
  close(): Promise<void>;
}

async function openStore({ redisUrl, databaseUrl, connections, log }: LimitsOptions): Promise<Store> {
  if (!Object.values(connections).some((each) => each.limits)) {
    return { limiter: () => fail("No store was opened for limits"), close: async () => undefined };
  }
  if (redisUrl !== undefined) {
    const client = new Redis(redisUrl, { retryStrategy: () => 1000, maxRetriesPerRequest: 1 });
    client.on("error", (error: Error) => log.debug("limits.lost", { error }));
    return {
      limiter: (name, limits) =>
        new RateLimiterRedis({ ...pointsOf(limits), storeClient: client, keyPrefix: `{kobling:${name}}:limit` }),
      close: async () => client.disconnect(),
    };
  }
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: STORE_CONNECTIONS,
    application_name: "kobling-limits",
    options: FORGETFUL,
    Client: SteadyClient,
  });
  pool.on("error", (error) => log.debug("limits.lost", { error }));
  await createTable(pool);
  return {
    limiter: (_, limits) =>
      new RateLimiterPostgres({
        ...pointsOf(limits),
        storeClient: pool,
        storeType: "pool",
        tableName: TABLE,
        tableCreated: true,
        keyPrefix: "limit",
        clearExpiredByTimeout: false, // one row a connection
      }),
    close: () => pool.end(),
  };
}

const pointsOf = ({ requests, perMs }: { readonly requests: number; readonly perMs: number }) => ({
  points: requests,
  duration: perMs / 1000,
});

/** The table as rate-limiter-flexible reads it; made here so that many processes may start at once. */
async function createTable(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtext($1))", [TABLE]);
    await client.query(
      `create table if not exists ${TABLE} (key varchar(255) primary key, points integer not null default 0, expire bigint)`,
    );
    await client.query("commit");
  } finally {
    client.release();
  }
}

/** At most this part of a limit is taken from the store at once, by a process that calls at that pace; what is left over lapses. */
const PART_OF_LIMIT = 100;
const MOST_AT_ONCE = 250;

/**
 * Takes one request a call: 0 when it may go, else how long to wait in ms. Of a wide limit several are taken at once, so
 * that a fast remote does not cost a statement a request; never more than the limit over all processes.
 */
function taker(limiter: RateLimiterStoreAbstract, connection: string, requests: number): () => Promise<number> {
  const atOnce = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(requests / PART_OF_LIMIT)));
  let left = 0;
  let until = 0;
  let filling: Promise<number> | undefined;
  const fill = async (): Promise<number> => {
    try {
      const taken = await limiter.consume(connection, atOnce);
      left = atOnce;
      until = Date.now() + taken.msBeforeNext;
      return 0;
    } catch (error) {
      if (error instanceof RateLimiterRes) return Math.max(1, error.msBeforeNext);
      throw new RetryableError("limit_reached", "The store of request limits cannot be reached", {
        cause: error,
        context: { connection },
      });
    }
  };
  return async () => {
    while (left === 0 || Date.now() >= until) {
      // Many callers at once ask the store once.
      filling ??= fill().finally(() => {
        filling = undefined;
      });
      const waitMs = await filling;
      if (waitMs > 0) return waitMs;
    }
    left -= 1;
    return 0;
  };
}

interface Circuit {
  readonly policy: CircuitBreakerPolicy;
  /** Until a call may probe the remote again; 0 when calls may go. */
  waitMs(): number;
}

function newCircuit(
  connection: string,
  { failures, halfOpenAfterMs }: Limit["circuit"],
  log: Log,
  onCircuit: LimitsOptions["onCircuit"],
): Circuit {
  const policy = circuitBreaker(handleWhen(isRemoteFailure), {
    halfOpenAfter: halfOpenAfterMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  let openUntil = 0;
  policy.onBreak(() => {
    openUntil = Date.now() + halfOpenAfterMs;
    log.warn("circuit.opened", { connection, failures });
    onCircuit?.(connection, halfOpenAfterMs);
  });
  policy.onReset(() => {
    log.info("circuit.closed", { connection });
    onCircuit?.(connection, null);
  });
  const waitMs = () => (policy.state === CircuitState.Open ? Math.max(0, openUntil - Date.now()) : 0);
  return { policy, waitMs };
}

const OF_LIMITS: ReadonlySet<string> = new Set(["rate_limited", "limit_reached", "budget_used_up"]);

/** The remote is away or failing. That it asks us to slow down is no failure: its own waiting time does that. */
const isRemoteFailure = (error: unknown) =>
  (error instanceof RetryableError && !OF_LIMITS.has(error.code)) || error instanceof UncertainError;

const circuitIsOpen = (connection: string, retryAfterMs: number) =>
  new RetryableError("circuit_open", "The remote has failed several times in a row; calls pause for a while", {
    context: { connection },
    retryAfterMs,
  });

function nameOf(state: CircuitState | undefined): CircuitName {
  if (state === CircuitState.Open || state === CircuitState.Isolated) return "open";
  return state === CircuitState.HalfOpen ? "half_open" : "closed";
}

const fail = (message: string): never => {
  throw new Error(message);
};

import { coalesce } from "../lib/coalesce.ts";
import type { Log } from "../lib/log.ts";
import { type JobQueue, OWN_LANE, postgresBackend, type QueueBackend, redisBackend, TICK } from "./queue-backend.ts";
import { type Handlers, type RunningWorker, startWorkers, type WorkerSettings } from "./worker.ts";

/** Something is due: which kind of work, and for whom. Nothing else is ever in the queue; PostgreSQL holds what. */
export interface DueWork {
  readonly kind: string;
  /** Begins with the name of its connection where it belongs to one: `erp`, `erp/debitor`. */
  readonly key: string;
}

export interface WorkQueue {
  readonly backend: "redis" | "postgres";
  /**
   * Says that something is due. Of many calls while the work waits one job stands; a call while it runs makes it run once
   * more. Never throws: false means that the queue could not be reached, and the sweep will say it again.
   */
  due(kind: string, key: string): Promise<boolean>;
  /** Says so every `everyMs` from now on, whichever process runs; calling again changes the interval. */
  schedule(kind: string, key: string, everyMs: number): Promise<void>;
  unschedule(kind: string, key: string): Promise<void>;
  /** Takes up work by kind until closed; a kind without a handler here is left to fail and be swept. */
  startWorker(handlers: Handlers, settings: WorkerSettings): RunningWorker;
  /** Workers finish what they are at, then the queues close. Stop the server after this, never before. */
  close(): Promise<void>;
}

export interface WorkQueueOptions {
  /** Without it the queue lives in PostgreSQL. */
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
  /** Names of the connections: each has a queue of its own on Redis. */
  readonly connections: readonly string[];
  readonly log: Log;
  /** What is due by PostgreSQL's account; asked at every reconnect and every `sweepMs`. Must be cheap and may repeat itself. */
  readonly sweep?: () => Promise<readonly DueWork[]>;
  /** 5,000. */
  readonly sweepMs?: number;
}

const SWEEP_MS = 5000;
const CLOSE_MS = 2000;
const RESCHEDULE_MS = 30_000;
/** A job is tried until it succeeds, is final, or its kind has no more work; the back-off is the worker's. */
const MOST_ATTEMPTS = 1_000_000;
const JOB_OPTIONS = { attempts: MOST_ATTEMPTS, backoff: { type: "custom" }, removeOnComplete: true, removeOnFail: 100 };

/** Connects in the background: a server that is away at start is waited for, not fatal. */
export function openWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { redisUrl, databaseUrl, connections, log, sweep, sweepMs = SWEEP_MS } = options;
  const backend = redisUrl === undefined ? postgresBackend(databaseUrl) : redisBackend(redisUrl, connections);
  const queues = new Map(backend.queues.map((name) => [name, backend.openQueue(name)]));
  const queueOf = (key: string) => getQueue(queues, backend, key);
  const schedules = new Map<string, DueWork & { everyMs: number }>();
  const workers = new Set<RunningWorker>();
  let isAway = false;

  const away = (error: unknown) => {
    if (!isAway) log.warn("queue.lost", { backend: backend.kind, error });
    isAway = true;
  };
  const back = () => {
    if (isAway) log.info("queue.found", { backend: backend.kind });
    isAway = false;
  };

  const add = coalesce(async (id: string): Promise<boolean> => {
    const [kind = "", key = ""] = id.split("|");
    try {
      const deduplication = { id, keepLastIfActive: true };
      await queueOf(key).add(kind, { key }, { ...JOB_OPTIONS, deduplication });
      back();
      return true;
    } catch (error) {
      away(error);
      return false;
    }
  });
  const due = (kind: string, key: string): Promise<boolean> => add(`${kind}|${key}`);

  const reschedule = async () => {
    try {
      for (const { kind, key, everyMs } of schedules.values()) await upsert(queueOf(key), kind, key, everyMs);
    } catch (error) {
      away(error);
    }
  };
  const sweepNow = async () => {
    try {
      for (const { kind, key } of (await sweep?.()) ?? []) if (!(await due(kind, key))) return;
    } catch (error) {
      log.warn("sweep.failed", { error });
    }
  };
  const sweeping = setInterval(sweepNow, sweepMs);
  // FLUSHALL, and a Redis restarted without persistence, lose the schedulers for good
  const rescheduling = setInterval(reschedule, RESCHEDULE_MS);
  backend.onError(away);
  backend.onReconnect(() => {
    back();
    void reschedule().then(sweepNow);
  });

  return {
    backend: backend.kind,
    due,
    async schedule(kind, key, everyMs) {
      schedules.set(`${kind}|${key}`, { kind, key, everyMs });
      await upsert(queueOf(key), kind, key, everyMs).catch(away); // the timer tries again
    },
    async unschedule(kind, key) {
      schedules.delete(`${kind}|${key}`);
      await queueOf(key).removeJobScheduler(`${kind}|${key}`);
    },
    startWorker(handlers, settings) {
      const running = startWorkers(backend, handlers, { ...settings, due, log, isAway: () => isAway });
      workers.add(running);
      return running;
    },
    async close() {
      clearInterval(sweeping);
      clearInterval(rescheduling);
      await Promise.all([...workers].map((worker) => worker.close()));
      const closed = Promise.all([...queues.values()].map((queue) => queue.close())).catch(away);
      await Promise.race([closed, new Promise((done) => setTimeout(done, isAway ? 0 : CLOSE_MS))]);
      await backend.close();
    },
  };
}

const upsert = (queue: JobQueue, kind: string, key: string, everyMs: number) =>
  queue.upsertJobScheduler(
    `${kind}|${key}`,
    { every: everyMs },
    { name: TICK, data: { key, kind }, opts: { removeOnComplete: true, removeOnFail: 100 } },
  );

/** The queue of the connection that the key begins with; names of connections are of a–z, 0–9 and -. */
function getQueue(queues: ReadonlyMap<string, JobQueue>, backend: QueueBackend, key: string): JobQueue {
  const lane = /^[a-z][a-z0-9-]*/.exec(key)?.[0] ?? OWN_LANE;
  const queue = queues.get(backend.queueOf(lane));
  if (!queue) throw new Error(`No queue for ${lane}`);
  return queue;
}

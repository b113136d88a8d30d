import { createPostgresBackend, type Job, Queue, Worker, type WorkerOptions } from "bullmq";
import { Redis } from "ioredis";
import { FORGETFUL, SteadyClient } from "./steady-client.ts";

/**
 * The two homes of the queue, alike to whoever uses them: BullMQ on Redis, and BullMQ on PostgreSQL. On Redis each connection
 * has a queue of its own, whose keys share a hash tag, so that a cluster spreads connections over its nodes; on
 * PostgreSQL one queue serves all (each queue costs connections there).
 */
export interface QueueBackend {
  readonly kind: "redis" | "postgres";
  /** Names of the queues that there are; `queueOf` says which one a lane's jobs stand in. */
  readonly queues: readonly string[];
  queueOf(lane: string): string;
  openQueue(name: string): JobQueue;
  openWorker(name: string, process: (job: Job) => Promise<void>, options: JobWorkerOptions): JobWorker;
  /** Told when the server is there again after it was away. */
  onReconnect(listener: () => void): void;
  onError(listener: (error: Error) => void): void;
  /** After all queues and workers were closed, or when they cannot be because the server is away: drops all connections. */
  close(): Promise<void>;
}

export type JobQueue = Pick<
  Queue,
  "add" | "upsertJobScheduler" | "getJobSchedulers" | "removeJobScheduler" | "close" | "waitUntilReady"
>;
export type JobWorker = Pick<Worker, "close" | "waitUntilReady">;
export type JobWorkerOptions = Omit<WorkerOptions, "connection" | "prefix">;

/** Queue of jobs that belong to no connection. */
export const OWN_LANE = "kobling";
/** Kind of the jobs that schedulers make: they only say that the work is due, so that it never runs beside itself. */
export const TICK = "tick";
const RECONNECT_MS = 1000;
const POSTGRES_CONNECTIONS = 3;
export const QUEUE_SCHEMA = "kobling_queue";

/** `lanes` are the connections there are. Connections to the server are opened by the queues and workers. */
export function redisBackend(url: string, lanes: readonly string[]): QueueBackend {
  const queues = [OWN_LANE, ...lanes];
  const listeners = newListeners();
  // fails within a second or two while Redis is away: what is due stands in PostgreSQL, and the sweep adds it later
  const producer = new Redis(url, { retryStrategy: () => RECONNECT_MS, maxRetriesPerRequest: 1, lazyConnect: true });
  producer.on("error", listeners.failed);
  producer.on("ready", listeners.reconnected);
  const consumer = new Redis(url, { retryStrategy: () => RECONNECT_MS, maxRetriesPerRequest: null, lazyConnect: true });
  consumer.on("error", listeners.failed);
  // a worker blocks on a copy of its own, and while Redis is away only its end ends the worker
  const copies: Redis[] = [];
  const duplicate = consumer.duplicate.bind(consumer);
  consumer.duplicate = (...options) => {
    const copy = duplicate(...options);
    copies.push(copy);
    return copy;
  };
  const opened = new Set<Redis>();
  const use = async (client: Redis) => {
    if (opened.has(client)) return;
    opened.add(client);
    await client.connect().catch(listeners.failed); // it goes on trying by itself
  };
  return {
    ...listeners.hooks,
    kind: "redis",
    queues,
    queueOf: (lane) => (queues.includes(lane) ? lane : OWN_LANE),
    openQueue(name) {
      void use(producer);
      const queue = new Queue("work", { connection: producer, prefix: hashTag(name), skipWaitingForReady: true });
      queue.on("error", listeners.failed);
      return queue;
    },
    openWorker(name, process, options) {
      void use(consumer);
      const worker = new Worker("work", process, { ...options, connection: consumer, prefix: hashTag(name) });
      worker.on("error", listeners.failed);
      return worker;
    },
    async close() {
      for (const client of [producer, consumer, ...copies]) client.disconnect();
    },
  };
}

const hashTag = (name: string) => `{kobling:${name}}`;

export function postgresBackend(databaseUrl: string): QueueBackend {
  const listeners = newListeners();
  const connection = {
    connectionString: databaseUrl,
    schema: QUEUE_SCHEMA,
    max: POSTGRES_CONNECTIONS,
    migrate: true,
    application_name: "kobling-queue",
    options: FORGETFUL,
    Client: SteadyClient,
  };
  return {
    ...listeners.hooks,
    kind: "postgres",
    queues: [OWN_LANE],
    queueOf: () => OWN_LANE,
    openQueue: () =>
      reopening(() => {
        const queue = new Queue("work", { connection }, createPostgresBackend);
        queue.on("error", listeners.failed);
        return queue as unknown as JobQueue; // the same methods; the class names its backend in its type
      }),
    openWorker(_, process, options) {
      const worker = new Worker("work", process, { ...options, connection }, createPostgresBackend);
      worker.on("error", listeners.failed);
      return worker;
    },
    close: async () => undefined,
  };
}

/**
 * BullMQ remembers for ever that PostgreSQL was away, or full, when a queue was opened: nothing could be added to it until
 * the process is started again. Such a queue is opened anew at its next use.
 */
function reopening(open: () => JobQueue): JobQueue {
  let queue = open();
  let again: Promise<void> | undefined;
  const reopen = async (): Promise<void> => {
    await queue.close().catch(() => undefined); // it was never open
    queue = open();
    await queue.waitUntilReady();
  };
  const opened = async (): Promise<JobQueue> => {
    try {
      await queue.waitUntilReady();
    } catch {
      again ??= reopen().finally(() => {
        again = undefined;
      });
      await again;
    }
    return queue;
  };
  return {
    add: async (...job) => (await opened()).add(...job),
    upsertJobScheduler: async (...scheduler) => (await opened()).upsertJobScheduler(...scheduler),
    getJobSchedulers: async (...range) => (await opened()).getJobSchedulers(...range),
    removeJobScheduler: async (id) => (await opened()).removeJobScheduler(id),
    waitUntilReady: async () => (await opened()).waitUntilReady(),
    close: () => queue.close(),
  };
}

function newListeners() {
  const onReconnect: (() => void)[] = [];
  const onError: ((error: Error) => void)[] = [];
  return {
    hooks: {
      onReconnect: (listener: () => void) => void onReconnect.push(listener),
      onError: (listener: (error: Error) => void) => void onError.push(listener),
    },
    reconnected: () => {
      for (const listener of onReconnect) listener();
    },
    failed: (error: Error) => {
      for (const listener of onError) listener(error);
    },
  };
}

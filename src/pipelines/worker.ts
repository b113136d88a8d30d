import { type Job, UnrecoverableError } from "bullmq";
import { z } from "zod";
import { ConnectionError, RejectedError, RetryableError, StaleError, UncertainError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type QueueBackend, TICK } from "./queue-backend.ts";

/** The steps, by kind of work. A step throws the errors of src/lib/errors.ts and may run twice. */
export type Handlers = Readonly<Record<string, (key: string) => Promise<void>>>;

export interface WorkerSettings {
  /** Jobs at once: per connection on Redis, in all on PostgreSQL. */
  readonly concurrency: number;
  /** First wait after a failure without a time of its own, in ms; doubles up to a minute. 1,000. */
  readonly backoffMs?: number;
}

export interface RunningWorker {
  /** Resolves when it listens. */
  readonly ready: Promise<void>;
  /** Takes no more work and finishes what it is at; after `graceMs` (25,000) it hands the rest back. */
  close(graceMs?: number): Promise<void>;
}

interface WorkerDeps extends WorkerSettings {
  readonly due: (kind: string, key: string) => Promise<boolean>;
  readonly log: Log;
  /** The queue's server cannot be reached: what is at hand is finished, but nobody can be told. */
  readonly isAway: () => boolean;
}

/** A job of a killed worker is taken up by another after at most these two together. */
const LOCK_MS = 5000;
const STALLED_CHECK_MS = 2500;
/** A job that killed its worker this often fails; PostgreSQL still says that the work is due, and the sweep adds it. */
const MOST_KILLS = 5;
const GRACE_MS = 25_000;
const BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 60_000;

const payload = z.strictObject({ key: z.string(), kind: z.string().optional() });

export function startWorkers(backend: QueueBackend, handlers: Handlers, deps: WorkerDeps): RunningWorker {
  let inHand = 0;
  const process = async (job: Job) => {
    inHand += 1;
    try {
      await runJob(job, handlers, deps);
    } finally {
      inHand -= 1;
    }
  };
  const workers = backend.queues.map((name) =>
    backend.openWorker(name, process, {
      concurrency: deps.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MOST_KILLS,
      settings: {
        backoffStrategy: (attempt, _type, error) => retryDelayMs(attempt, error, deps.backoffMs ?? BACKOFF_MS),
      },
    }),
  );
  let closing: Promise<void> | undefined;
  return {
    ready: Promise.all(workers.map((worker) => worker.waitUntilReady())).then(() => undefined),
    close(graceMs = GRACE_MS) {
      closing ??= closeAll(workers, graceMs, () => inHand === 0 && deps.isAway());
      return closing;
    },
  };
}

async function runJob(job: Job, handlers: Handlers, { due, log }: WorkerDeps): Promise<void> {
  const { key, kind } = payload.parse(job.data);
  if (job.name === TICK) {
    await due(kind ?? "", key);
    return;
  }
  const handler = handlers[job.name];
  if (!handler) throw new UnrecoverableError(`No step for work of kind ${job.name}`);
  try {
    await handler(key);
  } catch (error) {
    const fields = { kind: job.name, key, attempt: job.attemptsMade + 1, error };
    if (isFinal(error)) {
      log.warn("work.stopped", fields);
      throw new UnrecoverableError(messageOf(error));
    }
    if (isExpected(error)) log.debug("work.postponed", fields);
    else log.error("work.failed", fields);
    throw error;
  }
}

/** An account that needs its owner, and a record that cannot pass, are not helped by trying again. */
const isFinal = (error: unknown) => error instanceof ConnectionError || error instanceof RejectedError;
const isExpected = (error: unknown) =>
  error instanceof RetryableError || error instanceof UncertainError || error instanceof StaleError;
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What the remote asked for, however long; else a doubling wait with a spread, so that failures do not march in step. */
export function retryDelayMs(attempt: number, error: unknown, firstMs: number): number {
  if (error instanceof RetryableError && error.retryAfterMs !== undefined) return error.retryAfterMs;
  const wait = Math.min(LONGEST_BACKOFF_MS, firstMs * 2 ** Math.min(attempt - 1, 16));
  return Math.round(wait * (0.75 + Math.random() / 4));
}

interface Closable {
  close(force?: boolean): Promise<void>;
}

const LOOK_MS = 50;

/** Ends when the workers did, when they cannot because the server is away, or late: then the locks of their jobs run out. */
async function closeAll(workers: readonly Closable[], graceMs: number, isPointless: () => boolean): Promise<void> {
  const finished = Promise.all(workers.map((worker) => worker.close())).then(() => true);
  for (const end = Date.now() + graceMs; Date.now() < end && !isPointless(); ) {
    const look = new Promise<boolean>((done) => setTimeout(() => done(false), LOOK_MS));
    if (await Promise.race([finished, look])) return;
  }
  finished.catch(() => undefined); // its connections are dropped next
}

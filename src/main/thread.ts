import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a batch makes is dropped with it: with room for some batches, little of it is copied by the garbage collector. */
const YOUNG_MIB = 128;

export interface WorkerThread {
  /** Finishes or hands back what is in flight. */
  close(): Promise<void>;
}

/**
 * Runs the processes that this environment names on a thread of their own, so that requests are answered while a batch is
 * decided. Resolves when they run; what kills the thread later kills the process, as if it were one.
 */
export async function startThread(env: Readonly<Record<string, string | undefined>>): Promise<WorkerThread> {
  const thread = new Worker(new URL("./worker-thread.ts", import.meta.url), {
    workerData: { env },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  await once(thread, "message"); // rejects when it fails to start
  let closing = false;
  thread.on("error", (error) => {
    throw error;
  });
  thread.on("exit", (code) => {
    if (!closing) throw new Error(`The thread of the worker ended with ${code}`);
  });
  return {
    async close() {
      closing = true;
      const ended = once(thread, "exit");
      thread.postMessage("close");
      await ended;
    },
  };
}

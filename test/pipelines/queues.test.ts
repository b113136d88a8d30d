import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { startPostgresProxy } from "../../faults/postgres-proxy.ts";
import { ConnectionError, RetryableError } from "../../src/lib/errors.ts";
import { openLimits } from "../../src/pipelines/limits.ts";
import { openWorkQueue, type WorkQueue, type WorkQueueOptions } from "../../src/pipelines/queues.ts";
import { retryDelayMs } from "../../src/pipelines/worker.ts";
import { quietLog } from "../support/quiet-log.ts";
import { openQueueServers, type QueueServer } from "../support/servers.ts";
import { until } from "../support/until.ts";

const servers = await openQueueServers();
const opened: WorkQueue[] = [];
let made = 0;

afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});

/** A queue of its own: the connection's name is new each time, so tests do not meet on one server. */
function open(server: QueueServer, options: Partial<WorkQueueOptions> = {}) {
  made += 1;
  const connection = `erp-${process.pid}-${made}`;
  const { log, lines } = quietLog();
  const queue = openWorkQueue({
    redisUrl: server.redisUrl,
    databaseUrl: server.databaseUrl,
    connections: [connection],
    log,
    ...options,
  });
  opened.push(queue);
  return { queue, connection, lines };
}

describe.each(servers)("on $backend", (server) => {
  test("what is said to be due is done, with the key and nothing else", async () => {
    const { queue, connection } = open(server);
    const done: unknown[][] = [];
    const worker = queue.startWorker(
      { ingest: async (...told: unknown[]) => void done.push(told) },
      { concurrency: 2 },
    );
    await worker.ready;
    expect(await queue.due("ingest", connection)).toBe(true);
    await until("the work was done", () => done.length === 1);
    expect(done).toEqual([[connection]]);
  });

  test("of many calls while the work runs one more run follows, and never two at once", async () => {
    const { queue, connection } = open(server);
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    let atOnce = 0;
    let mostAtOnce = 0;
    const ingest = async () => {
      runs += 1;
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      if (runs === 1) await gate.promise;
      atOnce -= 1;
    };
    await queue.startWorker({ ingest }, { concurrency: 4 }).ready;
    await queue.due("ingest", connection);
    await until("the first run began", () => runs === 1);
    for (let call = 0; call < 5; call += 1) await queue.due("ingest", connection);
    gate.resolve();
    await until("the second run ended", () => runs === 2 && atOnce === 0);
    await queue.due("ingest", connection);
    await until("a call after that is a third run", () => runs === 3);
    expect(mostAtOnce).toBe(1);
  });

  test("work that may succeed later is tried again after the time the remote named", async () => {
    const { queue, connection } = open(server);
    const began: number[] = [];
    const deliver = async () => {
      began.push(Date.now());
      if (began.length === 1) throw new RetryableError("rate_limited", "Slow down", { retryAfterMs: 700 });
    };
    await queue.startWorker({ deliver }, { concurrency: 1 }).ready;
    await queue.due("deliver", connection);
    await until("the second try", () => began.length === 2);
    expect((began[1] ?? 0) - (began[0] ?? 0)).toBeGreaterThanOrEqual(690);
  });

  test("a fault of ours is told and tried again", async () => {
    const { queue, connection, lines } = open(server);
    let tries = 0;
    const ingest = async () => {
      tries += 1;
      if (tries < 3) throw new TypeError("nobody foresaw it");
    };
    await queue.startWorker({ ingest }, { concurrency: 1, backoffMs: 20 }).ready;
    await queue.due("ingest", connection);
    await until("the third try", () => tries === 3);
    expect(lines.filter((line) => line.event === "work.failed")).toHaveLength(2);
  });

  test("an account that needs its owner is not tried again by itself, but may be said to be due again", async () => {
    const { queue, connection, lines } = open(server);
    let tries = 0;
    const poll = async () => {
      tries += 1;
      throw new ConnectionError("unauthorized", "The remote does not accept our credentials");
    };
    await queue.startWorker({ poll }, { concurrency: 1, backoffMs: 1 }).ready;
    await queue.due("poll", connection);
    await until("it was told", () => lines.some((line) => line.event === "work.stopped"));
    await until("the next call is taken", async () => (await queue.due("poll", connection)) && tries >= 2);
    expect(lines.filter((line) => line.event === "work.stopped").length).toBeLessThanOrEqual(tries);
  });

  test("scheduled work is due again and again, and no more once unscheduled", async () => {
    const { queue, connection } = open(server);
    let polls = 0;
    await queue.startWorker(
      {
        poll: async () => {
          polls += 1;
        },
      },
      { concurrency: 1 },
    ).ready;
    await queue.schedule("poll", connection, 100);
    await queue.schedule("poll", connection, 100);
    await until("three polls", () => polls >= 3);
    await queue.unschedule("poll", connection);
  });

  test("what the sweep finds is due though nobody said so", async () => {
    const done: string[] = [];
    const { queue, connection } = open(server, {
      sweep: async () => (done.length === 0 ? [{ kind: "ingest", key: connectionOf() }] : []),
      sweepMs: 50,
    });
    function connectionOf() {
      return connection;
    }
    await queue.startWorker({ ingest: async (key) => void done.push(key) }, { concurrency: 1 }).ready;
    await until("the sweep was heard", () => done.length > 0);
    expect(done[0]).toBe(connection);
  });

  test("closing waits for the work in hand", async () => {
    const { queue, connection } = open(server);
    const gate = Promise.withResolvers<void>();
    let state = "waiting";
    const ingest = async () => {
      state = "running";
      await gate.promise;
      state = "finished";
    };
    await queue.startWorker({ ingest }, { concurrency: 1 }).ready;
    await queue.due("ingest", connection);
    await until("it runs", () => state === "running");
    const closed = queue.close();
    gate.resolve();
    await closed;
    opened.splice(opened.indexOf(queue), 1);
    expect(state).toBe("finished");
  });

  test("the work of a killed worker is taken up by another within seconds", async () => {
    const { queue, connection } = open(server);
    const queues = fileURLToPath(new URL("../../src/pipelines/queues.ts", import.meta.url));
    const log = fileURLToPath(new URL("../support/quiet-log.ts", import.meta.url));
    const program = `
      const { openWorkQueue } = await import(${JSON.stringify(queues)});
      const { quietLog } = await import(${JSON.stringify(log)});
      const queue = openWorkQueue({ ...${JSON.stringify({ ...server, connections: [connection] })}, log: quietLog().log });
      const ingest = async () => { console.log("taken"); await new Promise(() => {}); };
      queue.startWorker({ ingest }, { concurrency: 1 });`;
    const worker = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await queue.due("ingest", connection);
    await once(worker.stdout, "data");
    worker.kill("SIGKILL");
    await once(worker, "exit");
    const killedAt = Date.now();
    const done: string[] = [];
    await queue.startWorker({ ingest: async (key) => void done.push(key) }, { concurrency: 1 }).ready;
    await until("another took it up", () => done.length === 1, 15_000);
    expect(Date.now() - killedAt).toBeLessThan(10_000);
  });
});

test.each(servers)("closing ends soon though $backend is away", async (server) => {
  const wire = await openWire(new URL(server.redisUrl ?? server.databaseUrl));
  const { queue, connection } = open(
    server,
    server.redisUrl === undefined ? { databaseUrl: wire.url } : { redisUrl: wire.url },
  );
  await queue.startWorker({ ingest: async () => undefined }, { concurrency: 1 }).ready;
  await queue.due("ingest", connection);
  await wire.cut();
  await until("it is told as away", async () => !(await queue.due("ingest", connection)));
  const began = Date.now();
  await queue.close();
  opened.splice(opened.indexOf(queue), 1);
  expect(Date.now() - began).toBeLessThan(5000);
});

/** A way to a server that can be cut and mended. */
async function openWire(
  target: URL,
): Promise<{ url: string; cut(): Promise<void>; mend(): Promise<void>; end(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const mend = async () => {
    server = createServer((socket) => {
      const far = dial(Number(target.port), target.hostname);
      for (const end of [socket, far]) {
        sockets.add(end);
        end.on("error", () => end.destroy()).on("close", () => sockets.delete(end));
      }
      socket.pipe(far).pipe(socket);
    });
    await new Promise<void>((done) => server?.listen(port, "127.0.0.1", done));
    const address = server.address();
    if (address !== null && typeof address !== "string") port = address.port;
  };
  const cut = async () => {
    const closed = server && once(server, "close");
    server?.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    server = undefined;
  };
  await mend();
  const url = new URL(target.href);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return { url: url.href, cut, mend, end: cut };
}

describe.each(servers)("with the way to $backend cut", (server) => {
  test("saying that something is due fails at once, harms nobody, and the sweep says it again", async () => {
    const wire = await openWire(new URL(server.redisUrl ?? server.databaseUrl));
    const owed = new Set<string>();
    const { queue, connection } = open(server, {
      ...(server.redisUrl === undefined ? { databaseUrl: wire.url } : { redisUrl: wire.url }),
      sweep: async () => [...owed].map((key) => ({ kind: "deliver", key })),
      sweepMs: 100,
    });
    const done: string[] = [];
    const deliver = async (key: string) => {
      done.push(key);
      owed.delete(key);
    };
    await queue.startWorker({ deliver }, { concurrency: 1 }).ready;
    await queue.due("deliver", connection);
    await until("the first was done", () => done.length === 1);

    await wire.cut();
    owed.add(connection);
    const began = Date.now();
    await until("it is told as away", async () => !(await queue.due("deliver", connection)));
    expect(Date.now() - began).toBeLessThan(3000);
    expect(done).toHaveLength(1);

    await wire.mend();
    await until("the sweep brought it in", () => done.length >= 2, 20_000);
    await queue.close();
    opened.splice(opened.indexOf(queue), 1);
    await wire.end();
  });
});

describe.each(servers.filter((server) => server.redisUrl !== undefined))("on $backend", (server) => {
  test("keys of one connection share a hash tag, and a flushed Redis gets its schedules back at the next connection", async () => {
    const wire = await openWire(new URL(server.redisUrl ?? ""));
    const { queue, connection } = open(server, { redisUrl: wire.url });
    let polls = 0;
    await queue.startWorker(
      {
        poll: async () => {
          polls += 1;
        },
      },
      { concurrency: 1 },
    ).ready;
    await queue.schedule("poll", connection, 100);
    await until("it polls", () => polls >= 1);
    const redis = new Redis(server.redisUrl ?? "");
    const keys = await redis.keys(`*${connection}*`);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !key.startsWith(`{kobling:${connection}}`))).toEqual([]);
    await redis.del(keys);
    redis.disconnect();
    const pollsThen = polls;
    await wire.cut();
    await wire.mend();
    await until("it polls again", () => polls > pollsThen + 1, 15_000);
    await queue.close();
    opened.splice(opened.indexOf(queue), 1);
    await wire.end();
  });
});

test("a queue that PostgreSQL had no room for when it was opened is opened once there is room", async () => {
  const [server] = servers.filter((each) => each.backend === "postgres");
  if (server === undefined) throw new Error("There is always PostgreSQL");
  const proxy = await startPostgresProxy(server.databaseUrl);
  try {
    proxy.refuse({ code: "53300", message: "sorry, too many clients already" });
    const { queue, connection } = open({ ...server, databaseUrl: proxy.url });
    expect(await queue.due("ingest", connection)).toBe(false);
    proxy.refuse(undefined);
    await expect.poll(() => queue.due("ingest", connection), { timeout: 10_000 }).toBe(true);
    await opened.pop()?.close();
  } finally {
    await proxy.close();
  }
});

test("a queue or a store of limits whose connection is lost while it makes its tables ends no process", async () => {
  const [server] = servers.filter((each) => each.backend === "postgres");
  if (server === undefined) throw new Error("There is always PostgreSQL");
  const proxy = await startPostgresProxy(server.databaseUrl);
  try {
    const ledger = proxy.hold("statement", ({ text }) => text.includes("bullmq") || text.includes("migration"));
    const { queue, connection } = open({ ...server, databaseUrl: proxy.url });
    const said = queue.due("ingest", connection);
    await ledger.sprung;
    proxy.terminateAll();
    // Vitest fails where an error event is heard by nobody.
    expect(await said).toBe(true);
    await opened.pop()?.close();

    const limit = { limits: { requests: 1, perMs: 1000 }, circuit: { failures: 5, halfOpenAfterMs: 1000 } };
    const table = proxy.hold("statement", ({ text }) => text.includes("kobling_request_limits"));
    const limits = openLimits({ databaseUrl: proxy.url, connections: { erp: limit }, log: quietLog().log });
    const failed = limits.then(
      () => "opened",
      () => "failed",
    );
    await table.sprung;
    proxy.terminateAll();
    expect(await failed).toBe("failed");
  } finally {
    await proxy.close();
  }
});

test("the wait doubles up to a minute, and a time that the remote names is kept however long", () => {
  const waits = [1, 2, 3, 20].map((attempt) => retryDelayMs(attempt, new Error("any"), 1000));
  for (const [at, longest] of [1000, 2000, 4000, 60_000].entries()) {
    expect(waits[at]).toBeGreaterThanOrEqual(longest * 0.75);
    expect(waits[at]).toBeLessThanOrEqual(longest);
  }
  expect(retryDelayMs(1, new RetryableError("rate_limited", "Slow", { retryAfterMs: 86_400_000 }), 1000)).toBe(
    86_400_000,
  );
});

import { afterEach, describe, expect, test } from "vitest";
import { RejectedError, RetryableError, UncertainError } from "../../src/lib/errors.ts";
import { type Limit, type Limits, openLimits } from "../../src/pipelines/limits.ts";
import { quietLog } from "../support/quiet-log.ts";
import { openQueueServers, type QueueServer } from "../support/servers.ts";
import { until } from "../support/until.ts";

const servers = await openQueueServers();
const opened: Limits[] = [];
let made = 0;

afterEach(async () => {
  for (const limits of opened.splice(0)) await limits.close();
});

const CALM = { failures: 3, halfOpenAfterMs: 200 };

async function open(
  server: QueueServer,
  connections: Record<string, Limit>,
  more: { longestWaitMs?: number; onCircuit?: (connection: string, restsMs: number | null) => void } = {},
): Promise<Limits> {
  const limits = await openLimits({ ...server, connections, log: quietLog().log, longestWaitMs: 0, ...more });
  opened.push(limits);
  return limits;
}

const newName = () => {
  made += 1;
  return `erp-${process.pid}-${made}`;
};

describe.each(servers)("counted on $backend", (server) => {
  test("all processes together get as many requests as the limit says, and a refused one names its wait", async () => {
    const name = newName();
    const connections = { [name]: { limits: { requests: 5, perMs: 60_000 }, circuit: CALM } };
    const [one, other] = [await open(server, connections), await open(server, connections)];
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? one : other).take(name)),
    );
    const refused = asked.filter((each) => each.status === "rejected").map((each) => each.reason);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ name: "RetryableError", code: "limit_reached", context: { connection: name } });
    expect(refused[0].retryAfterMs).toBeGreaterThan(50_000);
  });

  test("a short wait is sat out, and one connection's limit does not hold another", async () => {
    const [name, free] = [newName(), newName()];
    const connections = {
      [name]: { limits: { requests: 1, perMs: 1000 }, circuit: CALM },
      [free]: { limits: undefined, circuit: CALM },
    };
    const limits = await open(server, connections, { longestWaitMs: 5000 });
    const began = Date.now();
    await limits.take(name);
    await limits.take(free);
    await limits.take(name);
    expect(Date.now() - began).toBeGreaterThan(500);
  });
});

describe("the circuit", () => {
  const [server] = servers;
  if (!server) throw new Error("PostgreSQL is always there");
  const down = async () => Promise.reject(new RetryableError("unreachable", "away"));

  test("opens after failures in a row, lets one call through after a while, and closes when that succeeds", async () => {
    const name = newName();
    const told: unknown[] = [];
    const onCircuit = (...said: unknown[]) => void told.push(said);
    const limits = await open(server, { [name]: { limits: undefined, circuit: CALM } }, { onCircuit });
    for (let at = 0; at < CALM.failures; at += 1) {
      expect(limits.circuitOf(name)).toBe("closed");
      await expect(limits.call(name, down)).rejects.toMatchObject({ code: "unreachable" });
    }
    expect(limits.circuitOf(name)).toBe("open");
    await expect(limits.call(name, down)).rejects.toMatchObject({ name: "RetryableError", code: "circuit_open" });
    expect(told).toEqual([[name, CALM.halfOpenAfterMs]]);
    await until("a call gets through", () => limits.call(name, async () => true).catch(() => false));
    expect(limits.circuitOf(name)).toBe("closed");
    expect(told.slice(1)).toEqual([[name, null]]);
  });

  test("stays closed when the remote refuses a record or asks to slow down, and counts uncertain writes", async () => {
    const name = newName();
    const limits = await open(server, { [name]: { limits: undefined, circuit: CALM } });
    const answers = [new RejectedError("refused_by_remote", "no"), new RetryableError("rate_limited", "slow")];
    for (let at = 0; at < 10; at += 1) {
      await expect(limits.call(name, async () => Promise.reject(answers[at % 2]))).rejects.toBe(answers[at % 2]);
    }
    expect(limits.circuitOf(name)).toBe("closed");
    for (let at = 0; at < CALM.failures; at += 1) {
      const uncertain = new UncertainError("timeout", "late");
      await expect(limits.call(name, async () => Promise.reject(uncertain))).rejects.toBe(uncertain);
    }
    expect(limits.circuitOf(name)).toBe("open");
  });
});

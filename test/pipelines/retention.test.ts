import { afterAll, beforeAll, expect, test } from "vitest";
import { backpressure, receive } from "../../src/pipelines/receive.ts";
import { retain } from "../../src/pipelines/retention.ts";
import { setNow } from "../../src/store/clock.ts";
import { type Engine, startEngine } from "../support/engine.ts";

let engine: Engine;
const connection = "erp";
const DAY_MS = 86_400_000;

beforeAll(async () => {
  engine = await startEngine({
    connections: { erp: { connector: "api", objects: { debitor: { direction: "both", create: "in" } } } },
    retention: { inbox: "30d", runs: "10d" },
    backpressure: { waitingChanges: 5, freeDiskMiB: 1 },
  });
});

afterAll(() => engine?.close());

const count = async (query: string): Promise<number> => Number((await engine.deps.db.sql.unsafe(query))[0]?.n);
const push = (numbers: readonly number[]) =>
  receive(
    engine.deps,
    { connection, object: "debitor", via: "push" },
    numbers.map((n) => ({
      externalId: String(n),
      counter: 1,
      data: { externalId: String(n), firmanavn: `Firma ${n}` },
    })),
  );

test("past the limit of waiting changes nothing more is taken, with the time to wait; after deciding it goes on", async () => {
  expect(await backpressure(engine.deps, connection)).toBeNull();
  await push([1, 2, 3, 4, 5]);
  expect(await backpressure(engine.deps, connection)).toMatchObject({
    code: "too_many_waiting",
    retryAfterMs: expect.any(Number),
  });
  await engine.deps.db.sql.unsafe("update lanes set released_in = true");
  await engine.work();
  expect(await backpressure(engine.deps, connection)).toBeNull();
});

test("what has passed its retention goes, and what waits for a decision stays however old it is", async () => {
  await push([6]);
  await engine.work();
  await engine.deps.db.sql.unsafe("update lanes set released_in = false");
  await push([7]);
  const before = await count("select count(*) as n from changes");
  expect((await retain(engine.deps)).changes).toBe(0);
  await setNow(engine.deps.db.sql, new Date(Date.now() + 31 * DAY_MS));
  const dropped = await retain(engine.deps);
  await setNow(engine.deps.db.sql, null);
  expect(dropped.changes).toBe(before - 1);
  expect(await count("select count(*) as n from changes where state = 'received'")).toBe(1);
  // Records and their history are not the inbox's.
  expect(await count("select count(*) as n from history")).toBeGreaterThan(5);
});

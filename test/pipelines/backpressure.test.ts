import { afterEach, beforeEach, expect, test } from "vitest";
import { backpressure } from "../../src/pipelines/backpressure.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { type Engine, startEngine } from "../support/engine.ts";

let engine: Engine;

beforeEach(async () => {
  engine = await startEngine({
    connections: {
      erp: { connector: "api", objects: { debitor: { direction: "both" } } },
      other: { connector: "api", objects: { debitor: { direction: "both" } } },
    },
    backpressure: { waitingChanges: 1_000 },
  });
});

afterEach(() => engine.close());

const push = (connection: string, from: number, count: number) =>
  receive(
    engine.deps,
    { connection, object: "debitor", via: "push" },
    Array.from({ length: count }, (_, at) => ({
      externalId: `D${from + at}`,
      data: { firmanavn: `Firma ${from + at}` },
    })),
  );

test("what this process keeps uses up the room that was counted, and each connection has its own", async () => {
  expect(await backpressure(engine.deps, "erp")).toBeNull();
  await push("erp", 0, 400);
  expect(await backpressure(engine.deps, "erp")).toBeNull();
  await push("erp", 400, 599);
  expect(await backpressure(engine.deps, "erp")).toBeNull();
  await push("erp", 999, 1);
  expect(await backpressure(engine.deps, "erp")).toEqual({ retryAfterMs: 5_000, code: "too_many_waiting" });
  expect(await backpressure(engine.deps, "other")).toBeNull();
});

test("where there is no room it is counted each time, so that what was decided makes room at once", async () => {
  await push("erp", 0, 1_000);
  expect(await backpressure(engine.deps, "erp")).toMatchObject({ code: "too_many_waiting" });
  await engine.deps.db.sql`update changes set state = 'decided' where connection = 'erp' and external_id = 'D1'`;
  expect(await backpressure(engine.deps, "erp")).toBeNull();
});

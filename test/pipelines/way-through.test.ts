import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import { resolveConfig } from "../../src/config/resolved.ts";
import { configSchema } from "../../src/config/schema.ts";
import { connectors } from "../../src/connectors/index.ts";
import { keybalance } from "../../src/connectors/keybalance/index.ts";
import { redactor } from "../../src/lib/secrets.ts";
import { type Opened, openDeps } from "../../src/main/open.ts";
import { handlersOf, scheduleAll } from "../../src/main/work.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { createWebhookHttp } from "../../src/pipelines/event-webhooks.ts";
import { release } from "../../src/pipelines/preview.ts";
import { startRun } from "../../src/pipelines/runs.ts";
import { pauseConnection, resumeConnection } from "../../src/pipelines/steering.ts";
import { findRun } from "../../src/store/runs.ts";
import { createTestDatabase } from "../support/database.ts";
import { quietLog } from "../support/quiet-log.ts";
import { openQueueServers, type QueueServer } from "../support/servers.ts";
import { until } from "../support/until.ts";

const person = { kind: "person", name: "test" } as const;
const servers = await openQueueServers();
const closers: (() => Promise<unknown> | unknown)[] = [];
let made = 0;

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Process {
  readonly opened: Opened;
  /** A worker with all steps; several may run beside each other, as several processes would. */
  work(): Promise<{ close(): Promise<void> }>;
}

/** A ledger and a gateway with a real queue; nothing is driven by hand. */
async function open(
  server: QueueServer,
  rows: Record<string, string>[],
): Promise<{ erp: Simulator; name: string; process: Process }> {
  made += 1;
  const name = `erp${process.pid}x${made}`;
  const database = await createTestDatabase();
  const erp = await startKeyBalance({ rows: { Debitorer: rows } });
  closers.push(() => erp.close());
  const read = configSchema.parse({
    connections: {
      [name]: {
        connector: "keybalance",
        settings: { baseUrl: erp.baseUrl, token: erp.token },
        limits: { requests: 1000, per: "1s" },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in", poll: "1s", reconcile: "1h" } },
      },
    },
  });
  const config = resolveConfig(read, Object.fromEntries(connectors.map((each) => [each.name, each])));
  const home = mkdtempSync(join(tmpdir(), "kobling-way-"));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  const configuration = { config, redactor: redactor() };
  const { debitor } = keybalance.mappings;
  const compiled = debitor === undefined ? undefined : compileMapping(debitor);
  if (debitor === undefined || compiled === undefined || "faults" in compiled)
    throw new Error("The shipped mapping has faults");
  const mappings = new Map([[name, new Map([["debitor", { mapping: debitor, compiled: compiled.mapping }]])]]);
  const { log } = quietLog();
  const opened = await openDeps({
    databaseUrl: database.url,
    redisUrl: server.redisUrl,
    home,
    embedded: false,
    configuration,
    mappings,
    log,
    sweepMs: 500,
  });
  closers.push(() => opened.close());
  const http = createWebhookHttp();
  closers.push(() => http.close());
  const webhooks = {
    sql: opened.deps.db.sql,
    log,
    seal: opened.seal,
    newId: opened.deps.newId,
    now: () => new Date(),
    http,
    alert: async () => undefined,
    random: () => 0.5,
  };
  const work = async () => {
    const worker = opened.deps.queue.startWorker(handlersOf(opened.deps, webhooks), { concurrency: 4, backoffMs: 100 });
    await worker.ready;
    return { close: () => worker.close() };
  };
  return { erp, name, process: { opened, work } };
}

async function releaseDebitor({ opened }: Process, name: string): Promise<void> {
  const { deps } = opened;
  const { id } = await startRun(deps, { connection: name, object: "debitor", kind: "preview", by: person });
  await until("the preview has ended", async () => (await findRun(deps.db.sql, id))?.state === "done");
  await release(deps, { connection: name, object: "debitor", preview: id, by: person });
}

const rows = Array.from({ length: 40 }, (_, n) => ({
  Kontonr: String(1000 + n),
  Navn: `Firma ${n} A/S`,
  Søgenavn: `FIRMA ${n}`,
}));
const count = async (process: Process, query: string): Promise<number> =>
  Number((await process.opened.deps.db.sql.unsafe(query))[0]?.n);
const idOf = async (process: Process, name: string): Promise<string> =>
  String((await process.opened.deps.db.sql.unsafe("select id from kundeemner where firmanavn = $1", [name]))[0]?.id);

describe.each(servers)("with the queue on $backend", (server) => {
  test("a ledger comes in, and edits on either side find their way, by schedule and by what is due", async () => {
    const { erp, name, process } = await open(server, rows);
    await process.work();
    await scheduleAll(process.opened.deps);
    await releaseDebitor(process, name);
    await until(
      "all debitorer are records",
      async () => (await count(process, "select count(*) as n from kundeemner")) === 40,
    );

    const id = await idOf(process, "Firma 7 A/S");
    await editEntity(process.opened.deps, { entity: "kundeemne", id, patch: { telefon: "70 10 20 30" }, by: person });
    await until("the ledger has the number", () => erp.control.row("Debitorer", "1007")?.Telefon === "70 10 20 30");

    erp.control.put("Debitorer", "1008", { Navn: "Nyt Navn A/S" });
    await until(
      "the record has the new name",
      async () => (await count(process, "select count(*) as n from kundeemner where firmanavn = 'Nyt Navn A/S'")) === 1,
    );
    await until(
      "nothing is owed",
      async () => (await count(process, "select count(*) as n from deliveries where state <> 'settled'")) === 0,
    );
    expect(erp.log.writes("Debitorer").length).toBe(1);
  });

  test("what is due outlives the worker that had it: another one takes it up", async () => {
    const { erp, name, process } = await open(server, rows);
    const first = await process.work();
    await releaseDebitor(process, name);
    await until(
      "all debitorer are records",
      async () => (await count(process, "select count(*) as n from kundeemner")) === 40,
    );
    await first.close();
    const { deps } = process.opened;
    for (const n of [1, 2, 3])
      await editEntity(deps, {
        entity: "kundeemne",
        id: await idOf(process, `Firma ${n} A/S`),
        patch: { attention: `Hr. ${n}` },
        by: person,
      });
    expect(erp.control.row("Debitorer", "1001")?.Att).toBe("");
    await process.work();
    await until("the ledger has all three", () =>
      [1, 2, 3].every((n) => erp.control.row("Debitorer", String(1000 + n))?.Att === `Hr. ${n}`),
    );
  });

  test("a queue that lost everything changes nothing: PostgreSQL knows what is due", async () => {
    const { erp, name, process } = await open(server, rows);
    const first = await process.work();
    await releaseDebitor(process, name);
    await until(
      "all debitorer are records",
      async () => (await count(process, "select count(*) as n from kundeemner")) === 40,
    );
    await first.close();
    const { deps } = process.opened;
    // As after FLUSHALL: what is owed was never told to a queue.
    const forgetful = { ...deps, queue: { ...deps.queue, due: async () => false } };
    await editEntity(forgetful, {
      entity: "kundeemne",
      id: await idOf(process, "Firma 9 A/S"),
      patch: { attention: "Hr. Husk" },
      by: person,
    });
    await process.work();
    await until("the ledger has it", () => erp.control.row("Debitorer", "1009")?.Att === "Hr. Husk");
  });

  test("a paused connection keeps what is due, and sends it when it is resumed", async () => {
    const { erp, name, process } = await open(server, rows);
    await process.work();
    await releaseDebitor(process, name);
    await until(
      "all debitorer are records",
      async () => (await count(process, "select count(*) as n from kundeemner")) === 40,
    );
    await pauseConnection(process.opened.deps, { name, by: person });
    await editEntity(process.opened.deps, {
      entity: "kundeemne",
      id: await idOf(process, "Firma 5 A/S"),
      patch: { attention: "Fru Pause" },
      by: person,
    });
    expect(await count(process, "select count(*) as n from deliveries where state = 'due'")).toBe(1);
    expect(erp.log.writes("Debitorer").length).toBe(0);
    await resumeConnection(process.opened.deps, { name, by: person });
    await until("the ledger has it", () => erp.control.row("Debitorer", "1005")?.Att === "Fru Pause");
  });

  test("a remote that is gone for a while gets everything when it is back, once", async () => {
    const { erp, name, process } = await open(server, rows);
    await process.work();
    await releaseDebitor(process, name);
    await until(
      "all debitorer are records",
      async () => (await count(process, "select count(*) as n from kundeemner")) === 40,
    );
    erp.control.addFault({ fault: { kind: "status", status: 503 }, verb: "get", times: 2 });
    await editEntity(process.opened.deps, {
      entity: "kundeemne",
      id: await idOf(process, "Firma 6 A/S"),
      patch: { attention: "Fru Tålmod" },
      by: person,
    });
    await until("the ledger has it", () => erp.control.row("Debitorer", "1006")?.Att === "Fru Tålmod", 20_000);
    expect(erp.log.writes("Debitorer", "1006").filter((entry) => entry.status === 200).length).toBe(1);
  });
});

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { request } from "undici";
import { bodyOf, debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { startProgram } from "../rig/program.ts";
import { freePort } from "../rig/until.ts";
import { push } from "./push.ts";

export interface Reconciled {
  readonly rows: number;
  /** Unchanged objects a second, from the opening of the snapshot to the end of its run. */
  readonly ours: number;
  /** The same objects read over HTTP and parsed, and then all links and records read from PostgreSQL. */
  readonly bare: number;
  /** The most memory that the api and the worker have had, each with a heap of 256 MiB. */
  readonly apiMiB: number;
  readonly workerMiB: number;
}

const ERP = { connection: "erp", object: "debitor" } as const;
const SEED = 123;
const HEAP_MIB = 256;
const LONGEST_MS = 60 * 60_000;

/** A system that pushes tells all its objects once more, none of them changed: a snapshot is its reconcile (rule R21). */
export async function reconcile(rows: number, say: (text: string) => void): Promise<Reconciled> {
  const heap = [`--max-old-space-size=${HEAP_MIB}`];
  const gateway = await startGateway({
    connections: {
      erp: { connector: "api", objects: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } },
    },
    env: { KOBLING_PROCESSES: "api,scheduler" },
    nodeFlags: heap,
  });
  const worker = startProgram(
    ["src/main.ts"],
    {
      ...{ PORT: String(await freePort()), KOBLING_HOME: `${gateway.home}/worker` },
      KOBLING_CONFIG_DIR: `${gateway.home}/config`,
      ...{ DATABASE_URL: gateway.databaseUrl, REDIS_URL: "", KOBLING_PROCESSES: "worker", LOG_LEVEL: "warn" },
    },
    heap,
  );
  try {
    await gateway.release("erp", "debitor");
    await push(gateway, ERP, told(rows));
    say(`reconcile: ${rows} records are there`);
    const began = performance.now();
    await snapshot(gateway, rows);
    const ours = (performance.now() - began) / 1000;
    const bare = await bareRead(gateway, rows);
    const [apiMiB, workerMiB] = [await peakMiB(gateway.program.pid), await peakMiB(worker.pid)];
    say(`reconcile: ${rows} unchanged in ${ours.toFixed(1)} s; both sides read bare in ${bare.toFixed(1)} s`);
    return { rows, ours: rows / ours, bare: rows / bare, apiMiB, workerMiB };
  } finally {
    await worker.stop();
    await gateway.close();
  }
}

const told = (rows: number) => bodyOf(rows, (n) => debitor(SEED, n), { counter: 1 });

async function snapshot(gateway: RunningGateway, rows: number): Promise<void> {
  const path = "/v1/connections/erp/snapshots";
  const { snapshot: id } = await gateway.call<{ snapshot: string }>("POST", path, { object: "debitor" });
  const answer = await request(`${gateway.url}/v1/connections/erp/inbound/debitor?snapshot=${id}`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/x-ndjson" },
    body: Readable.from(told(rows), { objectMode: false }),
    ...{ headersTimeout: LONGEST_MS, bodyTimeout: LONGEST_MS },
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 202) throw new Error(`The snapshot was answered ${answer.statusCode}: ${text}`);
  const { kept, repeats } = JSON.parse(text) as { kept: number; repeats: number }; // as /openapi.json says
  if (kept !== 0 || repeats !== rows) throw new Error(`Of ${rows} unchanged objects ${kept} were taken for changed`);
  const { missing } = await gateway.call<{ missing: number }>("POST", `${path}/${id}/complete`, { count: rows });
  if (missing !== 0) throw new Error(`${missing} objects are missing in a snapshot of all`);
}

/** Seconds to read the same objects by a bare server that parses each line, and all rows of both tables by a cursor. */
async function bareRead({ sql }: RunningGateway, rows: number): Promise<number> {
  const server = createServer(async (incoming, answer) => {
    let lines = 0;
    for await (const line of createInterface({ input: incoming, crlfDelay: Number.POSITIVE_INFINITY }))
      if (typeof JSON.parse(line).externalId === "string") lines += 1;
    answer.end(String(lines));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const began = performance.now();
    const { port } = server.address() as AddressInfo; // a server that listens on TCP has an address of this shape
    const answer = await request(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: Readable.from(told(rows), { objectMode: false }),
      ...{ headersTimeout: LONGEST_MS, bodyTimeout: LONGEST_MS },
    });
    const read = Number(await answer.body.text());
    let stored = 0;
    for await (const batch of sql`select l.*, k.* from links l join kundeemner k on k.id = l.entity_id`.cursor(1000))
      stored += batch.length;
    if (read !== rows || stored !== rows) throw new Error(`The bare read saw ${read} objects and ${stored} records`);
    return (performance.now() - began) / 1000;
  } finally {
    await new Promise((done) => server.close(done));
  }
}

async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}

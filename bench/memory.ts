import { readFile } from "node:fs/promises";
import { bodyOf, debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { startProgram } from "../rig/program.ts";
import { freePort, until } from "../rig/until.ts";
import { push } from "./push.ts";

const ERP = { connection: "erp", object: "debitor" } as const;
const HEAP_MIB = 256;

/**
 * The worker in a process of its own, with a small heap, decides 100,000 and then 1,000,000 records. The peak is what
 * Linux counts (VmHWM).
 */
export async function memory(say: (text: string) => void): Promise<{ at100kMiB: number; at1mMiB: number }> {
  const gateway = await startGateway({
    connections: {
      erp: { connector: "api", objects: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } },
    },
    env: { KOBLING_PROCESSES: "api,scheduler" },
  });
  const worker = startProgram(
    ["src/main.ts"],
    {
      ...{ PORT: String(await freePort()), KOBLING_HOME: `${gateway.home}/worker` },
      KOBLING_CONFIG_DIR: `${gateway.home}/config`,
      ...{ DATABASE_URL: gateway.databaseUrl, REDIS_URL: "", KOBLING_PROCESSES: "worker", LOG_LEVEL: "warn" },
    },
    [`--max-old-space-size=${HEAP_MIB}`],
  );
  try {
    await gateway.release("erp", "debitor");
    const peaks: number[] = [];
    let done = 0;
    for (const count of [100_000, 1_000_000]) {
      const from = done;
      const body = bodyOf(count - from, (n) => debitor(99, from + n), { counter: 1, prefix: `M${from}-` });
      const { seconds } = await push(gateway, ERP, body);
      done = count;
      await verify(gateway, count);
      if (!worker.isRunning()) await worker.ended;
      const peak = await peakMiB(worker.pid);
      peaks.push(peak);
      say(`memory: ${peak} MiB at ${count} records (${Math.round((count - from) / seconds)}/s)`);
    }
    const [at100kMiB = Number.NaN, at1mMiB = Number.NaN] = peaks;
    return { at100kMiB, at1mMiB };
  } finally {
    await worker.stop();
    await gateway.close();
  }
}

async function verify({ sql }: RunningGateway, count: number): Promise<void> {
  await until("every record is there", 60_000, async () => {
    const [row] = await sql<{ n: number }[]>`select count(*)::int as n from kundeemner`;
    return row?.n === count;
  });
}

async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}

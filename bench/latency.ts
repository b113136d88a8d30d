import { debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { type Ledger, startLedger } from "../rig/ledger.ts";
import { startRedis } from "../rig/redis.ts";
import { until } from "../rig/until.ts";
import { type Latency, quantile, type Report } from "./report.ts";

const SEED = 88;

/** From the PATCH of a record to the moment the ledger has it, one at a time, nothing else to do; for both queue backends. */
export async function latencies(times: number, say: (text: string) => void): Promise<Report["latency"]> {
  const postgres = await latencyOf(undefined, times);
  say(`latency, postgres: p50 ${postgres.p50Ms} ms, p99 ${postgres.p99Ms} ms`);
  const redis = await startRedis();
  if (redis === undefined) {
    say("latency, redis: no redis-server on this machine");
    return { postgres };
  }
  try {
    const measured = await latencyOf(redis.url, times);
    say(`latency, redis: p50 ${measured.p50Ms} ms, p99 ${measured.p99Ms} ms`);
    return { postgres, redis: measured };
  } finally {
    await redis.stop();
  }
}

async function latencyOf(redisUrl: string | undefined, times: number): Promise<Latency> {
  const ledger = await startLedger(1000);
  const gateway = await startGateway({
    connections: {
      kb: {
        connector: "keybalance",
        settings: { baseUrl: ledger.baseUrl, token: ledger.token },
        limits: { requests: 1_000_000, per: "1s" },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "both", poll: "1h" } },
      },
    },
    ...(redisUrl === undefined ? {} : { redisUrl }),
  }).catch(async (error: unknown) => {
    await ledger.program.stop();
    throw error;
  });
  try {
    await gateway.release("kb", "debitor");
    return await edits(gateway, ledger, times);
  } finally {
    await gateway.close();
    await ledger.program.stop();
  }
}

async function edits(gateway: RunningGateway, ledger: Ledger, times: number): Promise<Latency> {
  const { firmanavn, cvrNr, adresse1, postnr, landekode } = debitor(SEED, 0);
  const body = { firmanavn, cvrNr, adresse1, postnr, landekode };
  const made = await gateway.call<{ meta: { id: string } }>("POST", "/v1/kundeemner", body);
  let at: string | undefined;
  await until("the record is at the ledger", 60_000, async () => {
    const [row] = await gateway.sql<{ id: string }[]>`
      select external_id as id from links where connection = 'kb' and state = 'linked' and not in_flight`;
    at = row?.id;
    return at !== undefined;
  });
  const id = at ?? "";
  const tookMs: number[] = [];
  const warming = 10;
  for (let n = 0; n < times + warming; n += 1) {
    const telefon = String(20_000_000 + n);
    const began = performance.now();
    await gateway.call("PATCH", `/v1/kundeemner/${made.meta.id}`, { telefon });
    await until(
      "the edit is at the ledger",
      60_000,
      async () => (await ledger.row(id))?.Telefon?.replace(/\D/g, "").endsWith(telefon) === true,
      1,
    );
    if (n >= warming) tookMs.push(performance.now() - began);
    // Idle again: the delivery is settled before the next edit.
    await until("the delivery is settled", 60_000, async () => {
      const [row] = await gateway.sql<{ open: boolean }[]>`
        select exists (select 1 from deliveries where state in ('due', 'leased', 'uncertain')) as open`;
      return row?.open === false;
    });
  }
  const round = (ms: number) => Number(ms.toFixed(1));
  return { p50Ms: round(quantile(tookMs, 0.5)), p99Ms: round(quantile(tookMs, 0.99)) };
}

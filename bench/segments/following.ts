import type { RunningGateway } from "../../rig/gateway.ts";
import { until } from "../../rig/until.ts";
import { type Latency, quantile } from "../report.ts";

/**
 * Edits members through the API, one after the other, so that each goes out of every segment; PostgreSQL itself says
 * when the record's transaction and the members' were committed.
 */
export async function followed({ sql, call, program }: RunningGateway, times: number): Promise<Latency> {
  const rows = await sql<{ id: string }[]>`
    select kundeemne_id as id from (select distinct kundeemne_id from segment_members) m limit ${times + WARMING}`;
  const tookMs: number[] = [];
  for (const { id } of rows) {
    await call("PATCH", `/v1/kundeemner/${id}`, { tilladKampagne: false });
    await until("the change is followed", 60_000, async () => {
      if (!program.isRunning()) await program.ended;
      const [left] = await sql<
        { n: number }[]
      >`select count(*)::int as n from segment_members where kundeemne_id = ${id}`;
      return left?.n === 0;
    });
    const [row] = await sql<{ ms: number }[]>`
      select extract(epoch from max(pg_xact_commit_timestamp(v.xmin)) - max(pg_xact_commit_timestamp(k.xmin)))::float8 * 1000 as ms
      from kundeemner k join kontaktpersoner p on p.kundeemne_id = k.id
      join segment_events v on v.entity_id in (k.id, p.id) and v.change = 'removed' where k.id = ${id}`;
    if (row !== undefined) tookMs.push(row.ms);
  }
  const counted = tookMs.slice(WARMING);
  return { p50Ms: round(quantile(counted, 0.5)), p99Ms: round(quantile(counted, 0.99)) };
}

/** The first edits find code that is not compiled yet. */
const WARMING = 20;
const round = (ms: number): number => Number(ms.toFixed(2));

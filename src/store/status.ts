import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** What the store knows of a connection that configuration names, or once named. */
export interface ConnectionRow {
  readonly name: string;
  readonly connector: string;
  readonly state: string;
  readonly reason: string | null;
  readonly configured: boolean;
  readonly lastAnswerAt: string | null;
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  readonly circuit: "closed" | "half_open" | "open";
  /** Times from read to write in ms (rule R20): median, 99th percentile, sample size. */
  readonly window: { readonly p50Ms: number; readonly p99Ms: number; readonly samples: number } | null;
}

export interface LaneRow {
  readonly connection: string;
  readonly object: string;
  readonly releasedIn: boolean;
  readonly releasedOut: boolean;
  readonly lastFullAt: string | null;
  readonly unverifiableSince: string | null;
  readonly stoppedBy: number | null;
  readonly stoppedReason: string | null;
}

/** What is under way of one object of one connection. */
export interface LaneCounts {
  readonly connection: string;
  readonly object: string;
  /** Changes kept and not decided yet. */
  readonly waiting: number;
  readonly oldestWaitingAt: string | null;
  readonly quarantined: number;
  readonly due: number;
  readonly leased: number;
  readonly withheld: number;
  readonly uncertain: number;
  readonly linked: number;
}

export async function readConnections(sql: Db): Promise<ConnectionRow[]> {
  return await sql<ConnectionRow[]>`
    select c.name, c.connector, c.state, c.reason, c.configured,
      ${sql.unsafe(instantText("c.last_answer_at"))} as "lastAnswerAt", c.last_error as "lastError",
      ${sql.unsafe(instantText("c.last_error_at"))} as "lastErrorAt",
      case when c.circuit_open_until > kobling_now() then 'open'
        -- The next call will tell; where none comes, nothing is known to be wrong any more.
        when c.circuit_open_until > kobling_now() - interval '10 minutes' then 'half_open' else 'closed' end as circuit,
      (select json_build_object('p50Ms', percentile_disc(0.5) within group (order by ms),
          'p99Ms', percentile_disc(0.99) within group (order by ms), 'samples', count(*))
        from (select value::text::float8 as ms from json_array_elements(coalesce(c.windows_ms, '[]'))) w
        having count(*) > 0) as window
    from connections c order by c.name`;
}

export async function readLanes(sql: Db): Promise<LaneRow[]> {
  const rows = await sql<({ stoppedBy: string | null } & Omit<LaneRow, "stoppedBy">)[]>`
    select l.connection, l.object, l.released_in as "releasedIn", l.released_out as "releasedOut",
      ${sql.unsafe(instantText("l.last_full_at"))} as "lastFullAt",
      ${sql.unsafe(instantText("l.unverifiable_since"))} as "unverifiableSince",
      l.stopped_by as "stoppedBy", l.stopped_reason as "stoppedReason"
    from lanes l order by l.connection, l.object`;
  return rows.map((row) => ({ ...row, stoppedBy: row.stoppedBy === null ? null : Number(row.stoppedBy) }));
}

/** Four small counts over partial indexes, and the links; one statement for all connections. */
export async function readLaneCounts(sql: Db): Promise<LaneCounts[]> {
  return await sql<LaneCounts[]>`
    with counted as (
      select connection, object, count(*) as waiting, min(received_at) as oldest, 0::bigint as quarantined,
        0::bigint as due, 0::bigint as leased, 0::bigint as withheld, 0::bigint as uncertain, 0::bigint as linked
      from changes where state = 'received' group by 1, 2
      union all
      select connection, object, 0, null, count(*), 0, 0, 0, 0, 0
      from changes where state = 'quarantined' group by 1, 2
      union all
      select connection, object, 0, null, 0, count(*) filter (where state = 'due'),
        count(*) filter (where state = 'leased'), count(*) filter (where state = 'withheld' or withheld is not null),
        count(*) filter (where state = 'uncertain'), 0
      from deliveries where state in ('due', 'leased', 'uncertain', 'withheld') group by 1, 2
      union all
      select connection, object, 0, null, 0, 0, 0, 0, 0, count(*) from links where state = 'linked' group by 1, 2
    )
    select connection, object, sum(waiting)::int as waiting,
      ${sql.unsafe(instantText("min(oldest)"))} as "oldestWaitingAt", sum(quarantined)::int as quarantined,
      sum(due)::int as due, sum(leased)::int as leased, sum(withheld)::int as withheld,
      sum(uncertain)::int as uncertain, sum(linked)::int as linked
    from counted group by 1, 2 order by 1, 2`;
}

/** Open reviews by kind. */
export async function readOpenReviews(sql: Db): Promise<Readonly<Record<string, number>>> {
  const rows = await sql<{ kind: string; n: number }[]>`
    select kind, count(*)::int as n from reviews where state = 'open' group by kind`;
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}

/** Units of records that wait for a person (rule R16). Status shows them beside drift, never one without the other. */
export async function readHeld(sql: Db): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(distinct (entity_id, unit))::int as n from reviews
    where state = 'open' and kind in ('conflict', 'proposal') and entity_id is not null`;
  return row?.n ?? 0;
}

/** Throws when the database does not answer. */
export async function ping(sql: Db): Promise<void> {
  await sql`select 1`;
}

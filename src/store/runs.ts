import type { Db } from "./database.ts";

export type RunKind = "delta" | "full" | "reconcile" | "lookup" | "audience" | "preview" | "push" | "snapshot";

export interface Run {
  readonly id: number;
  readonly connection: string;
  readonly object: string | null;
  readonly kind: RunKind;
  readonly state: "waiting" | "running" | "done" | "failed" | "stopped";
  readonly counts: Readonly<Record<string, number>>;
  readonly detail: Record<string, unknown> | null;
}

const columns = "id::float8 as id, connection, object, kind, state, counts, detail";

// The casts read what this file wrote from the same types.
const readRun = (row: Record<string, unknown>): Run => ({
  id: Number(row.id),
  connection: String(row.connection),
  object: row.object as string | null,
  kind: row.kind as RunKind,
  state: row.state as Run["state"],
  counts: (row.counts as Record<string, number> | null) ?? {},
  detail: row.detail as Record<string, unknown> | null,
});

export async function openRun(
  sql: Db,
  run: { connection: string; object: string | null; kind: RunKind; by: string; state?: "waiting" | "running" },
): Promise<number> {
  const [row] = await sql.unsafe(
    `insert into runs (connection, object, kind, state, created_at, started_at, by) values ($1, $2, $3, $4, kobling_now(),
       case when $4 = 'running' then kobling_now() end, $5) returning id::float8 as id`,
    [run.connection, run.object, run.kind, run.state ?? "waiting", run.by],
  );
  return Number(row?.id);
}

export async function findRun(sql: Db, id: number): Promise<Run | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from runs where id = $1`, [id]);
  return row === undefined ? undefined : readRun(row);
}

/** Runs that wait for a worker, oldest first. */
export async function takeWaitingRuns(sql: Db, connection: string): Promise<Run[]> {
  const rows = await sql.unsafe(
    `update runs set state = 'running', started_at = kobling_now() where id in
       (select id from runs where connection = $1 and state = 'waiting' order by id for update skip locked) returning ${columns}`,
    [connection],
  );
  return rows.map(readRun).sort((a, b) => a.id - b.id);
}

export async function endRun(
  sql: Db,
  id: number,
  state: "done" | "failed" | "stopped",
  detail?: Record<string, unknown>,
): Promise<void> {
  await sql.unsafe(
    "update runs set state = $2, ended_at = kobling_now(), detail = coalesce($3::text::json, detail) where id = $1",
    [id, state, detail === undefined ? null : JSON.stringify(detail)],
  );
}

/** Adds to the counts of runs, one statement for all. */
export async function addRunCounts(
  sql: Db,
  counts: ReadonlyMap<number, Readonly<Record<string, number>>>,
): Promise<void> {
  if (counts.size === 0) return;
  const rows = [...counts].map(([id, more]) => ({ id, more }));
  await sql.unsafe(
    `update runs r set counts = (
       select json_object_agg(key, n) from (
         select key, sum(value::bigint) as n from (
           select key, value from json_each_text(coalesce(r.counts, '{}'::json)) union all select key, value from json_each_text(x.more)) both
         group by key) summed)
     from json_to_recordset($1::text::json) as x(id bigint, more json) where r.id = x.id`,
    [JSON.stringify(rows)],
    { prepare: true },
  );
}

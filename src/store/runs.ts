import type { Db } from "./database.ts";

export type RunKind =
  | "delta"
  | "full"
  | "reconcile"
  | "lookup"
  | "audience"
  | "preview"
  | "push"
  | "snapshot"
  | "undo"
  | "import";

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

/** A process that works on a run says so more often than this; one that has not for so long is dead. */
const ALIVE_SECONDS = 60;
export const SAY_ALIVE_MS = 15_000;
const alive = `kobling_now() + interval '${ALIVE_SECONDS} seconds'`;

export async function openRun(
  sql: Db,
  run: {
    connection: string;
    object: string | null;
    kind: RunKind;
    by: string;
    state?: "waiting" | "running";
    detail?: Record<string, unknown>;
  },
): Promise<number> {
  const [row] = await sql.unsafe(
    `insert into runs (connection, object, kind, state, created_at, started_at, by, detail, alive_until) values ($1, $2, $3, $4, kobling_now(),
       case when $4 = 'running' then kobling_now() end, $5, $6::text::json, case when $4 = 'running' and $3 not in ('snapshot', 'undo') then ${alive} end)
     returning id::float8 as id`,
    [
      run.connection,
      run.object,
      run.kind,
      run.state ?? "waiting",
      run.by,
      run.detail === undefined ? null : JSON.stringify(run.detail),
    ],
  );
  return Number(row?.id);
}

export async function findRun(sql: Db, id: number): Promise<Run | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from runs where id = $1`, [id]);
  return row === undefined ? undefined : readRun(row);
}

/** Runs that wait for a worker, oldest first. Undos are taken up by themselves, whatever the state of the connection. */
export async function takeWaitingRuns(sql: Db, connection: string): Promise<Run[]> {
  const rows = await sql.unsafe(
    `update runs set state = 'running', started_at = kobling_now(), alive_until = ${alive} where id in
       (select id from runs where connection = $1 and state = 'waiting' and kind <> 'undo' order by id for update skip locked) returning ${columns}`,
    [connection],
  );
  return rows.map(readRun).sort((a, b) => a.id - b.id);
}

export async function sayAlive(sql: Db, id: number): Promise<void> {
  await sql.unsafe(`update runs set alive_until = ${alive} where id = $1 and state = 'running'`, [id]);
}

/** Runs whose process died in the middle end as failed: what they read is kept, what they did not is said nowhere. */
export async function endLostRuns(sql: Db, connection: string, detail: Record<string, unknown>): Promise<number> {
  const ended = await sql.unsafe(
    `update runs set state = 'failed', ended_at = kobling_now(), detail = $2::text::json
     where connection = $1 and state = 'running' and alive_until < kobling_now()`,
    [connection, JSON.stringify(detail)],
  );
  return ended.count;
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

/** Imports whose process died wait for another one: how far they had come stands with their rows. */
export async function resumeLostImports(sql: Db, connection: string): Promise<number> {
  const resumed = await sql.unsafe(
    `update runs set state = 'waiting', alive_until = null
     where connection = $1 and kind = 'import' and state = 'running' and alive_until < kobling_now()`,
    [connection],
  );
  return resumed.count;
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
           select key, value from json_each_text(coalesce(r.counts, '{}'::json)) union all select key, value from json_each_text(x.more)) merged
         group by key) summed)
     from json_to_recordset($1::text::json) as x(id bigint, more json) where r.id = x.id`,
    [JSON.stringify(rows)],
    { prepare: true },
  );
}

/** Which remote objects a run has seen; kept until the run has drawn its conclusions. */
export async function addRunItems(
  sql: Db,
  runId: number,
  object: string,
  externalIds: readonly string[],
): Promise<void> {
  if (externalIds.length === 0) return;
  await sql.unsafe(
    "insert into run_items (run_id, object, external_id) select $1, $2, id from unnest($3::text[]) id on conflict do nothing",
    [runId, object, [...externalIds]],
  );
}

export async function dropRunItems(sql: Db, runId: number): Promise<void> {
  await sql.unsafe("delete from run_items where run_id = $1", [runId]);
}

export interface PreviewItem {
  readonly externalId: string;
  readonly hash: string;
  readonly image: Record<string, unknown>;
}

/**
 * Keeps what a preview has read, so that deciding it needs no vendor call inside its transaction; an object that is there
 * already stays as it is. Gives the number kept.
 */
export async function addPreviewItems(
  sql: Db,
  runId: number,
  object: string,
  items: readonly { externalId: string; hash: string; image: unknown }[],
): Promise<number> {
  const kept = await sql.unsafe(
    `insert into run_items (run_id, object, external_id, hash, detail)
     select $1, $2, external_id, hash, image from json_to_recordset($3::text::json) as x(external_id text, hash text, image json) on conflict do nothing`,
    [
      runId,
      object,
      JSON.stringify(items.map(({ externalId, hash, image }) => ({ external_id: externalId, hash, image }))),
    ],
  );
  return kept.count;
}

export async function previewItems(
  sql: Db,
  runId: number,
  object: string,
  after: string,
  limit: number,
): Promise<PreviewItem[]> {
  const rows = await sql.unsafe(
    "select external_id, hash, detail from run_items where run_id = $1 and object = $2 and external_id > $3 order by external_id limit $4",
    [runId, object, after, limit],
  );
  return rows.map((row) => ({
    externalId: String(row.external_id),
    hash: String(row.hash),
    image: row.detail as Record<string, unknown>,
  }));
}

export interface PlannedItem {
  readonly externalId: string;
  readonly plan: string;
  readonly entityId: string | null;
  readonly entityVersion: number | null;
  /** Why it would be put aside. */
  readonly reason?: unknown;
}

/** Writes what the preview would do with each object; what it read of them is not kept. */
export async function planItems(sql: Db, runId: number, object: string, plans: readonly PlannedItem[]): Promise<void> {
  await sql.unsafe(
    `update run_items i set plan = x.plan, entity_id = x.entity_id, entity_version = x.entity_version, detail = x.reason
     from json_to_recordset($3::text::json) as x(external_id text, plan text, entity_id uuid, entity_version bigint, reason json)
     where i.run_id = $1 and i.object = $2 and i.external_id = x.external_id`,
    [
      runId,
      object,
      JSON.stringify(
        plans.map((each) => ({
          external_id: each.externalId,
          plan: each.plan,
          entity_id: each.entityId,
          entity_version: each.entityVersion,
          reason: each.reason ?? null,
        })),
      ),
    ],
  );
}

/**
 * How many records and links that a preview names have moved since it began (rule R27). What it read is not what a link
 * was last decided by where the lane is armed or stopped: that alone is no move. A table that a person carries in once
 * more moves no link before it is carried out: with `links` false they are not asked.
 */
export async function previewMoved(
  sql: Db,
  runId: number,
  connection: string,
  object: string,
  links = true,
): Promise<number> {
  const [row] = await sql.unsafe(
    `select (select count(*) from run_items i join kundeemner k on k.id = i.entity_id where i.run_id = $1 and k.version <> i.entity_version)
       + (select count(*) from run_items i join kontaktpersoner k on k.id = i.entity_id where i.run_id = $1 and k.version <> i.entity_version)
       + (select count(*) from run_items i join runs r on r.id = i.run_id
              join links l on l.connection = $2 and l.object = $3 and l.external_id = i.external_id
            where $4::boolean and i.run_id = $1 and i.object = $3 and l.newest_hash is not null and l.newest_hash <> i.hash
              and l.updated_at > r.started_at) as moved`,
    [runId, connection, object, links],
  );
  return Number(row?.moved ?? 0);
}

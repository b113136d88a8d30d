import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface DuplicateSearch {
  readonly id: number;
  readonly since: string | null;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly endedAt: string | null;
  /** Records to look at, as counted at the start; those changed since are the next search's. */
  readonly records: number;
  readonly looked: number;
  /** Cases that were opened. */
  readonly opened: number;
}

/** A place in the order of changes. Times as PostgreSQL writes them: to the microsecond. */
export interface Place {
  readonly at: string;
  readonly id: string;
}

const columns = `id::float8 as id, ${instantText("since")} as since, ${instantText("started_at")} as started_at, started_by,
  ${instantText("ended_at")} as ended_at, records, looked, opened`;

const readSearch = (row: Record<string, unknown>): DuplicateSearch => ({
  id: Number(row.id),
  since: row.since as string | null,
  startedAt: String(row.started_at),
  startedBy: String(row.started_by),
  endedAt: row.ended_at as string | null,
  records: Number(row.records),
  looked: Number(row.looked),
  opened: Number(row.opened),
});

const ALIVE = "erased_at is null and merged_into is null";

/**
 * Opens a search of all records, or of those that have changed since ten minutes before the last finished one began: what was
 * being written then was not to be seen yet. Undefined while another is open.
 */
export async function openSearch(
  sql: Db,
  wanted: { readonly all: boolean; readonly by: string },
): Promise<DuplicateSearch | undefined> {
  const [row] = await sql.unsafe(
    `with base as (select case when $1::int = 1 then null else
       (select max(started_at) - interval '10 minutes' from duplicate_searches where ended_at is not null) end as since)
     insert into duplicate_searches (since, started_at, started_by, records)
     select since, kobling_now(), $2, (select count(*) from kundeemner where ${ALIVE} and (base.since is null or updated_at >= base.since))
     from base on conflict do nothing returning ${columns}`,
    [Number(wanted.all), wanted.by],
  );
  return row && readSearch(row);
}

/** Is it time for a search by itself: the last one began so long ago, or there was none and records are older than that? */
export async function isSearchDue(sql: Sql, afterMs: number): Promise<boolean> {
  const [row] = await sql.unsafe(
    `with then_ as (select kobling_now() - $1::float8 * interval '1 millisecond' as at)
     select case when exists (select 1 from duplicate_searches) then (select max(started_at) from duplicate_searches) < then_.at
       else exists (select 1 from kundeemner where created_at < then_.at) end as due from then_`,
    [afterMs],
  );
  return row?.due === true;
}

export async function listSearches(sql: Sql, limit: number): Promise<DuplicateSearch[]> {
  const rows = await sql.unsafe(`select ${columns} from duplicate_searches order by id desc limit $1`, [limit]);
  return rows.map(readSearch);
}

/** The open search with the place that it has reached, locked: two workers never look at the same records. */
export async function lockSearch(tx: Tx): Promise<{ id: number; after: Place; until: string } | undefined> {
  const [row] = await tx.unsafe(
    `select id::float8 as id, coalesce(done_at, since, '-infinity')::text as at, done_id, started_at::text as until
     from duplicate_searches where ended_at is null for update`,
  );
  if (row === undefined) return undefined;
  const after = { at: String(row.at), id: String(row.done_id ?? "00000000-0000-0000-0000-000000000000") };
  return { id: Number(row.id), after, until: String(row.until) };
}

export async function noteSearched(
  tx: Tx,
  id: number,
  done: { readonly last: Place | undefined; readonly looked: number; readonly opened: number; readonly ended: boolean },
): Promise<void> {
  await tx.unsafe(
    `update duplicate_searches set done_at = coalesce($2::timestamptz, done_at), done_id = coalesce($3::uuid, done_id),
       looked = looked + $4, opened = opened + $5, ended_at = case when $6::int = 1 then kobling_now() end where id = $1`,
    [id, done.last?.at ?? null, done.last?.id ?? null, done.looked, done.opened, Number(done.ended)],
  );
}

/** The next records in the order of changes, from a place on and before a time. Few columns: who is read whole is asked then. */
export async function nextChanged(tx: Tx, after: Place, until: string, limit: number): Promise<Place[]> {
  const rows = await tx.unsafe(
    `select id, updated_at::text as at from kundeemner
     where (updated_at, id) > ($1::text::timestamptz, $2::uuid) and updated_at < $3::text::timestamptz and ${ALIVE}
     order by updated_at, id limit $4`,
    [after.at, after.id, until, limit],
  );
  return rows.map((row) => ({ id: String(row.id), at: String(row.at) }));
}

/** The candidates of each duplicate case that waits and names any of these records. */
export async function waitingDuplicates(tx: Tx, ids: readonly string[]): Promise<string[][]> {
  const rows = await tx.unsafe(
    `select detail->'candidates' as candidates from reviews
     where kind = 'duplicate' and state in ('open', 'suspended') and detail::jsonb->'candidates' ?| $1::text[]`,
    [[...ids]],
  );
  return rows.map((row) => row.candidates as string[]); // written as a list of ids by all who open such a case
}

import type { Db } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";

/** One bounded piece of work on a connection. */
export interface ReadRun {
  readonly id: number;
  readonly connection: string;
  readonly object: string | null;
  readonly kind: string;
  /** `partly`: it is done, and has put single changes aside (promise 12). */
  readonly state: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly detail: unknown;
  readonly by: string | null;
}

export interface RunQuery {
  readonly connection?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listRuns(sql: Db, query: RunQuery): Promise<IdPage<ReadRun>> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(COLUMNS)} from runs r
    where r.id < ${query.before ?? Number.MAX_SAFE_INTEGER}::bigint
      and ${query.connection === undefined ? sql`true` : sql`r.connection = ${query.connection}`}
      and ${query.kind === undefined ? sql`true` : sql`r.kind = ${query.kind}`}
      and ${query.state === undefined ? sql`true` : sql`${sql.unsafe(STATE)} = ${query.state}`}
    order by r.id desc limit ${query.limit + 1}`;
  return pageOf(rows.map(readRun), query.limit);
}

/** Objects of a connection that no reading which ended well has begun to read within their time (ms). */
export async function overdueObjects(
  sql: Db,
  connection: string,
  withinMs: ReadonlyMap<string, number>,
): Promise<string[]> {
  const rows = await sql<{ object: string }[]>`
    select wanted.object from unnest(${[...withinMs.keys()]}::text[], ${[...withinMs.values()]}::float8[]) wanted(object, ms)
    where not exists (select from runs r
      where r.connection = ${connection} and (r.object is null or r.object = wanted.object)
        and r.kind in ('delta', 'full', 'reconcile') and r.state = 'done'
        and r.started_at > (select kobling_now()) - wanted.ms * interval '1 millisecond')`;
  return rows.map(({ object }) => object);
}

export async function findRun(sql: Db, id: number): Promise<ReadRun | undefined> {
  const rows = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from runs r where r.id = ${id}::bigint`;
  return rows[0] && readRun(rows[0]);
}

/** What the named run read, or would do, a page at a time in order of object and external id. */
export async function listRunItems(
  sql: Db,
  query: {
    readonly runId: number;
    readonly after: readonly [object: string, externalId: string] | undefined;
    readonly limit: number;
  },
): Promise<{ rows: readonly RunItem[]; next: readonly [string, string] | undefined }> {
  const rows = await sql<RunItem[]>`
    select i.object, i.external_id as "externalId", i.entity_id as "entityId", i.plan, i.detail
    from run_items i
    where i.run_id = ${query.runId}::bigint
      and ${query.after === undefined ? sql`true` : sql`(i.object, i.external_id) > (${query.after[0]}, ${query.after[1]})`}
    order by i.object, i.external_id limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > query.limit && last ? [last.object, last.externalId] : undefined };
}

export interface RunItem {
  readonly object: string;
  readonly externalId: string;
  readonly entityId: string | null;
  readonly plan: string | null;
  readonly detail: unknown;
}

type Row = { readonly id: string } & Omit<ReadRun, "id">;

/** What a run has read is decided after it, too: whether it has put anything aside its counts say. A preview puts nothing aside. */
const STATE = `case when r.state = 'done' and r.kind <> 'preview' and coalesce((r.counts->>'quarantined')::bigint, 0) > 0
  then 'partly' else r.state end`;

const COLUMNS = `r.id, r.connection, r.object, r.kind, ${STATE} as state, ${instantText("r.created_at")} as "createdAt",
  ${instantText("r.started_at")} as "startedAt", ${instantText("r.ended_at")} as "endedAt", r.counts, r.detail, r.by`;

const readRun = (row: Row): ReadRun => ({ ...row, id: Number(row.id) });

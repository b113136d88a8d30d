import type { EntityKind } from "../model/catalogue.ts";
import type { Setter } from "../rules/record.ts";
import type { Db, Sql } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** A place in the feed: everything up to and including `number` has been read. */
export interface FeedPosition {
  readonly epoch: number;
  readonly number: number;
}

/** What the feed tells of a change: ids, versions and field names, no values (rule R32). */
export interface FeedEntry {
  readonly number: number;
  readonly entity: EntityKind;
  readonly id: string;
  /** Contacts: the emne they hang on; null for a Kundeemne, and for a contact that is gone. */
  readonly parentId: string | null;
  readonly version: number;
  readonly kind: string;
  readonly at: string;
  readonly by: Pick<Setter, "kind" | "connection">;
  readonly fields: readonly string[];
}

export interface FeedBounds {
  readonly epoch: number;
  /** The newest number handed out; 0 when there is none. */
  readonly last: number;
  /** Numbers up to here are no longer kept; 0 when all are. */
  readonly floor: number;
}

/** Any number will do, as long as every version of Kobling takes the same. */
const NUMBERING_LOCK = 0x66_65_65_64;

/**
 * Gives committed batches their numbers, in order of id among those visible now. Only under the lock are numbers given,
 * so a batch that commits later gets higher ones: nothing below a number handed out appears afterwards, and a
 * transaction that stays open holds up nobody (rule R32). Costs one small query when there is nothing to number.
 */
export async function numberBatches(sql: Sql): Promise<void> {
  const [open] = await sql<{ is: boolean }[]>`select exists (select from feed_batches where base is null) as is`;
  if (!open?.is) return;
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${NUMBERING_LOCK})`;
    await tx`
      with open as (
        select id, sum(entries) over (order by id) - entries as before from feed_batches where base is null
      ), last as (
        select coalesce((select value::bigint from installation where key = 'feed_last'), 0) as number
      ), numbered as (
        update feed_batches b set base = last.number + 1 + open.before from open, last where b.id = open.id
        returning b.base + b.entries - 1 as number
      )
      insert into installation (key, value) select 'feed_last', max(number)::text from numbered having count(*) > 0
      on conflict (key) do update set value = excluded.value`;
  });
}

export async function readFeedBounds(sql: Db): Promise<FeedBounds> {
  const rows = await sql<{ key: string; value: string }[]>`
    select key, value from installation where key in ('feed_epoch', 'feed_last', 'feed_floor')`;
  const facts = new Map(rows.map(({ key, value }) => [key, Number(value)]));
  return {
    epoch: facts.get("feed_epoch") ?? 1,
    last: facts.get("feed_last") ?? 0,
    floor: facts.get("feed_floor") ?? 0,
  };
}

/** Entries after a number, in order, without a gap; only numbered batches are seen. */
export async function readFeedEntries(sql: Db, after: number, limit: number): Promise<FeedEntry[]> {
  const rows = await sql<EntryRow[]>`
    select b.base + h.place as number, h.entity, h.entity_id, h.version, h.kind, ${sql.unsafe(instantText("h.at"))} as at,
      h.by, k.kundeemne_id as parent_id, array(select json_object_keys(h.fields)) as fields
    from feed_batches b
    join history h on h.batch = b.id
    left join kontaktpersoner k on h.entity = 'kontaktperson' and k.id = h.entity_id
    where b.base >= coalesce((select max(s.base) from feed_batches s where s.base <= ${after + 1}::bigint), 0)
      and b.base + h.place > ${after}::bigint
    order by b.base, h.place
    limit ${limit}`;
  return rows.map((row) => ({
    number: Number(row.number),
    entity: row.entity,
    id: row.entity_id,
    parentId: row.parent_id,
    version: Number(row.version),
    kind: row.kind,
    at: row.at,
    by: { kind: row.by.kind, ...(row.by.connection === undefined ? {} : { connection: row.by.connection }) },
    fields: row.fields,
  }));
}

/**
 * Forgets numbered batches from before an instant; history itself stays. Readers behind get 410 from then on. Returns
 * how many batches went.
 */
export async function forgetFeed(sql: Sql, before: Date): Promise<number> {
  return await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${NUMBERING_LOCK})`;
    const [row] = await tx<{ gone: number }[]>`
      with gone as (
        delete from feed_batches
        where base is not null and base < coalesce(
          (select min(base) from feed_batches where base is not null and at >= ${before.toISOString()}::text::timestamptz),
          9223372036854775807)
        returning base + entries - 1 as last
      ), kept as (
        insert into installation (key, value) select 'feed_floor', max(last)::text from gone having count(*) > 0
        on conflict (key) do update set value = excluded.value
      )
      select count(*)::int as gone from gone`;
    return row?.gone ?? 0;
  });
}

/** How far numbering is behind: transactions that wrote to the feed and are not numbered yet are the only ones counted. */
export async function readFeedLag(sql: Db): Promise<{ unnumbered: number; oldestSeconds: number }> {
  const [row] = await sql<{ unnumbered: number; oldest: number | null }[]>`
    select count(*)::int as unnumbered, extract(epoch from kobling_now() - min(at))::float8 as oldest
    from feed_batches where base is null`;
  return { unnumbered: row?.unnumbered ?? 0, oldestSeconds: Math.max(0, row?.oldest ?? 0) };
}

interface EntryRow {
  readonly number: string;
  readonly entity: EntityKind;
  readonly entity_id: string;
  readonly parent_id: string | null;
  readonly version: string;
  readonly kind: string;
  readonly at: string;
  readonly by: Setter;
  readonly fields: string[];
}

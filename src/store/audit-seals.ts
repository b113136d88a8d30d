import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface SealedBatch {
  readonly id: number;
  readonly entries: number;
  /** Place of its first leaf in the seal. */
  readonly start: number;
}

export interface Seal {
  readonly number: number;
  readonly at: string;
  readonly lastFeed: number;
  readonly batches: readonly SealedBatch[];
  readonly leaves: Uint8Array;
  readonly entries: number;
  readonly entriesHash: string;
  readonly previous: string;
  readonly hash: string;
}

/** Any number will do, as long as every version of Kobling takes the same. */
const SEAL_LOCK = 0x61_75_64_69;

/** The hash of one version: salted, so that what it says cannot be guessed, and nothing of it is known without the row. */
const LEAF = `sha256(coalesce(s.salt, ''::bytea) || convert_to(json_build_array(h.entity_id, h.version, h.entity, h.batch, h.place, h.kind,
  extract(epoch from h.at), h.by::text, h.change_id, h.run_id, h.mapping_version, h.fields::text)::text, 'UTF8'))`;
const ENTRIES_HASH = `encode(sha256(coalesce(string_agg(sha256(convert_to(json_build_array(e.id, extract(epoch from e.at), e.kind, e.key_id, e.actor,
  e.action, e.target, e.asked, e.trace_id, e.status, e.items)::text, 'UTF8')), ''::bytea order by e.id), ''::bytea)), 'hex')`;

/** One process seals at a time; the lock ends with the transaction. */
export async function lockSeals(tx: Tx): Promise<void> {
  await tx.unsafe("select pg_advisory_xact_lock($1)", [SEAL_LOCK]);
}

export async function lastSeal(sql: Db): Promise<Pick<Seal, "number" | "hash" | "lastFeed"> | undefined> {
  const [row] = await sql.unsafe(
    "select number::float8 as number, hash, last_feed::float8 as last_feed from audit_seals order by audit_seals.number desc limit 1",
  );
  return row && { number: Number(row.number), hash: String(row.hash), lastFeed: Number(row.last_feed) };
}

/**
 * The leaves of what the feed tells after a number, of whole batches, about `most` versions. Salts are made for records that
 * are met for the first time; the erased get none.
 */
export async function leavesAfter(
  tx: Tx,
  feed: number,
  most: number,
): Promise<Pick<Seal, "batches" | "leaves" | "lastFeed"> | undefined> {
  const found = await tx.unsafe(
    `select id::float8 as id, entries, start::float8 as start, base::float8 as base from (
       select id, entries, base, sum(entries) over (order by base) - entries as start from feed_batches
       where base > $1::bigint order by base limit $2) b
     where start < $2 order by base`,
    [feed, most],
  );
  if (found.length === 0) return undefined;
  const batches = found.map((row) => ({ id: Number(row.id), entries: Number(row.entries), start: Number(row.start) }));
  const ids = batches.map(({ id }) => id);
  await tx.unsafe(
    `insert into audit_salts (entity_id, salt)
     select distinct h.entity_id, uuid_send(gen_random_uuid()) from history h
     where h.batch = any($1::bigint[])
       and not exists (select from kundeemner k where k.id = h.entity_id and k.erased_at is not null)
       and not exists (select from kontaktpersoner p where p.id = h.entity_id and p.erased_at is not null)
     on conflict do nothing`,
    [ids],
  );
  const [row] = await tx.unsafe(
    `select coalesce(string_agg(${LEAF}, ''::bytea order by b.base, h.place), ''::bytea) as leaves
     from feed_batches b join history h on h.batch = b.id left join audit_salts s on s.entity_id = h.entity_id where b.id = any($1::bigint[])`,
    [ids],
  );
  const last = found.at(-1);
  return { batches, leaves: row?.leaves as Uint8Array, lastFeed: Number(last?.base) + Number(last?.entries) - 1 };
}

/** Puts entries that have ended, and those that will not any more, under a seal. */
export async function sealEntries(
  tx: Tx,
  seal: number,
  most: number,
  openForMs: number,
): Promise<Pick<Seal, "entries" | "entriesHash">> {
  const rows = await tx.unsafe(
    `update audit_entries set seal = $1::bigint where id in (
       select id from audit_entries where seal is null and (status is not null or at < kobling_now() - $3 * interval '1 millisecond')
       order by id limit $2)`,
    [seal, most, openForMs],
  );
  return { entries: rows.count, entriesHash: await hashOfEntries(tx, seal) };
}

/** What the entries under a seal hash to now. */
export async function hashOfEntries(sql: Db, seal: number): Promise<string> {
  const [row] = await sql.unsafe(`select ${ENTRIES_HASH} as hash from audit_entries e where e.seal = $1::bigint`, [
    seal,
  ]);
  return String(row?.hash);
}

export async function addSeal(tx: Tx, seal: Seal): Promise<void> {
  await tx.unsafe(
    `insert into audit_seals (number, at, last_feed, batches, leaves, entries, entries_hash, previous, hash)
     values ($1::bigint, $2::timestamptz, $3::bigint, $4::text::json, $5::bytea, $6::int, $7, $8, $9)`,
    [
      ...[seal.number, seal.at, seal.lastFeed, JSON.stringify(seal.batches), Buffer.from(seal.leaves), seal.entries],
      ...[seal.entriesHash, seal.previous, seal.hash],
    ],
  );
}

/** Seals after a number, oldest first. */
export async function readSeals(sql: Sql, after: number, limit: number): Promise<Seal[]> {
  const rows = await sql.unsafe(
    `select number::float8 as number, ${instantText("at")} as at, last_feed::float8 as last_feed, batches, leaves, entries, entries_hash, previous, hash
     from audit_seals s where s.number > $1 order by s.number limit $2`,
    [after, limit],
  );
  return rows.map((row) => ({
    number: Number(row.number),
    at: String(row.at),
    lastFeed: Number(row.last_feed),
    batches: row.batches as SealedBatch[], // as `addSeal` wrote them
    leaves: row.leaves as Uint8Array,
    entries: Number(row.entries),
    entriesHash: String(row.entries_hash),
    previous: String(row.previous),
    hash: String(row.hash),
  }));
}

export interface LeafCheck {
  /** Rows of history that are still there. */
  readonly present: number;
  /** Of records that were erased, or whose values their source's terms have ended: their hash cannot be made again. */
  readonly forgotten: number;
  /** Rows that are not as they were when they were sealed. */
  readonly changed: readonly { readonly entityId: string; readonly version: number }[];
}

const MOST_TOLD = 20;

/** Compares the versions under a seal with their leaves. */
export async function checkLeaves(sql: Sql, seal: Seal): Promise<LeafCheck> {
  const rows = await sql.unsafe(
    `with found as (
       select h.entity_id, h.version::float8 as version, substring($2::bytea from (b.start + h.place)::int * 32 + 1 for 32) = ${LEAF} as same,
         exists (select from audit_entries e where e.target = h.entity_id and e.kind = 'erasure')
           or not exists (select from json_each(h.fields) f where f.value->>2 is distinct from 'R14:expired' or f.value->>1 is not null) as may
       from json_to_recordset($1::text::json) b(id bigint, entries int, start bigint) join history h on h.batch = b.id
       left join audit_salts s on s.entity_id = h.entity_id
     )
     select (select count(*)::int from found) as present, (select count(*)::int from found where same is not true and may) as forgotten,
       (select coalesce(json_agg(c), '[]') from (select entity_id as "entityId", version from found where same is not true and not may limit ${MOST_TOLD}) c) as changed`,
    [JSON.stringify(seal.batches), Buffer.from(seal.leaves)],
  );
  const [row] = rows;
  return {
    present: Number(row?.present),
    forgotten: Number(row?.forgotten),
    changed: row?.changed as LeafCheck["changed"], // as the statement builds them
  };
}

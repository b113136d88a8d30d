import { readNow } from "./clock.ts";
import type { Db } from "./database.ts";

/** A record `k` that may be written. */
const WRITABLE = `k.erased_at is null and k.merged_into is null
  and coalesce(k.arkiveret_vaerdi, false) = false and coalesce(k.begraenset_vaerdi, false) = false`;

/** A link of a directory whose object was not read for so long. */
export interface StaleLink {
  readonly id: string;
  readonly externalId: string;
}

/**
 * Links of a directory's object to read again: those read on the earliest day first (never before all), of one day the
 * records worth most. Records that nothing may be written to (archived, restricted, erased, merged) are left out. `afterMs`: how old a reading may be.
 */
export async function findStale(
  sql: Db,
  wanted: { connection: string; object: string; afterMs: number; limit: number },
): Promise<StaleLink[]> {
  const rows = await sql<{ id: string; external_id: string }[]>`
    select l.id, l.external_id from links l join kundeemner k on k.id = l.entity_id
    where l.connection = ${wanted.connection} and l.object = ${wanted.object} and l.state = 'linked' and l.entity = 'kundeemne'
      and (l.last_read_at is null or l.last_read_at < (select kobling_now()) - ${wanted.afterMs} * interval '1 millisecond')
      and ${sql.unsafe(WRITABLE)}
    order by date_trunc('day', l.last_read_at at time zone 'Europe/Copenhagen') nulls first,
      k.vaerdi desc nulls last, l.last_read_at nulls first, l.id limit ${wanted.limit}`;
  return rows.map((row) => ({ id: row.id, externalId: row.external_id }));
}

/** Notes that these objects were read just now, whatever they showed. */
export async function noteRead(
  sql: Db,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Promise<void> {
  if (externalIds.length === 0) return;
  await sql`
    update links set last_read_at = kobling_now()
    where connection = ${connection} and object = ${object} and external_id = any(${[...externalIds]}::text[])`;
}

/**
 * Begins a turn on the feed of a directory, when one is due (`everyMs`), and gives up to when it was followed; the first turn
 * begins now. Undefined: none is due. Of processes that ask at once one gets it.
 */
export async function beginFeedTurn(
  sql: Db,
  connection: string,
  object: string,
  everyMs: number,
): Promise<Date | undefined> {
  const now = new Date(await readNow(sql));
  const [row] = await sql.unsafe(
    `update lanes set cursor = coalesce(cursor, $3::text), next_poll_at = $3::text::timestamptz + $4::float8 * interval '1 millisecond'
     where connection = $1 and object = $2 and (next_poll_at is null or next_poll_at <= $3::text::timestamptz) returning cursor`,
    [connection, object, now.toISOString(), everyMs],
  );
  return row === undefined ? undefined : new Date(String(row.cursor));
}

/** Keeps up to when the feed was followed. */
export async function saveFeedCursor(sql: Db, connection: string, object: string, until: Date): Promise<void> {
  await sql.unsafe("update lanes set cursor = $3 where connection = $1 and object = $2", [
    connection,
    object,
    until.toISOString(),
  ]);
}

/**
 * Which of the objects that a directory has loaded are linked to a record that may be written, and were not read since
 * they were loaded and `slackMs` more.
 */
export async function findToRead(
  sql: Db,
  wanted: {
    readonly connection: string;
    readonly object: string;
    readonly loaded: readonly { readonly externalId: string; readonly at: Date }[];
    readonly slackMs: number;
  },
): Promise<string[]> {
  const loaded = JSON.stringify(wanted.loaded.map(({ externalId, at }) => ({ id: externalId, at: at.toISOString() })));
  const rows = await sql.unsafe(
    `select distinct l.external_id from json_to_recordset($3::text::json) as n(id text, at timestamptz)
     join links l on l.connection = $1 and l.object = $2 and l.external_id = n.id and l.state = 'linked' and l.entity = 'kundeemne'
     join kundeemner k on k.id = l.entity_id
     where (l.last_read_at is null or l.last_read_at <= n.at + $4::float8 * interval '1 millisecond')
       and ${WRITABLE}`,
    [wanted.connection, wanted.object, loaded, wanted.slackMs],
  );
  return rows.map((row) => String(row.external_id));
}

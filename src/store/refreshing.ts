import type { Db } from "./database.ts";

/** A link of a directory whose object was not read for so long. */
export interface StaleLink {
  readonly id: string;
  readonly externalId: string;
}

/**
 * Links of a directory's object to read again: those read on the earliest day first (never before
 * all), of one day the records worth most. Records
 * that nothing may be written to (archived, restricted, erased, merged) are left out. `afterMs`: how old a reading may be.
 */
export async function findStale(
  sql: Db,
  wanted: { connection: string; object: string; afterMs: number; limit: number },
): Promise<StaleLink[]> {
  const rows = await sql<{ id: string; external_id: string }[]>`
    select l.id, l.external_id from links l join kundeemner k on k.id = l.entity_id
    where l.connection = ${wanted.connection} and l.object = ${wanted.object} and l.state = 'linked' and l.entity = 'kundeemne'
      and (l.last_read_at is null or l.last_read_at < (select kobling_now()) - ${wanted.afterMs} * interval '1 millisecond')
      and k.erased_at is null and k.merged_into is null
      and coalesce(k.arkiveret_vaerdi, false) = false and coalesce(k.begraenset_vaerdi, false) = false
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

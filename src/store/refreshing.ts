import type { Db } from "./database.ts";

/** A link of a directory whose object was not read for so long. */
export interface StaleLink {
  readonly id: string;
  readonly externalId: string;
}

/**
 * Links of a directory's object to read again: those read longest ago first, of equal ones the records worth most. Records
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
    order by l.last_read_at nulls first, k.vaerdi desc nulls last, l.id limit ${wanted.limit}`;
  return rows.map((row) => ({ id: row.id, externalId: row.external_id }));
}

/** How many links of a connection were read since midnight in Copenhagen. */
export async function readToday(sql: Db, connection: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from links where connection = ${connection}
      and last_read_at >= date_trunc('day', (select kobling_now()) at time zone 'Europe/Copenhagen') at time zone 'Europe/Copenhagen'`;
  return row?.n ?? 0;
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

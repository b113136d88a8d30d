import type { Db, Tx } from "./database.ts";

export interface ExpiredLink {
  readonly id: string;
  readonly entityId: string;
}

/** Links of a directory whose content was read longer ago than it may be stored (ms), as long as some is kept. */
export async function findExpired(
  sql: Db,
  wanted: { connection: string; storeMs: number; limit: number },
): Promise<ExpiredLink[]> {
  const rows = await sql<{ id: string; entity_id: string }[]>`
    select id, entity_id from links
    where connection = ${wanted.connection} and entity = 'kundeemne' and entity_id is not null
      and coalesce(last_read_at, linked_at, updated_at) < (select kobling_now()) - ${wanted.storeMs} * interval '1 millisecond'
      and (image is not null or image_change is not null or coalesce(base::text, '{}') <> '{}')
    order by id limit ${wanted.limit}`;
  return rows.map((row) => ({ id: row.id, entityId: row.entity_id }));
}

/** Kundeemner whose coordinates have expired, whoever set them. */
export async function findExpiredPositions(sql: Db, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from kundeemner where gps_expires_at < (select kobling_now()) and erased_at is null and merged_into is null
    order by gps_expires_at limit ${limit}`;
  return rows.map((row) => row.id);
}

/**
 * Forgets what a directory showed: of the link the last answer, and in the history of the record the values that came by
 * that connection, or that this version took away. That there was a change, and when, stays.
 */
export async function forgetContent(
  tx: Tx,
  {
    linkId,
    entityId,
    connection,
    version,
  }: { linkId: string | null; entityId: string; connection: string | null; version: number },
): Promise<void> {
  if (linkId !== null)
    await tx.unsafe("update links set image = null, image_change = null, newest_hash = null where id = $1::uuid", [
      linkId,
    ]);
  await tx.unsafe(
    `update history h set fields = coalesce((select json_object_agg(key, json_build_array(null, null, 'R14:expired')) from json_each(h.fields)), '{}')
     where h.entity_id = $1::uuid and (h.by->>'connection' = $2 or h.version = $3)`,
    [entityId, connection, version],
  );
}

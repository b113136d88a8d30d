import type { EntityKind } from "../model/catalogue.ts";
import type { Sql, Tx } from "./database.ts";
import type { LinkBlock } from "./link-blocks.ts";
import { markEntities } from "./segment-marks.ts";

/** A person has linked this pair: what forbade it is gone, also a refusal (rule R25). */
export async function removePairBlocks(tx: Tx, pair: Omit<LinkBlock, "kind">): Promise<void> {
  await tx.unsafe(
    `delete from link_blocks where connection = $1 and object = $2 and entity_id = $3 and (external_id = '' or external_id = $4)`,
    [pair.connection, pair.object, pair.entityId, pair.externalId],
  );
}

/** Locks those of these links that nobody else holds, without waiting; gives their ids. */
export async function lockFreeLinks(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.unsafe("select id from links where id = any($1::uuid[]) order by id for update skip locked", [
    [...ids],
  ]);
  return rows.map((row) => String(row.id));
}

/** A link row as if the object had never stood for anything; what belongs to the remote object stays (rule R18). */
export async function freeLink(tx: Tx, id: string): Promise<void> {
  await tx.unsafe(`update links set ${FREED} where id = $1`, [id]);
}

/** Frees the links of a record that are `gone`: a person wishes another account than the deleted one (rule R25). */
export async function freeGoneLinks(tx: Tx, entityId: string, connection: string, object: string): Promise<void> {
  await tx.unsafe(
    // By record (offset 0): without statistics the planner takes connection and object to be one row.
    `update links set ${FREED} where state = 'gone' and id in (
       select id from (select id, connection, object from links where entity_id = $1 offset 0) own
       where connection = $2 and object = $3)`,
    [entityId, connection, object],
    { prepare: true },
  );
}

const FREED = `entity_id = null, state = 'suggested', base = null, seen = null, decided_version = 0, decided = null,
  renderings = null, view_of = null`;

/**
 * Ends the deliveries of links that are still open; what was sent may arrive, so it is the link that waits. Gives those
 * that were on their way.
 */
export async function withdrawDeliveries(
  tx: Tx,
  linkIds: readonly string[],
  reason: string,
): Promise<{ id: number; linkId: string; entity: EntityKind; entityId: string }[]> {
  const rows = await tx.unsafe(
    `with gone as (
       update deliveries set state = 'withdrawn', reason = $2, lease_until = null
       where link_id = any($1::uuid[]) and state in ('due', 'leased', 'uncertain', 'withheld') returning id, link_id, entity, entity_id, attempt_id)
     update attempts a set state = 'uncertain', error = 'withdrawn', ended_at = kobling_now()
     from gone where a.id = gone.attempt_id and a.state = 'begun'
     returning gone.id, gone.link_id, gone.entity, gone.entity_id`,
    [[...linkIds], reason],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    linkId: String(row.link_id),
    entity: row.entity as EntityKind, // as our own deliveries have it
    entityId: String(row.entity_id),
  }));
}

/** The record is not orphaned any more: a person has decided (rule R1). */
export async function clearOrphaned(tx: Tx, id: string): Promise<void> {
  await tx.unsafe("update kundeemner set orphaned_at = null where id = $1", [id]);
  await markEntities(tx, "kundeemne", [id]);
}

/** The link of a remote object, not locked. */
export async function findRemote(
  sql: Sql,
  connection: string,
  object: string,
  externalId: string,
): Promise<
  { id: string; entityId: string | null; state: string; quietUntil: number | null; writeCount: number } | undefined
> {
  const [row] = await sql.unsafe(
    `select id, entity_id, state, (extract(epoch from quiet_until) * 1000)::float8 as quiet_until, write_count
     from links where connection = $1 and object = $2 and external_id = $3`,
    [connection, object, externalId],
  );
  if (row === undefined) return undefined;
  return {
    id: String(row.id),
    entityId: row.entity_id as string | null,
    state: String(row.state),
    quietUntil: row.quiet_until as number | null,
    writeCount: Number(row.write_count),
  };
}

import type { Tx } from "./database.ts";
import type { KnownRows } from "./known-rows.ts";
import type { StoredLink } from "./links.ts";
import { markEntities } from "./segment-marks.ts";

export interface LinkWrite {
  readonly link: StoredLink;
  /** The newest reading as it came; undefined leaves the stored one. */
  readonly image?: unknown;
  /** The image is the body of this change, which the store has already. */
  readonly imageOf?: number | null | undefined;
}

const written = `id, connection, object, external_id, entity, entity_id, state, base, seen, decided_version, decided, renderings,
  view_of, image, image_change, mapping_version, remote_version, remote_changed_at, newest_hash, newest_change_id, counter, write_count, in_flight, quiet_until, images,
  decided_received_at, decided_began_at, missing_since, linked_at, updated_at`;
const setters = written
  .split(",")
  .map((column) => column.trim())
  .filter((column) => !["id", "image", "image_change"].includes(column))
  .map((column) => `${column} = excluded.${column}`)
  .join(", ");
// A row without a new image keeps the one it has.
const upsert = `insert into links (${written})
  select ${written} from json_populate_recordset(null::links, kobling_rows($1))
  on conflict (connection, object, external_id) do update set ${setters},
    image = case when excluded.image_change is null then coalesce(excluded.image, links.image) end,
    image_change = coalesce(excluded.image_change, case when excluded.image is null then links.image_change end)`;

const instant = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
const some = <T extends object>(value: T): T | null => {
  for (const _ in value) return value;
  return null;
};

/** Changes of the inbox have positive numbers; a preview's have none there. */
const isIn = (change: number | null | undefined): change is number =>
  change !== null && change !== undefined && change > 0;

/** Writes link rows whole, one statement for all. The rows are locked or new. */
export async function upsertLinks(tx: Tx, writes: readonly LinkWrite[], updatedAt: string): Promise<void> {
  if (writes.length === 0) return;
  const rows = writes.map(({ link, image, imageOf }) => ({
    ...(isIn(imageOf) && image !== undefined ? { image_change: imageOf } : { image }),
    id: link.id,
    connection: link.connection,
    object: link.object,
    external_id: link.externalId,
    entity: link.entity,
    entity_id: link.entityId,
    state: link.state,
    base: link.base,
    seen: some(link.seen),
    decided_version: link.decidedVersion,
    decided: some(link.decided),
    renderings: some(link.renderings),
    view_of: link.viewOf,
    mapping_version: link.mappingVersion,
    remote_version: link.remoteVersion,
    remote_changed_at: instant(link.remoteChangedAt ?? null),
    newest_hash: link.newestHash,
    newest_change_id: link.newestChangeId,
    counter: link.counter,
    write_count: link.writeCount,
    in_flight: link.inFlight,
    quiet_until: instant(link.quietUntil),
    images: link.images.length === 0 ? null : link.images,
    decided_received_at: instant(link.decidedReceivedAt),
    decided_began_at: instant(link.decidedBeganAt),
    missing_since: link.missingSince,
    linked_at: link.linkedAt,
    updated_at: updatedAt,
  }));
  await tx.unsafe(upsert, [JSON.stringify(rows)], { prepare: true });
}

/**
 * Notes writes that are about to leave: flight, write count and sent images, nothing else of the row (rules R6, R13). A
 * change equal to an older one may now be an edit: repeats are told apart again from the next reading on.
 */
export async function beginFlights(
  tx: Tx,
  links: readonly StoredLink[],
  updatedAt: string,
  known?: KnownRows<StoredLink>,
): Promise<void> {
  if (links.length === 0) return;
  const rows = links.map(({ id, writeCount, images }) => ({ id, write_count: writeCount, images }));
  const begun = await tx.unsafe(
    `update links l set in_flight = true, newest_hash = null, write_count = x.write_count, images = x.images, updated_at = $2::timestamptz
     from json_to_recordset(kobling_rows($1)) as x(id uuid, write_count integer, images json) where l.id = x.id
     returning l.id, l.xmin::text as stamp`,
    [JSON.stringify(rows), updatedAt],
    { prepare: true },
  );
  if (known === undefined) return;
  const stamps = new Map(begun.map((row) => [String(row.id), String(row.stamp)]));
  for (const link of links) known.note(link.id, stamps.get(link.id), link);
}

/** Remote objects that have another id now (rule R9). Gives the changes that waited under the old one. */
export async function renumberLinks(
  tx: Tx,
  moved: readonly { id: string; externalId: string }[],
): Promise<{ id: number; runId: number | null }[]> {
  if (moved.length === 0) return [];
  const rows = JSON.stringify(moved.map(({ id, externalId }) => ({ id, external_id: externalId })));
  const given = "json_to_recordset($1::text::json) as x(id uuid, external_id text)";
  // A row of the new id that stands for nobody makes room, with the case that asks whom it stands for.
  await tx.unsafe(
    `with room as (
       delete from links s using links l, ${given} where l.id = x.id and s.connection = l.connection and s.object = l.object
         and s.external_id = x.external_id and s.entity_id is null returning s.id)
     update reviews r set state = 'closed', why = 'renumbered', updated_at = kobling_now() from room
     where r.link_id = room.id and r.kind = 'match_case' and r.state = 'open'`,
    [rows],
  );
  // What was read of the old id and still waits is of an object that stands under the new one: no stranger is made of it.
  const overtaken = await tx.unsafe(
    `with old as (
       select c.id from changes c join links l on l.connection = c.connection and l.object = c.object and l.external_id = c.external_id
         join ${given} on l.id = x.id
       where c.state = 'received' and not c.deleted for update of c skip locked)
     update changes c set state = 'stale', outcome = 'unchanged', reason = $2::text::json from old where c.id = old.id
     returning c.id, c.run_id`,
    [rows, JSON.stringify({ code: "R9:replaced", detail: "The object stands under another id by now" })],
  );
  // The change that holds what it last showed bears the old id, by which retention would look for the link.
  await tx.unsafe(
    `update links l set external_id = x.external_id, image_change = null,
       image = coalesce((select body from changes c where c.id = l.image_change), l.image) from ${given} where l.id = x.id`,
    [rows],
  );
  return overtaken.map((row) => ({ id: Number(row.id), runId: row.run_id === null ? null : Number(row.run_id) }));
}

/** Records that were deleted on side crm: nothing is written out until a person has decided (rule R1). */
export async function markOrphaned(tx: Tx, ids: readonly string[], at: string): Promise<void> {
  if (ids.length === 0) return;
  await tx.unsafe("update kundeemner set orphaned_at = $2::timestamptz where id = any($1::uuid[])", [[...ids], at]);
  await markEntities(tx, "kundeemne", ids);
}

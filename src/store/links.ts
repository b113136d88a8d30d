import type { EntityKind, Values } from "../model/catalogue.ts";
import type { Link, LinkStateName, Rendering, SentImage } from "../rules/record.ts";
import type { Sql, Tx } from "./database.ts";
import { type KnownRows, readMoved } from "./known-rows.ts";

/** A link with what receiving keeps beside it. */
export interface StoredLink extends Link {
  readonly newestHash: string | null;
  readonly newestChangeId: number | null;
  readonly missingSince: string | null;
  readonly linkedAt: string | null;
}

export interface RemoteKey {
  readonly object: string;
  readonly externalId: string;
}

export const remoteKey = (object: string, externalId: string): string => `${object}\u0000${externalId}`;

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

const columns = `id, links.xmin::text as stamp, connection, object, external_id, entity, entity_id, state, base, seen,
  decided_version::float8 as decided_version, decided, renderings, view_of, mapping_version, remote_version, newest_hash,
  ${ms("remote_changed_at")} as remote_changed_at,
  newest_change_id::float8 as newest_change_id, counter::float8 as counter, write_count, in_flight, images,
  ${ms("quiet_until")} as quiet_until, ${ms("decided_received_at")} as decided_received_at,
  ${ms("decided_began_at")} as decided_began_at, missing_since::text as missing_since, linked_at::text as linked_at`;

type Row = Record<string, unknown>;

// The casts below read what `upsertLinks` wrote from the same types.
function readLink(row: Row): StoredLink {
  return {
    id: String(row.id),
    connection: String(row.connection),
    object: String(row.object),
    externalId: String(row.external_id),
    entity: row.entity as EntityKind,
    entityId: row.entity_id as string | null,
    state: row.state as LinkStateName,
    base: (row.base as Values | null) ?? {},
    seen: (row.seen as Values | null) ?? {},
    decidedVersion: Number(row.decided_version),
    decided: (row.decided as Record<string, number> | null) ?? {},
    renderings: (row.renderings as Record<string, Rendering[]> | null) ?? {},
    viewOf: row.view_of as string | null,
    images: (row.images as SentImage[] | null) ?? [],
    writeCount: Number(row.write_count),
    inFlight: row.in_flight === true,
    quietUntil: row.quiet_until as number | null,
    counter: row.counter as number | null,
    remoteVersion: row.remote_version as string | null,
    remoteChangedAt: row.remote_changed_at as number | null,
    decidedReceivedAt: row.decided_received_at as number | null,
    decidedBeganAt: row.decided_began_at as number | null,
    mappingVersion: row.mapping_version as string | null,
    newestHash: row.newest_hash as string | null,
    newestChangeId: row.newest_change_id as number | null,
    missingSince: row.missing_since as string | null,
    linkedAt: row.linked_at as string | null,
  };
}

/** A link row for a remote object that was never seen before; tied to nothing yet. */
export function newLink(key: {
  id: string;
  connection: string;
  object: string;
  externalId: string;
  entity: EntityKind;
}): StoredLink {
  return {
    ...key,
    entityId: null,
    state: "suggested",
    base: {},
    seen: {},
    decidedVersion: 0,
    decided: {},
    renderings: {},
    viewOf: null,
    images: [],
    writeCount: 0,
    inFlight: false,
    quietUntil: null,
    counter: null,
    remoteVersion: null,
    remoteChangedAt: null,
    decidedReceivedAt: null,
    decidedBeganAt: null,
    mappingVersion: null,
    newestHash: null,
    newestChangeId: null,
    missingSince: null,
    linkedAt: null,
  };
}

/** Reads rows and notes them as known. */
function readNoted(rows: readonly Row[], known: KnownRows<StoredLink> | undefined): StoredLink[] {
  return rows.map((row) => {
    const link = readLink(row);
    known?.note(link.id, String(row.stamp), link);
    return link;
  });
}

const readWhole = async (sql: Sql | Tx, ids: readonly string[]): Promise<StoredLink[]> =>
  (await sql.unsafe(`select ${columns} from links where id = any($1::uuid[])`, [[...ids]], { prepare: true })).map(
    readLink,
  );

/**
 * The link rows of remote objects, locked in id order until the transaction ends. By `remoteKey`. What is known and has
 * not moved is not read again.
 */
export async function lockLinks(
  tx: Tx,
  connection: string,
  keys: readonly RemoteKey[],
  known?: KnownRows<StoredLink>,
): Promise<Map<string, StoredLink>> {
  if (keys.length === 0) return new Map();
  const isKnown = known?.isAsked === true;
  const rows = await tx.unsafe(
    `select ${isKnown ? "id, xmin::text as stamp" : columns} from links
     -- Row by row through the whole key (offset 0): without statistics the planner takes connection and object to be one row.
     where id = any(array(select found.id from unnest($2::text[], $3::text[]) k(object, external_id) cross join lateral
       (select id from links where connection = $1 and object = k.object and external_id = k.external_id offset 0) found))
     order by id for update`,
    [connection, keys.map((key) => key.object), keys.map((key) => key.externalId)],
    { prepare: true },
  );
  const links = isKnown ? await readMoved(known, rows, (ids) => readWhole(tx, ids)) : readNoted(rows, known);
  return new Map(links.map((link) => [remoteKey(link.object, link.externalId), link]));
}

export async function lockLinksById(tx: Tx, ids: readonly string[]): Promise<Map<string, StoredLink>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.unsafe(
    `select ${columns} from links where id = any($1::uuid[]) order by id for update`,
    [[...ids]],
    { prepare: true },
  );
  return new Map(rows.map((row) => [String(row.id), readLink(row)]));
}

/**
 * The links of records but for those in hand, not locked: what is owed is worked out again when a delivery is leased.
 * What is known and has not moved is not read again.
 */
export async function loadLinksOf(
  sql: Sql | Tx,
  entityIds: readonly string[],
  inHand: readonly string[] = [],
  known?: KnownRows<StoredLink>,
): Promise<StoredLink[]> {
  if (entityIds.length === 0) return [];
  const isKnown = known?.isAsked === true;
  const rows = await sql.unsafe(
    // Record by record (offset 0): without statistics the planner would read the whole table.
    `select found.* from unnest($1::uuid[]) wanted(id) cross join lateral
       (select ${isKnown ? "id, xmin::text as stamp" : columns} from links where entity_id = wanted.id and id <> all($2::uuid[]) offset 0) found`,
    [[...entityIds], [...inHand]],
    { prepare: true },
  );
  return isKnown ? readMoved(known, rows, (ids) => readWhole(sql, ids)) : readNoted(rows, known);
}

/** What the remote last showed, raw, by link id: for re-mapping (rule R10) and for writing without re-spelling. */
export async function loadImages(sql: Sql | Tx, ids: readonly string[]): Promise<Map<string, Record<string, unknown>>> {
  if (ids.length === 0) return new Map();
  const rows = await sql.unsafe(
    `select l.id, coalesce(c.body, l.image) as image from links l left join changes c on c.id = l.image_change
     where l.id = any($1::uuid[]) and (l.image is not null or c.body is not null)`,
    [[...ids]],
    { prepare: true },
  );
  return new Map(rows.map((row) => [String(row.id), row.image as Record<string, unknown>]));
}

/** Records by their external ids at one object of a connection, for children that come in; an extra link tells them too (rule R25). */
export async function findLinked(
  sql: Sql | Tx,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Promise<Map<string, string>> {
  if (externalIds.length === 0) return new Map();
  const rows = await sql.unsafe(
    "select external_id, entity_id from links where connection = $1 and object = $2 and external_id = any($3::text[]) and state in ('linked', 'extra') and entity_id is not null",
    [connection, object, [...externalIds]],
    { prepare: true },
  );
  return new Map(rows.map((row) => [String(row.external_id), String(row.entity_id)]));
}

/** Write counts from before a request (rule R6), by link id. */
export async function loadWriteCounts(sql: Sql | Tx, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.unsafe("select id, write_count from links where id = any($1::uuid[])", [[...ids]], {
    prepare: true,
  });
  return new Map(rows.map((row) => [String(row.id), Number(row.write_count)]));
}

/** External ids of an object that stand for a record already. */
export async function loadTiedIds(sql: Sql | Tx, connection: string, object: string): Promise<Set<string>> {
  const rows = await sql.unsafe(
    "select external_id from links where connection = $1 and object = $2 and entity_id is not null",
    [connection, object],
  );
  return new Set(rows.map((row) => String(row.external_id)));
}

/**
 * Links that may differ from their record now, and since when, not locked: those with a delivery under way, held back or
 * refused, and those of records that a case holds. What is not among them agreed at its last decision.
 */
export async function loadUnsettledLinks(sql: Sql | Tx, limit: number): Promise<{ link: StoredLink; since: string }[]> {
  const rows = await sql.unsafe(
    `with open as (
       select link_id as id, created_at as since from deliveries
         where state in ('due', 'leased', 'uncertain', 'withheld') and link_id is not null
       union all
       select link_id, created_at from deliveries where state = 'rejected' and link_id is not null
       union all
       select link_id, opened_at from reviews where state = 'open' and kind = 'ignored_write' and link_id is not null
       union all
       select l.id, r.opened_at from reviews r left join kontaktpersoner p on r.entity = 'kontaktperson' and p.id = r.entity_id
         join links l on l.entity_id = any(array[r.entity_id, p.kundeemne_id])
         where r.state = 'open' and r.kind in ('conflict', 'proposal', 'primary_contact'))
     select ${columns}, waits.since::text as since
     from (select id, min(since) as since from open group by id) waits join links using (id)
     where state = 'linked' order by id limit $1`,
    [limit],
  );
  return rows.map((row) => ({ link: readLink(row), since: new Date(String(row.since)).toISOString() }));
}

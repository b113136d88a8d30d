import type { EntityKind } from "../model/catalogue.ts";
import type { LinkStateName } from "../rules/record.ts";
import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** A link as it is shown: which record a remote object stands for. */
export interface ReadLink {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly entity: EntityKind;
  readonly entityId: string | null;
  readonly state: LinkStateName;
  readonly linkedAt: string | null;
  readonly lastReadAt: string | null;
  readonly remoteVersion: string | null;
}

/** All links of the named records, in a stable order. */
export async function listLinksOf(sql: Db, entityIds: readonly string[]): Promise<ReadLink[]> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(COLUMNS)} from links l
    where l.entity_id = any(${[...entityIds]}::text[]::uuid[])
    order by l.entity_id, l.connection, l.object, l.external_id`;
  return rows.map(readLink);
}

/** Links of a connection, of an object of it, or the one of an external id; in order of id. */
export async function findLinks(
  sql: Db,
  query: {
    readonly connection: string;
    readonly object?: string | undefined;
    readonly externalId?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<{ rows: readonly ReadLink[]; next: string | undefined }> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(COLUMNS)} from links l
    where l.connection = ${query.connection}
      and ${query.object === undefined ? sql`true` : sql`l.object = ${query.object}`}
      and ${query.externalId === undefined ? sql`true` : sql`l.external_id = ${query.externalId}`}
      and ${query.after === undefined ? sql`true` : sql`l.id > ${query.after}::text::uuid`}
    order by l.id limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit).map(readLink);
  return { rows: page, next: rows.length > query.limit ? page.at(-1)?.id : undefined };
}

/** One link by id. */
export async function findLink(sql: Db, id: string): Promise<ReadLink | undefined> {
  const rows = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from links l where l.id = ${id}::text::uuid`;
  return rows[0] && readLink(rows[0]);
}

interface Row {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly external_id: string;
  readonly entity: EntityKind;
  readonly entity_id: string | null;
  readonly state: LinkStateName;
  readonly linked_at: string | null;
  readonly last_read_at: string | null;
  readonly remote_version: string | null;
}

const COLUMNS = `l.id, l.connection, l.object, l.external_id, l.entity, l.entity_id, l.state,
  ${instantText("l.linked_at")} as linked_at, ${instantText("l.last_read_at")} as last_read_at, l.remote_version`;

const readLink = (row: Row): ReadLink => ({
  id: row.id,
  connection: row.connection,
  object: row.object,
  externalId: row.external_id,
  entity: row.entity,
  entityId: row.entity_id,
  state: row.state,
  linkedAt: row.linked_at,
  lastReadAt: row.last_read_at,
  remoteVersion: row.remote_version,
});

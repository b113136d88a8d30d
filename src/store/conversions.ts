import type { ConversionTarget } from "../model/conversions.ts";
import type { Db, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface ConversionKey {
  readonly entityId: string;
  readonly connection: string;
  readonly target: ConversionTarget;
  readonly reference: string;
}

export interface Conversion extends ConversionKey {
  readonly id: number;
  readonly state: "open" | "done" | "failed";
  readonly reason: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly marker: string | null;
  readonly externalId: string | null;
  readonly by: string;
  readonly createdAt: string;
  readonly doneAt: string | null;
}

export const conversionColumns = `c.id::float8 as id, c.entity_id, c.connection, c.target, c.reference, c.state, c.reason, c.data, c.marker,
  c.external_id, c.by, ${instantText("c.created_at")} as created_at, ${instantText("c.done_at")} as done_at`;

// The casts read what this file wrote from the same types.
export const readConversion = (row: Record<string, unknown>): Conversion => ({
  id: Number(row.id),
  entityId: String(row.entity_id),
  connection: String(row.connection),
  target: row.target as ConversionTarget,
  reference: String(row.reference),
  state: row.state as Conversion["state"],
  reason: row.reason as string | null,
  data: (row.data as Conversion["data"] | null) ?? {},
  marker: row.marker as string | null,
  externalId: row.external_id as string | null,
  by: String(row.by),
  createdAt: String(row.created_at),
  doneAt: row.done_at as string | null,
});

/**
 * Writes the wish down, or finds the one that stands: a repeated call is no second conversion. One that failed is open
 * again, with what the caller says now; a document whose request has left keeps what was sent.
 */
export async function wish(
  tx: Tx,
  { entityId, connection, target, reference }: ConversionKey,
  what: { readonly data: Readonly<Record<string, unknown>>; readonly marker: string | null; readonly by: string },
): Promise<Conversion> {
  const [row] = await tx.unsafe(
    `insert into conversions as c (entity_id, connection, target, reference, state, data, marker, due_at, by, created_at)
     values ($1, $2, $3, $4, 'open', $5::text::json, $6, kobling_now(), $7, kobling_now())
     on conflict (entity_id, connection, target, reference) do update set
       state = case when c.state = 'failed' then 'open' else c.state end,
       reason = case when c.state = 'failed' then null else c.reason end,
       due_at = case when c.state = 'failed' then kobling_now() else c.due_at end,
       data = case when c.state <> 'done' and c.sent_at is null then excluded.data else c.data end
     returning ${conversionColumns}`,
    [entityId, connection, target, reference, JSON.stringify(what.data), what.marker, what.by],
  );
  if (row === undefined) throw new Error("A conversion was neither written nor found");
  return readConversion(row);
}

export async function findConversion(sql: Db, id: number): Promise<Conversion | undefined> {
  const [row] = await sql.unsafe(`select ${conversionColumns} from conversions c where c.id = $1`, [id]);
  return row === undefined ? undefined : readConversion(row);
}

/** All conversions of a record, oldest first. */
export async function listConversions(sql: Db, entityId: string): Promise<Conversion[]> {
  const rows = await sql.unsafe(`select ${conversionColumns} from conversions c where c.entity_id = $1 order by c.id`, [
    entityId,
  ]);
  return rows.map(readConversion);
}

/** Where a record stands in a ledger: its live link, and what has become of its create. */
export interface AccountStanding {
  readonly link: { readonly id: string; readonly externalId: string } | null;
  readonly delivery: { readonly state: string; readonly reason: string | null } | null;
}

export async function findAccount(
  sql: Db,
  entityId: string,
  connection: string,
  object: string,
): Promise<AccountStanding> {
  const [row] = await sql.unsafe(
    `select l.id, l.external_id, d.state, d.reason from (select 1) one
     left join lateral (select id, external_id from links
       where entity_id = $1 and connection = $2 and object = $3 and state = 'linked' order by linked_at limit 1) l on true
     left join lateral (select state, reason from deliveries
       where entity_id = $1 and connection = $2 and object = $3 order by id desc limit 1) d on true`,
    [entityId, connection, object],
  );
  return {
    link: row?.id == null ? null : { id: String(row.id), externalId: String(row.external_id) },
    delivery: row?.state == null ? null : { state: String(row.state), reason: row.reason as string | null },
  };
}

/**
 * The wish for an account is fulfilled: a link that ends later is not made anew by it (rule R25). Gives the instant of it;
 * of two that end it at once both are given the first one's.
 */
export async function endWish(sql: Db, id: number, externalId: string): Promise<string> {
  const [row] = await sql.unsafe(
    `update conversions c set state = 'done', reason = null, external_id = $2, done_at = coalesce(c.done_at, kobling_now())
     where id = $1 returning ${instantText("c.done_at")} as done_at`,
    [id, externalId],
  );
  if (row === undefined) throw new Error(`Conversion ${id} is gone while it ends`);
  return String(row.done_at);
}

/** Another record that has an account of this kind there, among these. */
export async function findHolder(
  sql: Db,
  connection: string,
  object: string,
  entityIds: readonly string[],
): Promise<{ entityId: string; externalId: string } | undefined> {
  if (entityIds.length === 0) return undefined;
  const [row] = await sql.unsafe(
    `select entity_id, external_id from links where connection = $1 and object = $2 and state = 'linked'
       and entity_id = any($3::uuid[]) order by linked_at limit 1`,
    [connection, object, [...entityIds]],
  );
  return row === undefined ? undefined : { entityId: String(row.entity_id), externalId: String(row.external_id) };
}

/** Links of a record that are `gone`: its account was deleted at the remote, and a person wishes another (rule R25). */
export async function findGoneLinks(
  tx: Tx,
  entityId: string,
  connection: string,
  object: string,
): Promise<{ id: string; externalId: string }[]> {
  const rows = await tx.unsafe(
    "select id, external_id from links where entity_id = $1 and connection = $2 and object = $3 and state = 'gone' for update",
    [entityId, connection, object],
  );
  return rows.map((row) => ({ id: String(row.id), externalId: String(row.external_id) }));
}

/** A key that two conversions of one record share, so that they follow one another. */
export async function lockConversion(tx: Tx, entityId: string, connection: string): Promise<void> {
  await tx.unsafe("select pg_advisory_xact_lock(hashtextextended($1, 11))", [`convert ${connection} ${entityId}`]);
}

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
    { prepare: true },
  );
  if (row === undefined) throw new Error("A conversion was neither written nor found");
  return readConversion(row);
}

/** Conversions by id, in its order. */
export async function findConversions(sql: Db, ids: readonly number[]): Promise<Conversion[]> {
  const rows = await sql.unsafe(
    `select ${conversionColumns} from conversions c where c.id = any($1::bigint[]) order by c.id`,
    [[...ids]],
    { prepare: true },
  );
  return rows.map(readConversion);
}

/** All conversions of a record, oldest first. */
export async function listConversions(sql: Db, entityId: string): Promise<Conversion[]> {
  const rows = await sql.unsafe(`select ${conversionColumns} from conversions c where c.entity_id = $1 order by c.id`, [
    entityId,
  ]);
  return rows.map(readConversion);
}

export interface AccountKey {
  readonly entityId: string;
  readonly connection: string;
  readonly object: string;
}

export interface AccountLink {
  readonly id: string;
  readonly externalId: string;
}

/** The live link of each key, in their order; of several the oldest. */
export async function findAccounts(sql: Db, keys: readonly AccountKey[]): Promise<(AccountLink | null)[]> {
  if (keys.length === 0) return [];
  const rows = await sql.unsafe(
    // By record (offset 0): without statistics the planner takes connection and object to be one row.
    `select l.id, l.external_id from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality wanted(entity_id, connection, object, n)
     left join lateral (select id, external_id from (select * from links where entity_id = wanted.entity_id offset 0) own
       where connection = wanted.connection and object = wanted.object and state = 'linked' order by linked_at limit 1) l on true
     order by n`,
    columnsOf(keys),
    { prepare: true },
  );
  return rows.map((row) => (row.id === null ? null : { id: String(row.id), externalId: String(row.external_id) }));
}

/** What has become of a create. */
export interface CreateStanding {
  readonly state: string;
  readonly reason: string | null;
}

/** The newest create of each key, in their order: one that is open, else one that came to nothing. */
export async function findCreates(sql: Db, keys: readonly AccountKey[]): Promise<(CreateStanding | null)[]> {
  if (keys.length === 0) return [];
  const rows = await sql.unsafe(
    `select d.state, d.reason from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality wanted(entity_id, connection, object, n)
     left join lateral (select state, reason from (
       select * from deliveries where entity_id = wanted.entity_id and state in ('due', 'leased', 'uncertain', 'withheld')
       union all
       select * from deliveries where entity_id = wanted.entity_id and link_id is null and state in ('rejected', 'withdrawn')) own
       where connection = wanted.connection and object = wanted.object order by id desc limit 1) d on true
     order by n`,
    columnsOf(keys),
    { prepare: true },
  );
  return rows.map((row) =>
    row.state === null ? null : { state: String(row.state), reason: row.reason as string | null },
  );
}

const columnsOf = (keys: readonly AccountKey[]): string[][] => [
  keys.map((key) => key.entityId),
  keys.map((key) => key.connection),
  keys.map((key) => key.object),
];

/**
 * The wishes for accounts are fulfilled: a link that ends later is not made anew by them (rule R25). Gives the instant of
 * each by id; of two that end one at once both are given the first one's.
 */
export async function endWishes(
  sql: Db,
  ends: readonly { readonly id: number; readonly externalId: string }[],
): Promise<Map<number, string>> {
  if (ends.length === 0) return new Map();
  const rows = await sql.unsafe(
    `update conversions c set state = 'done', reason = null, external_id = x.external_id, done_at = coalesce(c.done_at, kobling_now())
     from unnest($1::bigint[], $2::text[]) x(id, external_id) where c.id = x.id
     returning c.id::float8 as id, ${instantText("c.done_at")} as done_at`,
    [ends.map(({ id }) => id), ends.map(({ externalId }) => externalId)],
    { prepare: true },
  );
  return new Map(rows.map((row) => [Number(row.id), String(row.done_at)]));
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
    `select entity_id, external_id from (select * from links where entity_id = any($3::uuid[]) offset 0) own
     where connection = $1 and object = $2 and state = 'linked' order by linked_at limit 1`,
    [connection, object, [...entityIds]],
    { prepare: true },
  );
  return row === undefined ? undefined : { entityId: String(row.entity_id), externalId: String(row.external_id) };
}

/** A key that two conversions of one record share, so that they follow one another. */
export async function lockConversion(tx: Tx, entityId: string, connection: string): Promise<void> {
  await tx.unsafe("select pg_advisory_xact_lock(hashtextextended($1, 11))", [`convert ${connection} ${entityId}`], {
    prepare: true,
  });
}

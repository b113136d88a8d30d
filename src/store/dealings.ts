import type { Values } from "../model/catalogue.ts";
import type { Criterion } from "../model/criteria.ts";
import { type DealingKind, dealings } from "../model/dealings.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db, Tx } from "./database.ts";
import { instantText, readColumns, readValues } from "./read-columns.ts";

/** An aktivitet, opgave, tilbud or note as it stands. Instants in ISO 8601, UTC. */
export interface Dealing {
  readonly id: string;
  readonly kundeemneId: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly createdBy: string;
  readonly updatedBy: string;
  readonly values: Values;
  /** Where it was read; null: it was written here. */
  readonly source: { readonly connection: string; readonly externalId: string } | null;
}

export interface DealingPage {
  readonly dealings: readonly Dealing[];
  /** Undefined on the last page. */
  readonly next: { readonly value: string | null; readonly id: string } | undefined;
}

/** Writes a new row. Its emne is locked by the caller. */
export async function insertDealing(tx: Tx, kind: DealingKind, dealing: Dealing): Promise<void> {
  const columns = [...META, ...fieldColumns(kind)].join(", ");
  await tx.unsafe(
    `insert into ${kind} (${columns}) select ${columns} from json_populate_record(null::${kind}, $1::text::json)`,
    [JSON.stringify(rowOf(kind, dealing))],
  );
}

/** Writes a row whole that is locked. */
export async function updateDealing(tx: Tx, kind: DealingKind, dealing: Dealing): Promise<void> {
  const set = ["version", "updated_at", "updated_by", ...fieldColumns(kind)].map((column) => `${column} = x.${column}`);
  await tx.unsafe(
    `update ${kind} d set ${set.join(", ")} from json_populate_record(null::${kind}, $1::text::json) x where d.id = x.id`,
    [JSON.stringify(rowOf(kind, dealing))],
  );
}

export async function deleteDealing(tx: Tx, kind: DealingKind, id: string): Promise<void> {
  await tx.unsafe(`delete from ${kind} where id = $1::uuid`, [id]);
}

/** One row by id; `lock` holds it until the transaction ends. */
export async function findDealing(
  sql: Db,
  kind: DealingKind,
  id: string,
  { lock = false } = {},
): Promise<Dealing | undefined> {
  const rows = await sql.unsafe(
    `select ${selectOf(kind)} from ${kind} e where e.id = $1::uuid ${lock ? "for update" : ""}`,
    [id],
  );
  return rows[0] && readRow(kind, rows[0]);
}

/** One page of the rows that meet a criterion, in the order of their kind; what has no date in it comes last. */
export async function listDealings(
  sql: Db,
  kind: DealingKind,
  query: {
    readonly criterion: Criterion;
    readonly after?: { readonly value: string | null; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<DealingPage> {
  const { catalogue, order } = dealings[kind];
  const column = order.by === "createdAt" ? "e.created_at" : `e.${catalogue.columnOf.get(order.by)}`;
  const type = order.by === "createdAt" ? "timestamptz" : "date";
  const beyond = order.descending ? "<" : ">";
  const { after } = query;
  const place = sql.unsafe(column);
  const from =
    after === undefined
      ? sql`true`
      : after.value === null
        ? sql`(${place} is null and e.id > ${after.id}::text::uuid)`
        : sql`(${place} ${sql.unsafe(beyond)} ${after.value}::text::${sql.unsafe(type)}
            or (${place} = ${after.value}::text::${sql.unsafe(type)} and e.id > ${after.id}::text::uuid)
            or ${place} is null)`;
  const rows = await sql`
    select ${sql.unsafe(selectOf(kind))}, (${place})::text as sort_value from ${sql(kind)} e
    where ${criterionSql(sql, catalogue, query.criterion)} and ${from}
    order by ${sql.unsafe(`${column} ${order.descending ? "desc" : "asc"} nulls last, e.id`)}
    limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    dealings: page.map((row) => readRow(kind, row)),
    next:
      rows.length > query.limit && last
        ? { value: (last.sort_value as string | null) ?? null, id: String(last.id) }
        : undefined,
  };
}

/** Is this a contact of the emne? Seen under the emne's lock. */
export async function isContactOf(tx: Tx, contactId: string, kundeemneId: string): Promise<boolean> {
  const rows = await tx.unsafe("select from kontaktpersoner where id = $1::uuid and kundeemne_id = $2::uuid", [
    contactId,
    kundeemneId,
  ]);
  return rows.length > 0;
}

/** What was read of these remote objects before, locked until the transaction ends, by their numbers. */
export async function lockRead(
  tx: Tx,
  kind: DealingKind,
  connection: string,
  externalIds: readonly string[],
): Promise<Map<string, Dealing>> {
  const rows = await tx.unsafe(
    `select ${selectOf(kind)} from ${kind} e where e.connection = $1 and e.external_id = any($2::text[]) order by e.id for update`,
    [connection, [...externalIds]],
  );
  return new Map(rows.map((row) => [String(row.external_id), readRow(kind, row)]));
}

/** Writes rows that were read, new or locked, one statement for all; they are there. */
export async function upsertRead(tx: Tx, kind: DealingKind, read: readonly Dealing[]): Promise<void> {
  if (read.length === 0) return;
  const columns = [...META, ...fieldColumns(kind)];
  const set = columns.filter((column) => !["id", "created_at", "created_by"].includes(column));
  await tx.unsafe(
    `insert into ${kind} (${columns.join(", ")}) select ${columns.join(", ")} from json_populate_recordset(null::${kind}, $1::text::json)
     on conflict (id) do update set missing_since = null, ${set.map((column) => `${column} = excluded.${column}`).join(", ")}`,
    [JSON.stringify(read.map((each) => rowOf(kind, each)))],
  );
}

/** How many of a connection's rows a full listing has not shown, and how many there are. */
export async function countUnseen(
  sql: Db,
  kind: DealingKind,
  connection: string,
  seen: readonly string[],
): Promise<{ unseen: number; all: number }> {
  const [row] = await sql.unsafe(
    `select count(*)::int as all, count(*) filter (where external_id <> all($2::text[]))::int as unseen from ${kind} where connection = $1`,
    [connection, [...seen]],
  );
  return { unseen: Number(row?.unseen), all: Number(row?.all) };
}

/**
 * Notes what a full listing that began at a time has shown and what not, and gives those that an earlier listing had
 * missed already (rule R9).
 */
export async function noteSeen(
  sql: Db,
  kind: DealingKind,
  connection: string,
  seen: readonly string[],
  beganAt: string,
): Promise<{ id: string; kundeemneId: string }[]> {
  const values = [connection, [...seen], beganAt];
  await sql.unsafe(
    `update ${kind} set missing_since = case when external_id <> all($2::text[]) then $3::timestamptz end
     where connection = $1 and (missing_since is null) = (external_id <> all($2::text[]))`,
    values,
  );
  const rows = await sql.unsafe(
    `select id, kundeemne_id from ${kind} where connection = $1 and missing_since < $3::timestamptz and external_id <> all($2::text[])
     order by id`,
    values,
  );
  return rows.map((row) => ({ id: String(row.id), kundeemneId: String(row.kundeemne_id) }));
}

/** Takes rows away that are still missing. */
export async function deleteMissing(tx: Tx, kind: DealingKind, ids: readonly string[]): Promise<void> {
  await tx.unsafe(`delete from ${kind} where id = any($1::uuid[]) and missing_since is not null`, [[...ids]]);
}

const META = ["id", "version", "created_at", "updated_at", "created_by", "updated_by", "connection", "external_id"];

const fieldColumns = (kind: DealingKind): string[] => [...dealings[kind].catalogue.columnOf.values()];

const selectOf = (kind: DealingKind): string =>
  `e.id, e.version, ${instantText("e.created_at")} as created_at, ${instantText("e.updated_at")} as updated_at,
   e.created_by, e.updated_by, e.connection, e.external_id, ${readColumns(dealings[kind].catalogue, "e")}`;

function rowOf(kind: DealingKind, dealing: Dealing): Record<string, unknown> {
  const row: Record<string, unknown> = {
    id: dealing.id,
    version: dealing.version,
    created_at: dealing.createdAt,
    updated_at: dealing.updatedAt,
    created_by: dealing.createdBy,
    updated_by: dealing.updatedBy,
    connection: dealing.source?.connection ?? null,
    external_id: dealing.source?.externalId ?? null,
  };
  for (const [field, column] of dealings[kind].catalogue.columnOf) row[column] = dealing.values[field] ?? null;
  row.kundeemne_id = dealing.kundeemneId;
  return row;
}

const readRow = (kind: DealingKind, row: { readonly [column: string]: unknown }): Dealing => ({
  id: String(row.id),
  kundeemneId: String(row.kundeemneId),
  version: Number(row.version),
  createdAt: String(row.created_at),
  updatedAt: String(row.updated_at),
  createdBy: String(row.created_by),
  updatedBy: String(row.updated_by),
  values: readValues(dealings[kind].catalogue, row),
  source:
    typeof row.connection === "string" ? { connection: row.connection, externalId: String(row.external_id) } : null,
});

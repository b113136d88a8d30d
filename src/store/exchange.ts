import type { Db, Sql } from "./database.ts";
import { type Pulled, pullableColumns, readPulled } from "./outbound.ts";
import { instantText } from "./read-columns.ts";

/** A file of ours that is out, or that was taken in. */
export interface ExchangeFile {
  readonly id: number;
  readonly object: string;
  readonly direction: "in" | "out";
  readonly name: string;
  readonly state: "taken" | "planned" | "written" | "answered";
  readonly rows: number;
  readonly faults: number;
  readonly at: string;
  readonly answeredAt: string | null;
}

/** A delivery in a file of ours. */
export interface FiledDelivery extends Pulled {
  readonly line: number;
}

/** Notes what came of a file that was read; the same name again counts anew. */
export async function noteTaken(
  sql: Sql,
  file: { readonly connection: string; readonly object: string; readonly name: string },
  counts: { readonly rows: number; readonly faults: number },
): Promise<void> {
  await sql.unsafe(
    `insert into exchange_files (connection, object, direction, name, state, rows, faults, at)
     values ($1, $2, 'in', $3, 'taken', $4, $5, kobling_now())
     on conflict (connection, name) do update set rows = excluded.rows, faults = excluded.faults, at = excluded.at`,
    [file.connection, file.object, file.name, counts.rows, counts.faults],
  );
}

/** Deliveries that may be handed out and are in no file, oldest first, after `afterId`. Not locked. */
export async function findUnfiled(
  sql: Sql,
  connection: string,
  object: string,
  afterId: number,
  limit: number,
): Promise<Pulled[]> {
  const { columns, from, canGo } = pullableColumns;
  const rows = await sql.unsafe(
    `select ${columns} ${from} where d.connection = $1 and d.object = $2 and d.id > $3 and ${canGo}
       and not exists (select 1 from exchange_rows r where r.delivery_id = d.id) order by d.id limit $4`,
    [connection, object, afterId, limit],
    { prepare: true },
  );
  return rows.map(readPulled);
}

/**
 * Plans a file: its name and which delivery stands on which line, in one transaction, before it is written. Undefined when
 * another process has put one of them into a file meanwhile.
 */
export async function planFile(
  sql: Sql,
  at: { readonly connection: string; readonly object: string },
  nameOf: (id: number) => string,
  lines: readonly { readonly delivery: number; readonly line: number }[],
): Promise<{ id: number; name: string } | undefined> {
  return sql
    .begin(async (tx) => {
      const [row] = await tx.unsafe(
        `insert into exchange_files (connection, object, direction, name, state, rows, faults, at)
         values ($1, $2, 'out', gen_random_uuid()::text, 'planned', $3, 0, kobling_now()) returning id::float8 as id`,
        [at.connection, at.object, lines.length],
      );
      const id = Number(row?.id);
      const name = nameOf(id);
      await tx.unsafe("update exchange_files set name = $2 where id = $1", [id, name]);
      const placed = await tx.unsafe(
        `insert into exchange_rows (delivery_id, file_id, line) select x.delivery, $1, x.line
         from unnest($2::bigint[], $3::int[]) x(delivery, line) on conflict do nothing returning delivery_id`,
        [id, lines.map(({ delivery }) => delivery), lines.map(({ line }) => line)],
      );
      if (placed.length !== lines.length) throw new Taken();
      return { id, name };
    })
    .catch((error: unknown) => {
      if (error instanceof Taken) return undefined;
      throw error;
    });
}

/** Rolls a plan back: a delivery of it is in another file. */
class Taken extends Error {}

/** Files of ours that were planned and are not known to be written, oldest first. */
export async function findPlanned(sql: Sql, connection: string): Promise<ExchangeFile[]> {
  const rows = await sql.unsafe(
    `select ${COLUMNS} from exchange_files f where f.connection = $1 and f.state = 'planned' order by f.id`,
    [connection],
    { prepare: true },
  );
  return rows.map(readFile);
}

export async function findOutFile(sql: Sql, connection: string, name: string): Promise<ExchangeFile | undefined> {
  const rows = await sql.unsafe(
    `select ${COLUMNS} from exchange_files f where f.connection = $1 and f.name = $2 and f.direction = 'out'`,
    [connection, name],
    { prepare: true },
  );
  return rows.map(readFile)[0];
}

/** The newest files of a connection, newest first. */
export async function listExchanged(sql: Sql, connection: string, limit: number): Promise<ExchangeFile[]> {
  const rows = await sql.unsafe(
    `select ${COLUMNS} from exchange_files f where f.connection = $1 order by f.id desc limit $2`,
    [connection, limit],
    { prepare: true },
  );
  return rows.map(readFile);
}

/** Deliveries of a file that are not answered yet, in the order of their lines. */
export async function loadFiled(sql: Sql, fileId: number): Promise<FiledDelivery[]> {
  const { columns, from } = pullableColumns;
  const rows = await sql.unsafe(
    `select ${columns}, r.line ${from} join exchange_rows r on r.delivery_id = d.id where r.file_id = $1 order by r.line`,
    [fileId],
    { prepare: true },
  );
  return rows.map((row) => ({ ...readPulled(row), line: Number(row.line) }));
}

/** Creates of ours that are out, by the records that they are for. */
export async function findOutCreates(
  sql: Sql,
  connection: string,
  object: string,
  entityIds: readonly string[],
): Promise<{ delivery: number; entityId: string }[]> {
  if (entityIds.length === 0) return [];
  const rows = await sql.unsafe(
    `select id::float8 as id, entity_id from deliveries where entity_id = any($3::text[]::uuid[]) and connection = $1 and object = $2
       and state = 'leased' and kind = 'create'`,
    [connection, object, [...entityIds]],
    { prepare: true },
  );
  return rows.map((row) => ({ delivery: Number(row.id), entityId: String(row.entity_id) }));
}

/** They are in no file any more. */
export async function unfile(sql: Db, deliveries: readonly number[]): Promise<void> {
  if (deliveries.length === 0) return;
  await sql.unsafe("delete from exchange_rows where delivery_id = any($1::bigint[])", [[...deliveries]]);
}

export async function markFile(sql: Sql, id: number, state: "written" | "answered", faults = 0): Promise<void> {
  await sql.unsafe(
    `update exchange_files set state = $2, faults = $3, answered_at = case when $2 = 'answered' then kobling_now() end where id = $1`,
    [id, state, faults],
  );
}

const COLUMNS = `f.id::float8 as id, f.object, f.direction, f.name, f.state, f.rows, f.faults,
  ${instantText("f.at")} as at, ${instantText("f.answered_at")} as answered_at`;

// The casts read what this file wrote from the same types.
const readFile = (row: Record<string, unknown>): ExchangeFile => ({
  id: Number(row.id),
  object: String(row.object),
  direction: row.direction as ExchangeFile["direction"],
  name: String(row.name),
  state: row.state as ExchangeFile["state"],
  rows: Number(row.rows),
  faults: Number(row.faults),
  at: String(row.at),
  answeredAt: row.answered_at as string | null,
});

import type { Encoding } from "../danish/encoding.ts";
import type { Db, Sql, Tx } from "./database.ts";

/** How a file is read. */
export interface ImportSettings {
  readonly format: "csv" | "xlsx";
  readonly encoding: Encoding;
  readonly delimiter: ";" | "," | "\t" | "|";
  /** Of a workbook; undefined: the first. */
  readonly sheet?: string;
  /** From 1, rows that are not empty; 0: none. */
  readonly headingRow: number;
  readonly dates: "da" | "en";
  readonly decimal: "da" | "en";
  /** The column that names the row also in a later file; null: no column does. */
  readonly key: string | null;
  /** In the order of the file. */
  readonly columns: readonly { readonly column: string; readonly field: string | null }[];
}

/** What was found in the file, for a person to look at. */
export interface ImportFound {
  readonly encoding: { readonly isGuess: boolean; readonly reason: string; readonly maybe?: string };
  /** First cells of each column, as text. */
  readonly samples: Readonly<Record<string, readonly string[]>>;
}

export interface Import {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly fileName: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly settings: ImportSettings;
  readonly found: ImportFound;
  readonly previewRun: number | null;
  readonly run: number | null;
  readonly rowsDone: number;
  readonly by: string;
  readonly createdAt: string;
  /** The file's content is kept for a while only; what was read of it stays in the inbox and in history. */
  readonly isKept: boolean;
}

const columns = `id, connection, object, file_name, bytes::float8 as bytes, sha256, settings, found, preview_run::float8 as preview_run,
  run::float8 as run, rows_done::float8 as rows_done, by, created_at,
  exists (select 1 from import_chunks c where c.import_id = i.id) as is_kept`;

const iso = (value: unknown): string => new Date(value as string | Date).toISOString();

// The casts read what this file wrote from the same types.
const readImport = (row: Record<string, unknown>): Import => ({
  id: String(row.id),
  connection: String(row.connection),
  object: String(row.object),
  fileName: String(row.file_name),
  bytes: Number(row.bytes),
  sha256: String(row.sha256),
  settings: row.settings as ImportSettings,
  found: row.found as ImportFound,
  previewRun: row.preview_run as number | null,
  run: row.run as number | null,
  rowsDone: Number(row.rows_done),
  by: String(row.by),
  createdAt: iso(row.created_at),
  isKept: row.is_kept === true,
});

export async function addImportChunk(sql: Sql, importId: string, number: number, bytes: Uint8Array): Promise<void> {
  await sql.unsafe("insert into import_chunks (import_id, number, bytes, at) values ($1, $2, $3, kobling_now())", [
    importId,
    number,
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  ]);
}

/** The file as it came, piece by piece. */
export async function* importChunks(sql: Sql, importId: string): AsyncGenerator<Uint8Array> {
  for (let number = 0; ; number += 1) {
    const [row] = await sql.unsafe(
      "select bytes from import_chunks where import_id = $1 and number = $2",
      [importId, number],
      { prepare: true },
    );
    if (row === undefined) return;
    yield row.bytes as Uint8Array;
  }
}

/** Drops the pieces of files whose import was never written down: an upload that broke off. */
export async function dropChunks(sql: Db, importId: string): Promise<void> {
  await sql.unsafe("delete from import_chunks where import_id = $1", [importId]);
}

export async function addImport(
  sql: Db,
  made: Pick<Import, "id" | "connection" | "object" | "fileName" | "bytes" | "sha256" | "settings" | "found" | "by">,
): Promise<void> {
  await sql.unsafe(
    `insert into imports (id, connection, object, file_name, bytes, sha256, settings, found, by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7::text::json, $8::text::json, $9, kobling_now())`,
    [
      made.id,
      made.connection,
      made.object,
      made.fileName,
      made.bytes,
      made.sha256,
      JSON.stringify(made.settings),
      JSON.stringify(made.found),
      made.by,
    ],
  );
}

export async function findImport(sql: Db, id: string): Promise<Import | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from imports i where id = $1`, [id]);
  return row === undefined ? undefined : readImport(row);
}

/** Locked until the transaction ends. */
export async function lockImport(tx: Tx, id: string): Promise<Import | undefined> {
  const [row] = await tx.unsafe(`select ${columns} from imports i where id = $1 for update`, [id]);
  return row === undefined ? undefined : readImport(row);
}

/** The import that a run reads. */
export async function importOfRun(sql: Db, run: number): Promise<Import | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from imports i where run = $1 or preview_run = $1`, [run]);
  return row === undefined ? undefined : readImport(row);
}

export async function listImports(sql: Sql, page: { before?: string | undefined; limit: number }): Promise<Import[]> {
  const rows = await sql.unsafe(
    `select ${columns} from imports i where $1::uuid is null or id < $1 order by id desc limit $2`,
    [page.before ?? null, page.limit],
  );
  return rows.map(readImport);
}

/** Another way to read the file: what an earlier dry run has said of it counts no more. */
export async function changeImport(tx: Tx, id: string, settings: ImportSettings, found: ImportFound): Promise<void> {
  await tx.unsafe(
    "update imports set settings = $2::text::json, found = $3::text::json, preview_run = null where id = $1",
    [id, JSON.stringify(settings), JSON.stringify(found)],
  );
}

/** Begins to read the file anew for a run; what an earlier one has found wrong is forgotten. */
export async function beginImport(tx: Tx, id: string, of: { run: number } | { previewRun: number }): Promise<void> {
  if ("run" in of) await tx.unsafe("update imports set run = $2, rows_done = 0 where id = $1", [id, of.run]);
  else await tx.unsafe("update imports set preview_run = $2 where id = $1", [id, of.previewRun]);
  await tx.unsafe("delete from import_faults where import_id = $1", [id]);
  await tx.unsafe("delete from import_rows where import_id = $1", [id]);
}

export async function noteRowsDone(tx: Db, id: string, rows: number): Promise<void> {
  await tx.unsafe("update imports set rows_done = $2 where id = $1", [id, rows], { prepare: true });
}

/** Claims external ids for rows, in order; gives for each taken one the row that has it. */
export async function claimRows(
  sql: Db,
  importId: string,
  rows: readonly { externalId: string; row: number; line: number }[],
): Promise<Map<string, { row: number; line: number }>> {
  const ids = rows.map((each) => each.externalId);
  await sql.unsafe(
    `insert into import_rows (import_id, external_id, row, line)
     select distinct on (id) $1::uuid, id, row, line from unnest($2::text[], $3::bigint[], $4::bigint[]) as x(id, row, line) order by id, row
     on conflict do nothing`,
    [importId, ids, rows.map((each) => each.row), rows.map((each) => each.line)],
    { prepare: true },
  );
  const owners = await sql.unsafe(
    "select external_id, row::float8 as row, line::float8 as line from import_rows where import_id = $1 and external_id = any($2::text[])",
    [importId, ids],
    { prepare: true },
  );
  return new Map(owners.map((each) => [String(each.external_id), { row: Number(each.row), line: Number(each.line) }]));
}

export interface RowFault {
  readonly row: number;
  readonly line: number;
  /** Of several faults of a row the first is 0. */
  readonly place: number;
  /** Heading of the column; empty: the row as a whole. */
  readonly column: string;
  readonly code: string;
  readonly detail: string;
}

export async function addRowFaults(sql: Db, importId: string, faults: readonly RowFault[]): Promise<void> {
  if (faults.length === 0) return;
  await sql.unsafe(
    `insert into import_faults (import_id, row, place, line, "column", code, detail)
     select $1, row, place, line, "column", code, detail
     from json_to_recordset($2::text::json) as x(row bigint, place int, line bigint, "column" text, code text, detail text)
     on conflict do nothing`,
    [importId, JSON.stringify(faults)],
  );
}

/**
 * What is wrong with rows, in their order, from `after` on: before they were kept, and what deciding put aside since.
 * Whole rows only: the faults of one row are never torn apart.
 */
export async function rowFaults(sql: Sql, of: Import, after: number, rows: number): Promise<RowFault[]> {
  const found = await sql.unsafe(
    `with bad as (
       select f.row, f.line, f.place, f."column", f.code, f.detail from import_faults f where f.import_id = $1 and f.row > $3
       union all
       select r.row, r.line, 1000, coalesce(c.reason->>'field', ''), coalesce(c.reason->>'code', 'quarantined'), coalesce(c.reason->>'detail', '')
       from changes c join import_rows r on r.import_id = $1 and r.external_id = c.external_id
       where c.run_id = $2 and c.state = 'quarantined' and r.row > $3
       union all
       select r.row, r.line, 1000, coalesce(i.detail->>'field', ''), coalesce(i.detail->>'code', 'quarantined'), coalesce(i.detail->>'detail', '')
       from run_items i join import_rows r on r.import_id = $1 and r.external_id = i.external_id
       where $2::bigint is null and i.run_id = $5 and i.plan = 'quarantined' and r.row > $3)
     select row::float8 as row, line::float8 as line, place, "column", code, detail from bad
     where row in (select distinct row from bad order by row limit $4) order by row, place`,
    [of.id, of.run, after, rows, of.previewRun],
  );
  return found.map((each) => ({
    row: Number(each.row),
    line: Number(each.line),
    place: Number(each.place),
    column: String(each.column),
    code: String(each.code),
    detail: String(each.detail),
  }));
}

/** What a dry run would do with some rows of each outcome, and the first faults. */
export async function importOutlook(
  sql: Sql,
  of: Import,
): Promise<{ rows: { row: number; line: number; plan: string; entityId: string | null }[]; faults: RowFault[] }> {
  const rows = await sql.unsafe(
    `select x.row::float8 as row, x.line::float8 as line, p.plan, x.entity_id from (values ('created'), ('linked'), ('updated'), ('held'), ('quarantined')) p(plan)
     cross join lateral (select r.row, r.line, i.entity_id from run_items i join import_rows r on r.import_id = $1 and r.external_id = i.external_id
       where i.run_id = $2 and i.plan = p.plan limit 5) x order by x.row`,
    [of.id, of.previewRun],
  );
  return {
    rows: rows.map((each) => ({
      row: Number(each.row),
      line: Number(each.line),
      plan: String(each.plan),
      entityId: each.entity_id as string | null,
    })),
    faults: await rowFaults(sql, of, 0, 20),
  };
}

/**
 * Links of rows that no later file can name again end with their import: such a row was said once, as an edit is, and
 * claims nothing any more. What waits for a person keeps its link. Slice by slice; gives the number.
 */
export async function endPassingLinks(sql: Db, connection: string, object: string, prefix: string): Promise<number> {
  for (let ended = 0; ; ) {
    const { count } = await sql.unsafe(
      `delete from links where id in (select id from links
         where connection = $1 and object = $2 and state = 'linked' and starts_with(external_id, $3)
           and not exists (select 1 from reviews r where r.entity_id = links.entity_id and r.state = 'open') limit 5000)`,
      [connection, object, prefix],
    );
    ended += count;
    if (count === 0) return ended;
  }
}

/** The newest import of the same content that was carried out, if there is one, also where it was undone since. */
export async function sameContent(
  sql: Db,
  of: Pick<Import, "id" | "connection" | "sha256">,
): Promise<Import | undefined> {
  const [row] = await sql.unsafe(
    `select ${columns} from imports i where connection = $1 and sha256 = $2 and id <> $3 and run is not null
     order by created_at desc limit 1`,
    [of.connection, of.sha256, of.id],
  );
  return row === undefined ? undefined : readImport(row);
}

/** Is a run of this connection's imports under way? */
export async function importUnderWay(sql: Db, connection: string): Promise<number | undefined> {
  const [row] = await sql.unsafe(
    "select id::float8 as id from runs where connection = $1 and kind = 'import' and state in ('waiting', 'running') limit 1",
    [connection],
  );
  return row === undefined ? undefined : Number(row.id);
}

import type { EntityKind } from "../model/catalogue.ts";
import type { FieldChanges } from "../rules/apply.ts";
import type { Setter } from "../rules/record.ts";
import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** One version of a record: what changed, by whom, under which rule. */
export interface HistoryEntry {
  readonly version: number;
  readonly kind: string;
  readonly at: string;
  readonly by: Setter;
  readonly changeId: number | null;
  readonly runId: number | null;
  readonly mappingVersion: string | null;
  readonly fields: Readonly<FieldChanges>;
}

/** The newest versions of a record first; `before` reads on from a version. */
export async function listHistory(
  sql: Db,
  query: { entity: EntityKind; id: string; before: number | undefined; limit: number },
): Promise<{ rows: readonly HistoryEntry[]; next: number | undefined }> {
  const rows = await sql<Row[]>`
    select h.version, h.kind, ${sql.unsafe(instantText("h.at"))} as at, h.by, h.change_id, h.run_id, h.mapping_version, h.fields
    from history h
    where h.entity_id = ${query.id}::text::uuid and h.entity = ${query.entity}
      and h.version < ${query.before ?? Number.MAX_SAFE_INTEGER}::bigint
    order by h.version desc limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit).map(readEntry);
  return { rows: page, next: rows.length > query.limit ? page.at(-1)?.version : undefined };
}

interface Row {
  readonly version: string;
  readonly kind: string;
  readonly at: string;
  readonly by: Setter;
  readonly change_id: string | null;
  readonly run_id: string | null;
  readonly mapping_version: string | null;
  readonly fields: HistoryEntry["fields"];
}

const readEntry = (row: Row): HistoryEntry => ({
  version: Number(row.version),
  kind: row.kind,
  at: row.at,
  by: row.by,
  changeId: row.change_id === null ? null : Number(row.change_id),
  runId: row.run_id === null ? null : Number(row.run_id),
  mappingVersion: row.mapping_version,
  fields: row.fields,
});

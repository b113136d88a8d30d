import { kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import type { Criterion } from "../model/criteria.ts";
import { severalKinds } from "../model/criteria.ts";
import type { Provenance, RecordPolicy } from "../rules/record.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db } from "./database.ts";
import { instantText, readColumns, readValues } from "./read-columns.ts";

/** A Kundeemne or contact as it stands, with what the gateway knows of it. Instants in ISO 8601, UTC. */
export interface ReadRecord {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly values: Values;
  readonly provenance: Provenance;
  readonly policies: readonly RecordPolicy[];
  /** Reviews that hold a unit, by unit. */
  readonly holds: Readonly<Record<string, number>>;
  readonly orphanedAt: string | null;
  readonly erasedAt: string | null;
  readonly mergedInto: string | null;
  /** Contacts: the emne. */
  readonly kundeemneId: string | null;
}

export type SortKey = "createdAt" | "updatedAt" | (string & {});

export interface ListQuery {
  readonly criterion: Criterion;
  readonly sort: { readonly by: SortKey; readonly descending: boolean };
  /** Where the page before ended: value of the sort column as text, and id. */
  readonly after?: { readonly value: string | null; readonly id: string } | undefined;
  readonly limit: number;
}

export interface RecordPage {
  readonly records: readonly ReadRecord[];
  /** Undefined on the last page. */
  readonly next: { readonly value: string | null; readonly id: string } | undefined;
}

/** One Kundeemne by id, archived and erased ones too. */
export async function findKundeemne(sql: Db, id: string): Promise<ReadRecord | undefined> {
  const rows = await sql<
    Row[]
  >`select ${sql.unsafe(KUNDEEMNE_COLUMNS)} from kundeemner e where e.id = ${id}::text::uuid`;
  return rows[0] && readKundeemne(rows[0]);
}

/** One page of the Kundeemner that meet a criterion, each once, in a stable order; empty sort values come last. */
export async function listKundeemner(sql: Db, query: ListQuery): Promise<RecordPage> {
  const { column, type } = sortColumn(query.sort.by);
  const order = query.sort.descending ? "desc" : "asc";
  const beyond = query.sort.descending ? "<" : ">";
  const after = query.after;
  const from =
    after === undefined
      ? sql`true`
      : after.value === null
        ? sql`(${sql.unsafe(column)} is null and e.id > ${after.id}::text::uuid)`
        : sql`(${sql.unsafe(column)} ${sql.unsafe(beyond)} ${after.value}::text::${sql.unsafe(type)}
            or (${sql.unsafe(column)} = ${after.value}::text::${sql.unsafe(type)} and e.id > ${after.id}::text::uuid)
            or ${sql.unsafe(column)} is null)`;
  const rows = await sql<Row[]>`
    select ${sql.unsafe(KUNDEEMNE_COLUMNS)}, (${sql.unsafe(column)})::text as sort_value
    from kundeemner e
    where ${criterionSql(sql, kundeemneCatalogue, query.criterion)} and ${from} and e.erased_at is null
    order by ${sql.unsafe(`${column} ${order} nulls last, e.id`)}
    limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const next = rows.length > query.limit && last ? { value: last.sort_value ?? null, id: last.id } : undefined;
  return { records: page.map(readKundeemne), next };
}

/** True when the list can be sorted by it: a single-valued stored field, or one of the gateway's instants. */
export function canSortBy(name: string): boolean {
  if (name === "createdAt" || name === "updatedAt") return true;
  const field = kundeemneCatalogue.fields[name];
  return field !== undefined && !field.virtual && !severalKinds.has(field.kind);
}

/** All contacts of the named emner, primary first, then by name. */
export async function listKontaktpersoner(sql: Db, kundeemneIds: readonly string[]): Promise<ReadRecord[]> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(KONTAKT_COLUMNS)} from kontaktpersoner e
    where e.kundeemne_id = any(${[...kundeemneIds]}::text[]::uuid[]) and e.erased_at is null
    order by e.kundeemne_id, e.primaer desc nulls last, e.navn collate "da-x-icu", e.id`;
  return rows.map(readKontakt);
}

export async function findKontaktperson(sql: Db, kundeemneId: string, id: string): Promise<ReadRecord | undefined> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(KONTAKT_COLUMNS)} from kontaktpersoner e
    where e.id = ${id}::text::uuid and e.kundeemne_id = ${kundeemneId}::text::uuid and e.erased_at is null`;
  return rows[0] && readKontakt(rows[0]);
}

interface Row {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly version: string | number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly provenance: Provenance;
  readonly policies: readonly RecordPolicy[] | null;
  readonly holds: Readonly<Record<string, number>> | null;
  readonly orphaned_at: string | null;
  readonly erased_at: string | null;
  readonly merged_into: string | null;
  readonly kundeemne_id: string | null;
  readonly primaer_kontakt_id?: string | null;
  readonly sort_value?: string | null;
}

const SHARED_COLUMNS = `e.id, e.version, ${instantText("e.created_at")} as created_at,
  ${instantText("e.updated_at")} as updated_at, ${instantText("e.erased_at")} as erased_at, e.provenance, e.policies, e.holds`;

const KUNDEEMNE_COLUMNS = `${SHARED_COLUMNS}, ${instantText("e.orphaned_at")} as orphaned_at, e.merged_into,
  (select p.id from kontaktpersoner p where p.kundeemne_id = e.id and p.primaer) as primaer_kontakt_id,
  ${readColumns(kundeemneCatalogue, "e")}`;

const KONTAKT_COLUMNS = `${SHARED_COLUMNS}, e.kundeemne_id, ${readColumns(kontaktpersonCatalogue, "e")}`;

const readShared = (row: Row) => ({
  id: row.id,
  version: Number(row.version),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  provenance: row.provenance,
  policies: row.policies ?? [],
  holds: row.holds ?? {},
  erasedAt: row.erased_at,
});

const readKundeemne = (row: Row): ReadRecord => ({
  ...readShared(row),
  values: { ...readValues(kundeemneCatalogue, row), primaerKontaktId: row.primaer_kontakt_id ?? null },
  orphanedAt: row.orphaned_at,
  mergedInto: row.merged_into,
  kundeemneId: null,
});

const readKontakt = (row: Row): ReadRecord => ({
  ...readShared(row),
  values: readValues(kontaktpersonCatalogue, row),
  orphanedAt: null,
  mergedInto: null,
  kundeemneId: row.kundeemne_id,
});

/** Texts sort as a Danish reader expects (A … Z Æ Ø Å Aa). */
function sortColumn(by: SortKey): { column: string; type: string } {
  if (by === "createdAt") return { column: "e.created_at", type: "timestamptz" };
  if (by === "updatedAt") return { column: "e.updated_at", type: "timestamptz" };
  if (!canSortBy(by)) throw new Error(`Kundeemner cannot be sorted by ${by}`);
  const column = `e.${kundeemneCatalogue.columnOf.get(by)}`;
  switch (kundeemneCatalogue.fields[by]?.kind) {
    case "bool":
      return { column, type: "boolean" };
    case "int":
      return { column, type: "integer" };
    case "decimal":
      return { column, type: "numeric" };
    case "date":
      return { column, type: "date" };
    case "instant":
      return { column, type: "timestamptz" };
    case "id":
      return { column, type: "uuid" };
    default:
      return { column: `(${column} collate "da-x-icu")`, type: 'text collate "da-x-icu"' };
  }
}

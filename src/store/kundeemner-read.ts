import { kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import { type Criterion, fieldsOf } from "../model/criteria.ts";
import type { Provenance, RecordPolicy } from "../rules/record.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db } from "./database.ts";
import { liveNyesteAkt, liveOf } from "./dealing-sums.ts";
import { type PageEnd, type SortOrder, type Stretch, stretchesOf } from "./list-stretches.ts";
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
  /** Contacts of other emner with the same address: most likely the same person (S26). */
  readonly samePerson?: readonly { readonly id: string; readonly kundeemneId: string }[];
}

export interface ListQuery {
  readonly criterion: Criterion;
  readonly sort: SortOrder;
  readonly after?: PageEnd | undefined;
  readonly limit: number;
}

export interface RecordPage {
  readonly records: readonly ReadRecord[];
  /** Undefined on the last page. */
  readonly next: PageEnd | undefined;
}

/** One Kundeemne by id, archived and erased ones too. */
export async function findKundeemne(sql: Db, id: string): Promise<ReadRecord | undefined> {
  const rows = await sql<
    Row[]
  >`select ${sql.unsafe(KUNDEEMNE_COLUMNS)} from kundeemner e where e.id = ${id}::text::uuid`;
  return rows[0] && readKundeemne(rows[0]);
}

/** Kundeemner by id, in no order; archived and erased ones too. */
export async function findKundeemner(sql: Db, ids: readonly string[]): Promise<ReadRecord[]> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(KUNDEEMNE_COLUMNS)} from kundeemner e where e.id = any(${[...ids]}::text[]::uuid[])`;
  return rows.map(readKundeemne);
}

/** One page of the Kundeemner that meet a criterion, each once, in a stable order; empty sort values come last. */
export async function listKundeemner(sql: Db, query: ListQuery): Promise<RecordPage> {
  const rows: Row[] = [];
  const asked = new Set([...fieldsOf(query.criterion), query.sort.by]);
  const live = await liveOf(sql, asked);
  for (const stretch of stretchesOf(sql, query, live)) {
    if (rows.length > query.limit) break;
    const more = await readStretch(sql, query, stretch, query.limit + 1 - rows.length, live);
    // A record that moves from one stretch to the next meanwhile is shown once.
    rows.push(...more.filter((row) => !rows.some(({ id }) => id === row.id)));
  }
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const next = rows.length > query.limit && last ? { value: last.sort_value ?? null, id: last.id } : undefined;
  return { records: page.map(readKundeemne), next };
}

/** How many Kundeemner meet a criterion; erased and merged ones are none. */
export async function countKundeemner(sql: Db, criterion: Criterion): Promise<number> {
  const live = await liveOf(sql, fieldsOf(criterion));
  const asked = criterionSql(sql, kundeemneCatalogue, criterion, live === undefined ? {} : { live });
  const [row] = await sql<{ n: number }[]>`
    select count(*)::float8 as n from kundeemner e where ${asked} and e.erased_at is null and e.merged_into is null`;
  return row?.n ?? 0;
}

/** The order is found on narrow rows; what a record shows is read for those of the page only. */
async function readStretch(
  sql: Db,
  { criterion }: ListQuery,
  { where, key, value, descending }: Stretch,
  limit: number,
  live: ReadonlyMap<string, string> | undefined,
): Promise<Row[]> {
  const asked = criterionSql(sql, kundeemneCatalogue, criterion, live === undefined ? {} : { live });
  const direction = descending ? "desc" : "asc";
  const order = (of: string | null, id: string) =>
    sql.unsafe(of === null ? id : `${of} ${direction}, ${id} ${direction}`);
  return sql<Row[]>`
    with page as materialized (
      select e.id, ${key === null ? sql`${value}::text` : sql.unsafe(key)} as sort_key from kundeemner e
      where ${asked} and ${where} and e.erased_at is null and e.merged_into is null
      order by ${order(key, "e.id")} limit ${limit})
    select ${sql.unsafe(KUNDEEMNE_COLUMNS)}, page.sort_key::text as sort_value
    from page join kundeemner e on e.id = page.id
    order by ${order(key && "page.sort_key", "e.id")}`;
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
  readonly nyeste_now?: string | null;
  readonly sort_value?: string | null;
}

const SHARED_COLUMNS = `e.id, e.version, ${instantText("e.created_at")} as created_at,
  ${instantText("e.updated_at")} as updated_at, ${instantText("e.erased_at")} as erased_at, e.provenance, e.policies, e.holds`;

const KUNDEEMNE_COLUMNS = `${SHARED_COLUMNS}, ${instantText("e.orphaned_at")} as orphaned_at, e.merged_into,
  (select p.id from kontaktpersoner p where p.kundeemne_id = e.id and p.primaer) as primaer_kontakt_id,
  ${readColumns(kundeemneCatalogue, "e")}, ${liveNyesteAkt("e")}::text as nyeste_now`;

const SAME_PERSONS = 50;
const KONTAKT_COLUMNS = `${SHARED_COLUMNS}, e.kundeemne_id, ${readColumns(kontaktpersonCatalogue, "e")},
  (select json_agg(json_build_object('id', o.id, 'kundeemneId', o.kundeemne_id)) from (
    select id, kundeemne_id from kontaktpersoner where email_key = e.email_key and kundeemne_id <> e.kundeemne_id and erased_at is null
    order by id limit ${SAME_PERSONS}) o) as same_person`;

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
  values: {
    ...readValues(kundeemneCatalogue, row),
    nyesteAkt: row.nyeste_now ?? null,
    primaerKontaktId: row.primaer_kontakt_id ?? null,
  },
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
  samePerson: (row.same_person as ReadRecord["samePerson"] | null) ?? [], // as the column is built above
});

import type { Fragment } from "postgres";
import { kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import { type Criterion, fieldsOf, severalKinds } from "../model/criteria.ts";
import type { Provenance, RecordPolicy } from "../rules/record.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db } from "./database.ts";
import { isDayTurning, liveNyesteAkt } from "./dealing-sums.ts";
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
  const live = asked.has("nyesteAkt") && (await isDayTurning(sql)) ? LIVE : undefined;
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

/** Part of a list: which rows, in what order, and which sort value they have. */
interface Stretch {
  readonly where: Fragment;
  readonly order: string;
  readonly value: string;
}

async function readStretch(
  sql: Db,
  query: ListQuery,
  { where, order, value }: Stretch,
  limit: number,
  live: ReadonlyMap<string, string> | undefined,
): Promise<Row[]> {
  const criterion = criterionSql(sql, kundeemneCatalogue, query.criterion, live === undefined ? {} : { live });
  return sql<Row[]>`
    select ${sql.unsafe(KUNDEEMNE_COLUMNS)}, (${sql.unsafe(value)})::text as sort_value
    from kundeemner e
    where ${criterion} and ${where} and e.erased_at is null
    order by ${sql.unsafe(order)}
    limit ${limit}`;
}

/**
 * A list in the stretches that follow each other in it. Sums and dates that most records do not have stand in an index of
 * those that have one; the rest, who come last or as 0, are read by id.
 */
function stretchesOf(sql: Db, query: ListQuery, live: ReadonlyMap<string, string> | undefined): Stretch[] {
  const { after, sort } = query;
  const { column, type } = sortColumn(sort.by, live);
  const order = sort.descending ? "desc" : "asc";
  const value = sql.unsafe(column);
  const field = kundeemneCatalogue.fields[sort.by];
  const beyond = (by: string) =>
    after?.value === null || after === undefined
      ? sql`true`
      : sql`(${value} ${sql.unsafe(by)} ${after.value}::text::${sql.unsafe(type)}
          or (${value} = ${after.value}::text::${sql.unsafe(type)} and e.id > ${after.id}::text::uuid))`;
  const fromId = (is: boolean) => (is && after !== undefined ? sql`e.id > ${after.id}::text::uuid` : sql`true`);
  const by = sort.descending ? "<" : ">";
  if (field?.sum !== true) {
    const filled = {
      where: sql`${value} is not null and ${beyond(by)}`,
      order: `${column} ${order}, e.id`,
      value: column,
    };
    const empty = { where: sql`${value} is null and ${fromId(after?.value === null)}`, order: "e.id", value: "null" };
    return after?.value === null ? [empty] : [filled, empty];
  }
  const at = after === undefined ? undefined : Math.sign(Number(after.value));
  const signs = sort.descending ? [1, 0, -1] : [-1, 0, 1];
  return signs.slice(at === undefined ? 0 : signs.indexOf(at)).map((sign): Stretch => {
    if (sign === 0) return { where: sql`${value} is null and ${fromId(at === 0)}`, order: "e.id", value: "'0'" };
    const side = sql`${value} ${sql.unsafe(sign > 0 ? ">" : "<")} 0`;
    return {
      where: sign === at ? sql`${side} and ${beyond(by)}` : side,
      order: `${column} ${order}, e.id`,
      value: column,
    };
  });
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

const LIVE: ReadonlyMap<string, string> = new Map([["nyesteAkt", liveNyesteAkt("e")]]);

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

/** Texts sort as a Danish reader expects (A … Z Æ Ø Å Aa). */
function sortColumn(by: SortKey, live: ReadonlyMap<string, string> | undefined): { column: string; type: string } {
  if (by === "createdAt") return { column: "e.created_at", type: "timestamptz" };
  if (by === "updatedAt") return { column: "e.updated_at", type: "timestamptz" };
  if (!canSortBy(by)) throw new Error(`Kundeemner cannot be sorted by ${by}`);
  const column = live?.get(by) ?? `e.${kundeemneCatalogue.columnOf.get(by)}`;
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

import type { Fragment } from "postgres";
import { kundeemneCatalogue } from "../model/catalogue.ts";
import { fieldsOf } from "../model/criteria.ts";
import {
  type Dimension,
  type DimensionName,
  dimensions,
  SMALL_GROUP,
  type StatisticsGroup,
  type StatisticsQuery,
} from "../model/statistics.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db } from "./database.ts";
import { liveOf } from "./dealing-sums.ts";

/** More groups than a person reads, or a program should take in one answer. */
export const MOST_GROUPS = 2000;

/**
 * Kundeemner that meet a criterion, counted by one or two dimensions in one pass over the table; the largest group first.
 * Erased and merged records are none. Sums of fewer than five records are left out (S42).
 */
export async function readStatistics(sql: Db, query: StatisticsQuery): Promise<StatisticsGroup[]> {
  const live = await liveOf(sql, fieldsOf(query.criterion));
  const asked = criterionSql(sql, kundeemneCatalogue, query.criterion, live === undefined ? {} : { live });
  const keys = query.by.map((name, at) => sql`${keyOf(sql, name, query)} as ${sql(`key_${at}`)}`);
  const sums = query.sums.map(
    (field) => sql`, trim_scale(coalesce(sum(${column(sql, field)}), 0))::text as ${sql(`sum_${field}`)}`,
  );
  const rows = await sql<Record<string, string | number | null>[]>`
    select ${list(sql, keys)}, count(*)::float8 as n${list(sql, sums, sql``)}
    from kundeemner e ${list(
      sql,
      query.by.flatMap((name) => (dimensions[name].groups === "several" ? [unnested(sql, name)] : [])),
      sql``,
    )}
    where ${asked} and e.erased_at is null and e.merged_into is null
    group by ${sql.unsafe(query.by.map((_, at) => String(at + 1)).join(", "))}
    order by n desc, ${sql.unsafe(query.by.map((_, at) => `${at + 1} nulls last`).join(", "))}
    limit ${MOST_GROUPS}`;
  return rows.map((row) => {
    const count = Number(row.n);
    return {
      keys: Object.fromEntries(query.by.map((name, at) => [name, textOf(row[`key_${at}`])])),
      count,
      sums:
        count < SMALL_GROUP
          ? null
          : Object.fromEntries(query.sums.map((field) => [field, String(row[`sum_${field}`])])),
    };
  });
}

const textOf = (value: string | number | null | undefined): string | null => (value == null ? null : String(value));

const column = (sql: Db, field: string): Fragment => sql`${sql(`e.${kundeemneCatalogue.columnOf.get(field)}`)}`;

function keyOf(sql: Db, name: DimensionName, { digits, width }: StatisticsQuery): Fragment {
  const { field, groups, country }: Dimension = dimensions[name];
  const value = column(sql, field);
  switch (groups) {
    case "several":
      return sql`${sql(`each_${name}`)}.value`;
    case "digits":
      return sql`left(${value}, ${digits}::int)`;
    case "interval":
      // Postal codes of other countries have other lengths and orders: they are no interval of ours.
      return sql`case
        when ${value} is null then null
        when coalesce(${column(sql, "landekode")}, ${country ?? ""}::text) <> ${country ?? ""}::text or ${value} !~ '^[0-9]{4}$' then 'other'
        else lpad((${value}::int / ${width}::int * ${width}::int)::text, 4, '0') || '..'
          || lpad((${value}::int / ${width}::int * ${width}::int + ${width}::int - 1)::text, 4, '0') end`;
    default:
      return value;
  }
}

/** Every value of a field of several, or one empty one. */
const unnested = (sql: Db, name: DimensionName): Fragment => sql`
  cross join lateral unnest(case when cardinality(${column(sql, dimensions[name].field)}) > 0
    then ${column(sql, dimensions[name].field)} else array[null]::text[] end) as ${sql(`each_${name}`)}(value)`;

const list = (sql: Db, parts: readonly Fragment[], between: Fragment = sql`, `): Fragment =>
  parts.length === 0 ? sql`` : parts.reduce((all, part) => sql`${all}${between}${part}`);

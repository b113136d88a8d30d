import type { Fragment } from "postgres";
import { divisionsOf } from "../danish/industry.ts";
import { type Catalogue, kundeemneCatalogue } from "../model/catalogue.ts";
import {
  type Comparison,
  type Criterion,
  type MetaFact,
  type Operand,
  type RelativeDay,
  severalKinds,
} from "../model/criteria.ts";
import type { Field } from "../model/field.ts";
import { areaSql } from "./area-sql.ts";
import type { Db } from "./database.ts";

const BRANCHE_LIST = kundeemneCatalogue.columnOf.get("branche.klassifikation") ?? "branche_klassifikation";
const META_COLUMNS: Record<MetaFact, string> = { updatedAt: "updated_at", createdAt: "created_at" };

/**
 * A criterion as a parameterised condition on the row `alias` of the catalogue's table. Equality that holds for no row
 * because a field is empty is false, never unknown, so that `not` means what it says. `live`: by field, what stands for
 * its column where that has to be worked out anew.
 */
export function criterionSql(
  sql: Db,
  catalogue: Catalogue<string>,
  criterion: Criterion,
  { alias = "e", live }: { readonly alias?: string; readonly live?: ReadonlyMap<string, string> } = {},
): Fragment {
  const compile = (part: Criterion): Fragment => {
    if ("and" in part) return joined(part.and.map(compile), sql`and`, sql`true`);
    if ("or" in part) return joined(part.or.map(compile), sql`or`, sql`false`);
    if ("not" in part) return sql`not (${compile(part.not)})`;
    if ("area" in part) return areaSql(sql, part.area, alias);
    if ("meta" in part) return sql`${sql(`${alias}.${META_COLUMNS[part.meta]}`)} > ${part.after}::text::timestamptz`;
    const field = catalogue.fields[part.field];
    if (field === undefined) throw new Error(`The catalogue of ${catalogue.kind} has no field ${part.field}`);
    const worked = live?.get(part.field);
    const column =
      worked === undefined ? sql`${sql(`${alias}.${catalogue.columnOf.get(part.field)}`)}` : sql`${sql.unsafe(worked)}`;
    if ("startsWith" in part && field.list === "industry") return industry(sql, column, part.startsWith, alias);
    if ("startsWith" in part) return sql`(${column} is not null and starts_with(${column}, ${part.startsWith}::text))`;
    if ("compares" in part && typeof part.with === "object") return relative(sql, column, part.compares, part.with);
    return "compares" in part
      ? comparison(sql, field, column, part.compares, String(part.with))
      : equality(sql, field, column, part.is);
  };
  const joined = (parts: Fragment[], word: Fragment, none: Fragment): Fragment =>
    parts.length === 0 ? none : sql`(${parts.reduce((all, part) => sql`${all} ${word} ${part}`)})`;
  return compile(criterion);
}

/** The beginning of an industry code, with dots or without, or the letter of a section, which each list divides in its own way. */
function industry(sql: Db, column: Fragment, prefix: string, alias: string): Fragment {
  const divisions = divisionsOf(prefix);
  if (divisions === undefined)
    return sql`(${column} is not null and starts_with(${column}, ${prefix.replaceAll(".", "")}::text))`;
  const list = sql`${sql(`${alias}.${BRANCHE_LIST}`)}`;
  const of = (codes: readonly string[]) =>
    sql`left(${column}, 2) = any(string_to_array(${codes.join(",")}::text, ','))`;
  // Where nobody has said which list it is, the code may be of either.
  return sql`(${column} is not null and case ${list} when 'DB07' then ${of(divisions.DB07)} when 'DB25' then ${of(divisions.DB25)}
    else ${of([...divisions.DB07, ...divisions.DB25])} end)`;
}

/** Parameters go as text and are cast here: postgres.js must not guess a type from a JavaScript value. */
function equality(sql: Db, field: Field, column: Fragment, operand: Operand): Fragment {
  if (severalKinds.has(field.kind)) {
    if (operand === null) return sql`(${column} is null or ${column} = '{}')`;
    return sql`coalesce(${column} @> array[${String(operand)}::text], false)`;
  }
  if (operand === null) return field.sum ? sql`false` : sql`${column} is null`;
  if (typeof operand === "boolean") {
    // A bool nobody has set is what the catalogue says it is by default.
    if (field.default === operand)
      return sql`coalesce(${column}, ${String(operand)}::text::boolean) = ${String(operand)}::text::boolean`;
    return sql`(${column} is not null and ${column} = ${String(operand)}::text::boolean)`;
  }
  const value = String(operand);
  switch (field.kind) {
    case "int":
      return sql`(${column} is not null and ${column} = ${value}::text::integer)`;
    case "decimal":
      if (field.sum && Number(value) === 0) return sql`${column} is null`;
      return sql`(${column} is not null and ${column} = ${value}::text::numeric)`;
    case "date":
      return sql`(${column} is not null and ${column} = ${value}::text::date)`;
    case "instant":
      return sql`(${column} is not null and ${column} = ${value}::text::timestamptz)`;
    case "id":
      return sql`(${column} is not null and ${column} = ${value}::text::uuid)`;
    default:
      return sql`(${column} is not null and ${column} = ${value}::text)`;
  }
}

const SIGNS: Record<Comparison, string> = { gt: ">", gte: ">=", lt: "<", lte: "<=" };
const TYPES: Partial<Record<Field["kind"], string>> = {
  int: "integer",
  decimal: "numeric",
  date: "date",
  instant: "timestamptz",
};

/** A sum that is empty is 0 (`Field.sum`); of all else, what is empty compares with nothing. */
function comparison(sql: Db, field: Field, column: Fragment, compares: Comparison, value: string): Fragment {
  const sign = sql.unsafe(SIGNS[compares]);
  // Digits compare as they are written, whatever the language of the database.
  const [side, type] =
    field.kind === "postnr" ? [sql`${column} collate "C"`, "text"] : [column, TYPES[field.kind] ?? "text"];
  const holds = sql`(${column} is not null and ${side} ${sign} ${value}::text::${sql.unsafe(type)})`;
  return field.sum && zeroMeets(compares, Number(value)) ? sql`(${column} is null or ${holds})` : holds;
}

const UNITS: Record<RelativeDay["unit"], string> = { d: "day", m: "month", y: "year" };

/** A day that moves with the calendar of Copenhagen, by the database's clock (rule R35). */
function relative(sql: Db, column: Fragment, compares: Comparison, { today, unit }: RelativeDay): Fragment {
  const interval = sql`${String(today)}::text::integer * ${sql.unsafe(`interval '1 ${UNITS[unit]}'`)}`;
  const day = sql`(((select kobling_now()) at time zone 'Europe/Copenhagen')::date + ${interval})::date`;
  return sql`(${column} is not null and ${column} ${sql.unsafe(SIGNS[compares])} ${day})`;
}

const zeroMeets = (compares: Comparison, value: number): boolean =>
  compares === "gt" ? 0 > value : compares === "gte" ? 0 >= value : compares === "lt" ? 0 < value : 0 <= value;

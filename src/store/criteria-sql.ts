import type { Fragment } from "postgres";
import type { Catalogue } from "../model/catalogue.ts";
import { type Criterion, type MetaFact, type Operand, severalKinds } from "../model/criteria.ts";
import type { Field } from "../model/field.ts";
import type { Db } from "./database.ts";

const META_COLUMNS: Record<MetaFact, string> = { updatedAt: "updated_at", createdAt: "created_at" };

/**
 * A criterion as a parameterised condition on the row `alias` of the catalogue's table. Equality that holds for no row
 * because a field is empty is false, never unknown, so that `not` means what it says.
 */
export function criterionSql(sql: Db, catalogue: Catalogue, criterion: Criterion, alias = "e"): Fragment {
  const compile = (part: Criterion): Fragment => {
    if ("and" in part) return joined(part.and.map(compile), sql`and`, sql`true`);
    if ("or" in part) return joined(part.or.map(compile), sql`or`, sql`false`);
    if ("not" in part) return sql`not (${compile(part.not)})`;
    if ("meta" in part) return sql`${sql(`${alias}.${META_COLUMNS[part.meta]}`)} > ${part.after}::text::timestamptz`;
    const field = catalogue.fields[part.field];
    if (field === undefined) throw new Error(`The catalogue of ${catalogue.kind} has no field ${part.field}`);
    return equality(sql, field, sql`${sql(`${alias}.${catalogue.columnOf.get(part.field)}`)}`, part.is);
  };
  const joined = (parts: Fragment[], word: Fragment, none: Fragment): Fragment =>
    parts.length === 0 ? none : sql`(${parts.reduce((all, part) => sql`${all} ${word} ${part}`)})`;
  return compile(criterion);
}

/** Parameters go as text and are cast here: postgres.js must not guess a type from a JavaScript value. */
function equality(sql: Db, field: Field, column: Fragment, operand: Operand): Fragment {
  if (severalKinds.has(field.kind)) {
    if (operand === null) return sql`(${column} is null or ${column} = '{}')`;
    return sql`coalesce(${column} @> array[${String(operand)}::text], false)`;
  }
  if (operand === null) return sql`${column} is null`;
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

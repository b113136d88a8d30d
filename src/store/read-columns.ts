import type { Catalogue, Values } from "../model/catalogue.ts";
import type { Value } from "../model/field.ts";

/**
 * Select list of every stored field of a catalogue. Decimals, dates and instants come as text, so that nothing is
 * rounded or shifted. The text holds names of the catalogue only; pass it through `sql.unsafe`.
 */
export function readColumns(catalogue: Catalogue<string>, alias: string): string {
  const columns: string[] = [];
  for (const [key, field] of Object.entries(catalogue.fields)) {
    if (field.virtual) continue;
    const column = `${alias}.${catalogue.columnOf.get(key)}`;
    if (field.kind === "instant") columns.push(`${instantText(column)} as "${key}"`);
    else if (field.kind === "decimal" || field.kind === "date") columns.push(`${column}::text as "${key}"`);
    else columns.push(`${column} as "${key}"`);
  }
  return columns.join(", ");
}

/** SQL for an instant in ISO 8601, UTC, with milliseconds. */
export const instantText = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The fields of a row that `readColumns` selected. */
export function readValues(catalogue: Catalogue<string>, row: { readonly [column: string]: unknown }): Values {
  const values: Values = {};
  for (const [key, field] of Object.entries(catalogue.fields)) {
    if (!field.virtual) values[key] = (row[key] ?? null) as Value; // the column's type follows from the field's kind
  }
  return values;
}

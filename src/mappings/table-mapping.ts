import type { Field } from "../model/field.ts";
import { fieldNamed } from "./headings.ts";
import type { Mapping, MappingLine } from "./mapping.ts";

/** How a table spells dates and numbers: declared for the whole file, never guessed from a cell (domain notes, e.4). */
export interface TableProfile {
  readonly dates: "da" | "en";
  readonly decimal: "da" | "en";
}

/** Between the parts of a set in one cell. */
const SEPARATOR = ",";
const EMPLOYEES = "antalMedarbejdere.fra";
const EMPLOYEES_TO = "antalMedarbejdere.til";

/**
 * The mapping of a table of Kundeemner: a line for each column that means a field. It reads only; columns that mean
 * nothing are left out. Throws an Error for a field that no column may fill: callers have checked.
 */
export function tableMapping(
  columns: readonly { readonly column: string; readonly field: string | null }[],
  profile: TableProfile,
): Mapping {
  const isBoth = columns.some(({ field }) => field === EMPLOYEES_TO);
  const fields = columns.flatMap(({ column, field }): MappingLine[] => {
    if (field === null) return [];
    // Alone, the column holds the interval as the register writes it: 10-19.
    if (field === EMPLOYEES && !isBoth)
      return [{ fields: [EMPLOYEES, EMPLOYEES_TO], remote: column, as: { codec: "interval" }, direction: "in" }];
    return [lineOf(column, field, profile)];
  });
  return { object: "kundeemne", remote: "table", as: "kundeemne", key: "#", empty: "null", fields };
}

function lineOf(column: string, name: string, profile: TableProfile): MappingLine {
  const field = fieldNamed(name);
  if (field === undefined) throw new Error(`No column can be for ${name}`);
  return { field: name, remote: column, direction: "in", ...codecOf(field, profile) };
}

function codecOf({ kind }: Field, { dates, decimal }: TableProfile): Pick<MappingLine, "as"> {
  switch (kind) {
    case "bool":
      return { as: { codec: "bool", style: "ja/nej" } };
    case "date":
      return { as: { codec: "date", style: dates } };
    case "decimal":
      return { as: { codec: "decimal", profile: decimal } };
    case "codeSet":
    case "textSet":
    case "textList":
      return { as: { codec: kind, separator: SEPARATOR } };
    case "pNumbers":
      return { as: { codec: "textSet", separator: SEPARATOR } };
    default:
      return {};
  }
}

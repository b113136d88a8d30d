import { readCountry } from "../danish/country.ts";
import { compactIndustry, listOf } from "../danish/industry.ts";
import { keyDa } from "../danish/text.ts";
import { fieldNamed } from "../mappings/headings.ts";
import type { CompiledMapping } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { checkValue, countryFor, surroundingsOf } from "../model/check-value.ts";
import { normalise } from "../model/compare.ts";
import type { Field, Kind, Value } from "../model/field.ts";
import { isUnlisted, type Vocabularies } from "../model/vocabularies.ts";
import { type Cell, isBlank, isCellError, type TableRow } from "../tables/table.ts";

export interface CellFault {
  /** Heading of the column; empty: the row as a whole. */
  readonly column: string;
  readonly code: string;
  readonly detail: string;
}

export type ImportedRow =
  | { readonly ok: true; readonly data: Values; readonly key: string | undefined }
  | { readonly ok: false; readonly faults: readonly CellFault[] };

export interface RowReader {
  readonly format: "csv" | "xlsx";
  readonly columns: readonly { readonly column: string; readonly field: string | null }[];
  readonly mapping: CompiledMapping;
  readonly key: string | null;
  /** `YYYY-MM-DD` in Copenhagen. */
  readonly today: string;
  readonly vocabularies: Vocabularies;
}

/**
 * A row of a table as values of ours, or everything that is wrong with it. What a person brings in is judged as at the API:
 * a value that breaks a rule is an error (domain notes, d.1). Faults name column and rule, never the value.
 */
export function readRow(reader: RowReader, { cells }: TableRow): ImportedRow {
  const { format, columns, mapping, key, today, vocabularies } = reader;
  const faults: CellFault[] = [];
  const beyond = cells.slice(columns.length).filter((cell) => !isBlank(cell)).length;
  // A workbook leaves out cells at the end of a row, a line of CSV does not: there a shorter row is a torn one.
  if (beyond > 0 || (format === "csv" && cells.length < columns.length)) {
    const detail = `The row has ${cells.length} cells and the table ${columns.length} columns`;
    return { ok: false, faults: [{ column: "", code: "cell_count", detail }] };
  }
  const image: Record<string, unknown> = {};
  for (const [at, { column, field }] of columns.entries()) {
    const cell = cells[at];
    if (field === null && column !== key) continue;
    if (isCellError(cell)) {
      faults.push({ column, code: "cell_error", detail: `The cell shows the error ${cell.error}` });
      continue;
    }
    image[column] = spelled(field, cell ?? null);
  }
  const columnOf = new Map(columns.flatMap(({ column, field }) => (field === null ? [] : [[field, column] as const])));
  const read = mapping.readRemote(image);
  for (const { remote, code, detail } of read.faults) faults.push({ column: remote, code, detail });
  const data: Values = { ...read.claims };
  for (const [name, value] of Object.entries(data)) {
    const field = fieldNamed(name);
    if (field === undefined) continue;
    if (compact.has(field.kind)) data[name] = normalise(field, value);
    if (field.list === "industry" && typeof value === "string") data[name] = compactIndustry(value);
    const fault = faultOf(name, field, data[name] ?? null, data, today);
    const column = columnOf.get(name) ?? name;
    if (fault !== undefined) faults.push({ column, ...fault });
    else if (isUnlisted(vocabularies, name, data[name]))
      faults.push({ column, code: "not_listed", detail: "A word is not in the installation's own list" });
  }
  if (faults.length === 0) faults.push(...together(data, columnOf));
  const { "branche.kode": kode, "branche.klassifikation": klassifikation = null } = data;
  if (typeof kode === "string" && klassifikation === null) data["branche.klassifikation"] = listOf(kode);
  if (faults.length > 0) return { ok: false, faults };
  const named = key === null ? null : image[key];
  return { ok: true, data, key: isBlank(named as Cell) ? undefined : String(named).trim() };
}

/** Kinds that are stored compact when a person types them. */
const compact: ReadonlySet<Kind> = new Set(["cvr", "se", "euVat", "gln", "currency"]);

function faultOf(
  name: string,
  field: Field,
  value: Value,
  values: Values,
  today: string,
): { code: string; detail: string } | undefined {
  if (field.kind === "country" && typeof value === "string" && !readCountry(value).ok)
    return { code: "country_unknown", detail: "No country has this name or code" };
  // A country that nobody knows is its own fault; what depends on it is not judged by it.
  const country = countryFor(name, values);
  const landekode = country !== null && readCountry(country).ok ? country : null;
  const found = checkValue(field, value, { ...surroundingsOf(name, values), landekode, today });
  return found === null ? undefined : { code: found.code, detail: found.detail };
}

/** Fields that mean something only together, as the API asks it of a new record. */
function together(data: Values, columnOf: ReadonlyMap<string, string>): CellFault[] {
  const faults: CellFault[] = [];
  const empty = (name: string): boolean => data[name] === undefined || data[name] === null;
  const tell = (name: string, code: string, detail: string): void => {
    faults.push({ column: columnOf.get(name) ?? name, code, detail });
  };
  if (empty("gps.lat") !== empty("gps.lng"))
    tell("gps.lat", "incomplete", "A position has both latitude and longitude, or neither");
  if (data.gdprOk === true && empty("gdprDato")) tell("gdprOk", "incomplete", "gdprOk needs gdprDato, the date of it");
  return faults;
}

const b2 = /^b2([bcg])$/i;

/** A code of the catalogue as people write it: `Leverandør`, `B2B`. Everything else as it stands. */
function spelled(name: string | null, cell: Cell): unknown {
  const field = name === null ? undefined : fieldNamed(name);
  if (typeof cell !== "string" || field?.codes === undefined) return cell;
  const one = (text: string): string => {
    const key = keyDa(text.trim().replace(b2, "BT$1")).replace(/[^a-z0-9]+/g, "");
    return field.codes?.find((code) => keyDa(code) === key) ?? text;
  };
  return field.kind === "codeSet" ? cell.split(",").map(one).join(",") : one(cell);
}

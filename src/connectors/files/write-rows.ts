import { encodeAs } from "../../danish/encoding.ts";
import { writeCsv } from "../../tables/write-csv.ts";
import type { OutRow } from "../connector.ts";
import type { Settings } from "./settings.ts";

/**
 * The columns of the file that a row can stand in. A table has those that are owed and no other: what it leaves out stays
 * as it is at the remote. Lines of fixed width have all columns, and show the rest as the remote last showed it.
 */
export function columnsFor({ body }: OutRow, key: string, { format, ourKey }: Settings): readonly string[] {
  if (format.type === "fixed") return format.columns.map(({ name }) => name);
  return [key, ourKey, ...Object.keys(body).sort()];
}

/** A file of rows that have the same columns; every character has a byte in the file's encoding (`rowFault`). */
export function fileOf(rows: readonly OutRow[], key: string, settings: Settings): Uint8Array {
  const { format, ourKey } = settings;
  const [first] = rows;
  if (first === undefined) throw new Error("A file has rows");
  const names = columnsFor(first, key, settings);
  const cells = rows.map((row) => names.map((name) => cellOf(row, name, key, ourKey)));
  const text =
    format.type === "csv"
      ? writeCsv([[...names], ...cells], format.delimiter, false)
      : cells
          .map((row) => `${row.map((cell, at) => cell.padEnd(format.columns[at]?.width ?? 0)).join("")}\r\n`)
          .join("");
  const written = encodeAs(text, settings.writes);
  if (!written.ok) throw new Error(`A row was not looked at before it was written: ${written.code}`);
  return written.value;
}

/** Why a row cannot stand in a file: a character that the encoding does not have, a value that is wider than its column. */
export function rowFault(row: OutRow, key: string, settings: Settings): string | undefined {
  const { format, ourKey, writes } = settings;
  for (const [at, name] of columnsFor(row, key, settings).entries()) {
    const cell = cellOf(row, name, key, ourKey);
    if (!encodeAs(cell, writes).ok) return `${name} has a character that ${writes} does not have`;
    if (format.type === "csv") continue;
    const width = format.columns[at]?.width ?? 0;
    if (cell.length > width) return `${name} is wider than its column of ${width} characters`;
    if (/[\r\n]/.test(cell)) return `${name} has a line break, which lines of fixed width cannot have`;
  }
  if (format.type === "fixed") {
    const known = new Set(format.columns.map(({ name }) => name));
    const lost = Object.keys(row.body).find((name) => !known.has(name));
    if (lost !== undefined) return `The file has no column for ${lost}`;
  }
  return undefined;
}

function cellOf({ externalId, ourKey: ours, body, image }: OutRow, name: string, key: string, ourKey: string): string {
  if (name === key) return externalId ?? "";
  if (name === ourKey) return ours;
  const value = name in body ? body[name] : image?.[name];
  return value === null || value === undefined ? "" : String(value);
}

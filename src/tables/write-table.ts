import { type CellValue, writeXlsxStream } from "hucre/xlsx";
import { encodeAs } from "../danish/encoding.ts";
import type { Delimiter } from "./csv.ts";
import { writeCsv } from "./write-csv.ts";

export const exportFormats = ["csv", "json", "xlsx", "geojson"] as const;
export type ExportFormat = (typeof exportFormats)[number];
export type ExportEncoding = "utf-8" | "windows-1252";

export type OutCell = string | number | boolean | null | readonly string[];

export interface OutRow {
  readonly id: string;
  readonly cells: readonly OutCell[];
  /** Degrees; null: no position is known. */
  readonly position: { readonly lat: number; readonly lng: number } | null;
}

export interface TableOptions {
  readonly format: ExportFormat;
  /** Of CSV; the others are UTF-8 by their own rules. */
  readonly encoding: ExportEncoding;
  readonly delimiter: Delimiter;
  readonly columns: readonly string[];
  /** Told how many characters the encoding does not have, and were written as their nearest or as `?`. */
  readonly onReplaced: (characters: number) => void;
}

export const contentTypes: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv",
  json: "application/json",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  geojson: "application/geo+json",
};

/**
 * A table as a file, chunk by chunk. In CSV, cells that a spreadsheet would carry out are made harmless; in a workbook every
 * text is a text.
 */
export function writeTable(rows: AsyncIterable<readonly OutRow[]>, options: TableOptions): AsyncIterable<Uint8Array> {
  switch (options.format) {
    case "csv":
      return csv(rows, options);
    case "json":
      return json(rows, options, "[", "]\n", (row) => objectOf(row, options.columns));
    case "geojson":
      return json(rows, options, '{"type":"FeatureCollection","features":[', "]}\n", (row) => featureOf(row, options));
    case "xlsx":
      return writeXlsxStream(sheetRows(rows, options.columns), { name: "Eksport" });
  }
}

const MARK = "\uFEFF";

async function* csv(rows: AsyncIterable<readonly OutRow[]>, options: TableOptions): AsyncGenerator<Uint8Array> {
  const { columns, delimiter, encoding } = options;
  const encode = (text: string): Uint8Array =>
    encoding === "utf-8" ? new TextEncoder().encode(text) : inWindows1252(text, options.onReplaced);
  yield encode((encoding === "utf-8" ? MARK : "") + writeCsv([columns], delimiter, true));
  for await (const page of rows) {
    if (page.length === 0) continue;
    yield encode(
      writeCsv(
        page.map(({ cells }) => cells.map(textOf)),
        delimiter,
        true,
      ),
    );
  }
}

async function* json(
  rows: AsyncIterable<readonly OutRow[]>,
  _options: TableOptions,
  head: string,
  tail: string,
  shape: (row: OutRow) => object,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(head);
  let before = "\n";
  for await (const page of rows) {
    for (const row of page) {
      yield encoder.encode(before + JSON.stringify(shape(row)));
      before = ",\n";
    }
  }
  yield encoder.encode(`\n${tail}`);
}

async function* sheetRows(
  rows: AsyncIterable<readonly OutRow[]>,
  columns: readonly string[],
): AsyncGenerator<CellValue[]> {
  yield [...columns];
  for await (const page of rows)
    for (const { cells } of page) yield cells.map((cell) => (typeof cell === "object" ? textOf(cell) : cell));
}

const objectOf = ({ cells }: OutRow, columns: readonly string[]): object =>
  Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? null]));

const featureOf = (row: OutRow, { columns }: TableOptions): object => ({
  ...{ type: "Feature", id: row.id },
  // Longitude first (RFC 7946).
  geometry: row.position && { type: "Point", coordinates: [row.position.lng, row.position.lat] },
  properties: objectOf(row, columns),
});

const textOf = (cell: OutCell): string =>
  cell === null ? "" : typeof cell === "object" ? cell.join(", ") : String(cell);

/** What the encoding does not have becomes its nearest letter, else `?`, and is counted. */
function inWindows1252(text: string, onReplaced: (characters: number) => void): Uint8Array {
  const whole = encodeAs(text, "windows-1252");
  if (whole.ok) return whole.value;
  let replaced = 0;
  const fitting = [...text].map((character) => {
    if (encodeAs(character, "windows-1252").ok) return character;
    replaced += 1;
    const plain = character.normalize("NFD").replace(/\p{M}/gu, "");
    return encodeAs(plain, "windows-1252").ok ? plain : "?";
  });
  onReplaced(replaced);
  const encoded = encodeAs(fitting.join(""), "windows-1252");
  if (!encoded.ok) throw new Error("A text of windows-1252 characters cannot be written in windows-1252");
  return encoded.value;
}

import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { type CellValue, streamXlsxRows } from "hucre/xlsx";
import { type Cell, isBlank, TableError, type TableRow } from "./table.ts";

export interface XlsxOptions {
  /** Name of the sheet; the first one when left out. */
  readonly sheet?: string;
  /** Which row that is not empty holds the headings, from 1. */
  readonly headingRow: number;
}

/** Rows of a sheet below the headings, some hundred at a time. Numbers stay numbers; a formula gives what it last showed. */
export async function* readXlsx(
  chunks: () => AsyncIterable<Uint8Array>,
  options: XlsxOptions,
): AsyncGenerator<TableRow[]> {
  let seen = 0;
  let row = 0;
  let rows: TableRow[] = [];
  for await (const { line, cells } of readSheet(chunks, options.sheet)) {
    seen += 1;
    if (seen <= options.headingRow) continue;
    row += 1;
    rows.push({ row, line, cells });
    if (rows.length < BATCH) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

const BATCH = 500;

export async function firstXlsxRows(
  chunks: () => AsyncIterable<Uint8Array>,
  sheet: string | undefined,
  most: number,
): Promise<Cell[][]> {
  const found: Cell[][] = [];
  for await (const { cells } of readSheet(chunks, sheet)) {
    found.push([...cells]);
    if (found.length >= most) break;
  }
  return found;
}

async function* readSheet(
  chunks: () => AsyncIterable<Uint8Array>,
  sheet: string | undefined,
): AsyncGenerator<{ line: number; cells: Cell[] }> {
  // The library's types name the browser's stream, which this is.
  const stream = Readable.toWeb(Readable.from(chunks())) as ReadableStream<Uint8Array> as never;
  let seen = 0;
  try {
    for await (const { index, values } of streamXlsxRows(stream, sheet === undefined ? {} : { sheet })) {
      const cells = values.map(cellOf);
      if (cells.every(isBlank)) continue;
      seen += 1;
      yield { line: index + 1, cells };
    }
  } catch (cause) {
    throw new TableError("not_a_workbook", "The file cannot be read as an XLSX workbook", undefined, { cause });
  }
  // The library gives no rows of a sheet that is not there.
  if (seen === 0 && sheet !== undefined)
    throw new TableError("no_such_sheet", "The workbook has no sheet of this name with rows in it");
}

const ERROR_VALUE = /^#(?:N\/A|REF!|VALUE!|DIV\/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)$/;
const MIDNIGHT = "T00:00:00.000Z";

function cellOf(value: CellValue | undefined): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return { error: "#NUM!" };
    const text = value.toISOString();
    // A sheet has no time zones: what it shows is what is meant.
    return text.endsWith(MIDNIGHT) ? text.slice(0, 10) : text.slice(0, 19);
  }
  if (typeof value === "string") return ERROR_VALUE.test(value) ? { error: value } : value;
  return typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

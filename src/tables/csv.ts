import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { type Cell, isBlank, TableError, type TableRow } from "./table.ts";

export const delimiters = [";", ",", "\t", "|"] as const;
export type Delimiter = (typeof delimiters)[number];

export interface CsvOptions {
  readonly delimiter: Delimiter;
  /** Which line of the table holds the headings, from 1, empty lines not counted; 0: there are none. */
  readonly headingRow: number;
}

/** Longer rows are no rows: most often a quote that is never closed. */
const LONGEST_ROW = 1_048_576;

/**
 * Rows of CSV below the headings, some hundred at a time, empty ones left out; quoted cells may hold line breaks. Throws
 * TableError with the line where a quote is not closed: what stands behind it cannot be told apart.
 */
export async function* readCsv(text: AsyncIterable<string>, options: CsvOptions): AsyncGenerator<TableRow[]> {
  let seen = 0;
  let row = 0;
  let line = 1;
  for await (const records of readRecords(text, options.delimiter)) {
    const rows: TableRow[] = [];
    for (const { record, lines } of records) {
      const began = line;
      line = lines + 1;
      if (record.every(isBlank)) continue;
      seen += 1;
      if (seen <= options.headingRow) continue;
      row += 1;
      rows.push({ row, line: began, cells: record });
    }
    if (rows.length > 0) yield rows;
  }
}

/** The first rows of a text as they stand, for guessing what they are. */
export async function firstRows(text: AsyncIterable<string>, delimiter: Delimiter, most: number): Promise<Cell[][]> {
  const found: Cell[][] = [];
  for await (const records of readRecords(text, delimiter)) {
    for (const { record } of records) if (!record.every(isBlank)) found.push(record);
    if (found.length >= most) break;
  }
  return found.slice(0, most);
}

interface CsvRecord {
  readonly record: string[];
  /** The line that it ends on. */
  readonly lines: number;
}

async function* readRecords(text: AsyncIterable<string>, delimiter: Delimiter): AsyncGenerator<CsvRecord[]> {
  const parser = parse({
    delimiter,
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: false,
    max_record_size: LONGEST_ROW,
  });
  const source = Readable.from(text, { objectMode: false, encoding: "utf8" });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let records: CsvRecord[] = [];
  // Line numbers are counted here, by the line breaks that the cells hold: the parser's own record of it halves its speed.
  let lines = 0;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      lines += 1;
      for (const cell of record) if (cell.includes("\n")) lines += cell.split("\n").length - 1;
      records.push({ record, lines });
      if (records.length < BATCH) continue;
      yield records;
      records = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (records.length > 0) yield records;
    throw toTableError(error, lines + 1);
  } finally {
    source.destroy();
    parser.destroy();
  }
  if (records.length > 0) yield records;
}

const BATCH = 500;

function toTableError(cause: CsvError, line: number): TableError {
  if (cause.code === "CSV_MAX_RECORD_SIZE" || cause.code === "CSV_QUOTE_NOT_CLOSED") {
    const message = `A quote that begins in the row of line ${line} is not closed`;
    return new TableError("unclosed_quote", message, line, { cause });
  }
  return new TableError("bad_quote", `The row of line ${line} cannot be read as CSV`, line, { cause });
}

/** The sign that divides the first lines most evenly; a semicolon where nothing does, as Danish spreadsheets write. */
export function guessDelimiter(text: string): Delimiter {
  const lines = withoutQuoted(text)
    .split(/\r\n?|\n/)
    .filter((line) => line.trim() !== "")
    .slice(0, 30);
  let best: { delimiter: Delimiter; score: number } = { delimiter: ";", score: 0 };
  for (const delimiter of delimiters) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const usual = mostFrequent(counts.filter((count) => count > 0));
    if (usual === undefined) continue;
    // Alike in as many lines as can be, and in them as many columns as can be.
    const alike = counts.filter((count) => count === usual).length / lines.length;
    const score = alike * 100 + Math.min(usual, 50);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

const withoutQuoted = (text: string): string => text.replace(/"(?:[^"]|"")*"/g, "");

function mostFrequent(counts: readonly number[]): number | undefined {
  const times = new Map<number, number>();
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0];
}

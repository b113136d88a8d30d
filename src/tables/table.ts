/** Tables in files: CSV and workbooks, read as streams of rows. Knows nothing about what the columns mean. */

/** What stands in a cell; a date of a workbook is `YYYY-MM-DD` text. A workbook's error value is a `CellError`. */
export type Cell = string | number | boolean | null | CellError;

/** A cell of a workbook that shows an error (`#N/A`). */
export interface CellError {
  readonly error: string;
}

export const isCellError = (cell: Cell | undefined): cell is CellError => typeof cell === "object" && cell !== null;

/** One row of data, below the headings. */
export interface TableRow {
  /** From 1, headings and empty rows not counted. */
  readonly row: number;
  /** Where it begins in the file, from 1; in a workbook the row of the sheet. */
  readonly line: number;
  /** In the order of the columns. */
  readonly cells: readonly Cell[];
}

/** A file that cannot be read any further; `line` where that is known. The message quotes nothing of the file. */
export class TableError extends Error {
  override readonly name = "TableError";
  readonly code: "unclosed_quote" | "bad_quote" | "too_long" | "not_a_workbook" | "no_headings" | "no_such_sheet";
  readonly line: number | undefined;

  constructor(code: TableError["code"], message: string, line?: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.line = line;
  }
}

export const isBlank = (cell: Cell | undefined): boolean =>
  cell === undefined || cell === null || (typeof cell === "string" && cell.trim() === "");

/** Names for columns, each its own: an empty heading is `column 3`, a second `Navn` is `Navn (2)`. */
export function columnNames(headings: readonly Cell[]): string[] {
  const taken = new Set<string>();
  return headings.map((heading, at) => {
    const name = isBlank(heading) || isCellError(heading) ? `column ${at + 1}` : String(heading).trim().slice(0, 90);
    let own = name;
    for (let n = 2; taken.has(own); n += 1) own = `${name} (${n})`;
    taken.add(own);
    return own;
  });
}

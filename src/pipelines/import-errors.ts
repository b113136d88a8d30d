import type { Sql } from "../store/database.ts";
import { type Import, type RowFault, rowFaults } from "../store/imports.ts";
import { type Cell, isCellError } from "../tables/table.ts";
import { writeCsv } from "../tables/write-csv.ts";
import { tableRows } from "./import-file.ts";

const PAGE = 500;

/**
 * The rows of a file that could not be taken, as they came, with the line and the reasons in two columns more: mended, the
 * file can be brought in again. Streams, as text; a workbook's rows come as CSV. `words` says a fault in the reader's language.
 */
export async function* badRows(
  sql: Sql,
  file: Import,
  headings: { readonly line: string; readonly reasons: string },
  words: (fault: RowFault) => string,
): AsyncGenerator<string> {
  const { delimiter, columns } = file.settings;
  const mark = "\ufeff"; // what makes a spreadsheet read it as UTF-8
  const names = columns.map(({ column }) => column);
  yield mark + writeCsv([[...names, headings.line, headings.reasons]], delimiter, true);
  let page = byRow(await rowFaults(sql, file, 0, PAGE));
  for await (const rows of tableRows(sql, file)) {
    const told: string[][] = [];
    for (const { row, line, cells } of rows) {
      const faults = page.get(row);
      if (faults !== undefined) {
        const reasons = faults.map(words).join(" · ");
        told.push([...names.map((_, at) => textOf(cells[at])), ...beyond(cells, names.length), String(line), reasons]);
      }
      if (page.size > 0 && row >= Math.max(...page.keys())) page = byRow(await rowFaults(sql, file, row, PAGE));
    }
    if (told.length > 0) yield writeCsv(told, delimiter, true);
    if (page.size === 0) return;
  }
}

const byRow = (faults: readonly RowFault[]): Map<number, RowFault[]> => Map.groupBy(faults, ({ row }) => row);

/** What stood in a row beyond the columns is the fault itself: it is repeated too. */
const beyond = (cells: readonly Cell[], width: number): string[] => cells.slice(width).map(textOf);

const textOf = (cell: Cell | undefined): string => {
  if (cell === undefined || cell === null) return "";
  return isCellError(cell) ? cell.error : String(cell);
};

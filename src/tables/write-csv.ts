import { stringify } from "csv-stringify/sync";
import type { Delimiter } from "./csv.ts";

/** Cells that a spreadsheet would carry out (domain notes, e.4). */
const FORMULA = /^[=+\-@\t\r]/;
/** A number or a telephone number begins with a sign and is none. */
const NUMBER_LIKE = /^[+-][\d\s.,()-]*$/;

/**
 * Lines of CSV with CRLF. For people's spreadsheets `guarded` puts an apostrophe before what would be a formula; numbers and
 * telephone numbers stay as they are. A machine reads the cells as they stand.
 */
export function writeCsv(rows: readonly (readonly string[])[], delimiter: Delimiter, guarded: boolean): string {
  const cells = guarded
    ? rows.map((row) => row.map((cell) => (FORMULA.test(cell) && !NUMBER_LIKE.test(cell) ? `'${cell}` : cell)))
    : rows;
  return stringify(
    cells.map((row) => [...row]),
    { delimiter, record_delimiter: "windows", quoted_match: /^\s|\s$|[\r\n]/ },
  );
}

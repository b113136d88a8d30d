import { decodeText } from "../../danish/encoding.ts";
import { readCsv } from "../../tables/csv.ts";
import { TableError, type TableRow } from "../../tables/table.ts";
import { writeCsv } from "../../tables/write-csv.ts";
import type { FileAnswer, FileFault } from "../connector.ts";

/** Ends of the names of answers: all of it was taken, or some rows were not. */
export const ANSWERS = [".ok", ".err"] as const;

/** More faults than these are counted, not listed. */
const LISTED = 100_000;

/** An answer of ours: `.ok` is empty, `.err` names row, column and reason. UTF-8 with CRLF. */
export function answerOf(faults: readonly FileFault[]): { readonly end: ".ok" | ".err"; readonly bytes: Uint8Array } {
  if (faults.length === 0) return { end: ".ok", bytes: new Uint8Array(0) };
  const rows = faults.slice(0, LISTED).map(({ line, column = "", detail }) => [String(line), column, detail]);
  if (faults.length > LISTED) rows.push(["0", "", `${faults.length - LISTED} further rows are not listed`]);
  return { end: ".err", bytes: Buffer.from(writeCsv([["row", "column", "text"], ...rows], ";", false)) };
}

/**
 * An answer to a file of ours. `.ok` may hold `row;number` for the rows that were made; `.err` holds `row;column;text`,
 * row 0 for the file as a whole. What cannot be read counts as a fault of the whole: nothing is taken for done.
 */
export async function readAnswer(name: string, order: number, end: string, bytes: Uint8Array): Promise<FileAnswer> {
  const faults: FileFault[] = [];
  const numbers = new Map<number, string>();
  try {
    for await (const rows of readCsv(textOf(bytes), { delimiter: ";", headingRow: 0 })) {
      for (const row of rows) {
        const [first, second = "", third] = row.cells.map((cell) => String(cell ?? "").trim());
        const line = /^\d{1,9}$/.test(first ?? "") ? Number(first) : undefined;
        if (line === undefined) {
          if (!isHeading(row)) faults.push(unreadable);
        } else if (end === ".err")
          faults.push({ line, ...(second === "" ? {} : { column: second }), detail: third ?? "" });
        else if (second !== "") numbers.set(line, second);
      }
    }
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    faults.push(unreadable);
  }
  if (end === ".err" && faults.length === 0) faults.push({ line: 0, detail: "The answer names no row" });
  return { name, order, faults, numbers };
}

const unreadable: FileFault = { line: 0, detail: "The answer cannot be read" };
const isHeading = ({ row }: TableRow): boolean => row === 1;

async function* textOf(bytes: Uint8Array): AsyncGenerator<string> {
  yield decodeText(bytes).text;
}

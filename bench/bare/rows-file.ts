import { readFileSync } from "node:fs";

/** Rows of PostgreSQL's COPY text format: tabs between columns, `\N` for null, backslash escapes. All in memory. */
export interface RowsFile {
  readonly bytes: number;
  readonly lines: readonly string[];
  /** Values of one line, by column. */
  valuesOf(line: string): (string | null)[];
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

export function readRows(path: string): RowsFile {
  const text = readFileSync(path, "utf8");
  return {
    bytes: Buffer.byteLength(text),
    lines: text.split("\n").filter((line) => line !== ""),
    valuesOf: (line) =>
      line.split("\t").map((cell) => {
        if (cell === "\\N") return null;
        return cell.includes("\\") ? cell.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter) : cell;
      }),
  };
}

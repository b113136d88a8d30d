import { Readable } from "node:stream";
import type { Encoding } from "../../danish/encoding.ts";
import type { Mapping } from "../../mappings/mapping.ts";
import { readCsv } from "../../tables/csv.ts";
import { decodeStream, encodingScout } from "../../tables/encoding.ts";
import { isBlank, TableError, type TableRow } from "../../tables/table.ts";
import type { FileFault, FileRow } from "../connector.ts";
import type { Settings } from "./settings.ts";

export interface ReadRows {
  readonly rows: readonly FileRow[];
  readonly faults: readonly FileFault[];
}

const BATCH = 500;
const LONGEST_LINE = 1_048_576;

/**
 * The rows of a file: read twice where its encoding must be guessed, once to know it and once for the rows. A row without
 * its key, with too many or too few cells, or of an object that the file has had, is a fault, and the others pass. Keys are
 * kept in memory, nothing else is.
 */
export async function* readRows(
  bytes: () => AsyncIterable<Uint8Array>,
  settings: Settings,
  mapping: Mapping,
): AsyncGenerator<ReadRows> {
  const seen = new Map<string, number>();
  const encoding = settings.encoding ?? (await guess(bytes));
  const text = decodeStream(bytes(), encoding);
  const { format } = settings;
  try {
    if (format.type === "fixed") {
      const names = format.columns.map(({ name }) => name);
      for await (const rows of fixedRows(text, format.columns)) yield toRows(rows, names, settings, mapping, seen);
      return;
    }
    let names: readonly string[] | undefined;
    for await (const rows of readCsv(text, { delimiter: format.delimiter, headingRow: 0 })) {
      let own = rows;
      if (names === undefined) {
        const [heading, ...rest] = rows;
        names = heading?.cells.map((cell) => String(cell ?? "").trim()) ?? [];
        own = rest;
        const fault = headingFault(names, mapping, heading?.line ?? 1);
        if (fault !== undefined) {
          yield { rows: [], faults: [fault] };
          return;
        }
      }
      yield toRows(own, names, settings, mapping, seen);
    }
    if (names === undefined) yield { rows: [], faults: [{ line: 0, detail: "The file has no row of headings" }] };
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    yield { rows: [], faults: [{ line: error.line ?? 0, detail: `${error.message}; nothing behind it was read` }] };
  }
}

async function guess(bytes: () => AsyncIterable<Uint8Array>): Promise<Encoding> {
  const scout = encodingScout();
  for await (const chunk of bytes()) scout.see(chunk);
  return scout.found().encoding;
}

function headingFault(names: readonly string[], { key }: Mapping, line: number): FileFault | undefined {
  if (!names.includes(key))
    return { line, column: key, detail: `The headings lack the column ${key}, which names each row` };
  const twice = names.find((name, at) => name !== "" && names.indexOf(name) !== at);
  return twice === undefined ? undefined : { line, column: twice, detail: `Two columns are called ${twice}` };
}

/** `seen`: on which line each key of the file stood; of two rows of one object nobody knows which is the newer. */
function toRows(
  rows: readonly TableRow[],
  names: readonly string[],
  settings: Settings,
  { key }: Mapping,
  seen: Map<string, number>,
): ReadRows {
  const { ourKey, deleted } = settings;
  const found: FileRow[] = [];
  const faults: FileFault[] = [];
  for (const { line, cells } of rows) {
    if (cells.length !== names.length) {
      const detail = `The row has ${cells.length} cells, and there are ${names.length} columns`;
      faults.push({ line, detail });
      continue;
    }
    const image: Record<string, string> = {};
    for (const [at, name] of names.entries()) {
      if (name !== "" && name !== ourKey) image[name] = String(cells[at] ?? "").trim();
    }
    const externalId = image[key] ?? "";
    if (externalId === "") {
      faults.push({ line, column: key, detail: `The row lacks ${key}, which names it` });
      continue;
    }
    const before = seen.get(externalId);
    if (before !== undefined) {
      faults.push({ line, column: key, detail: `Line ${before} is of the same object` });
      continue;
    }
    seen.set(externalId, line);
    const at = names.indexOf(ourKey);
    const ours = at < 0 ? "" : String(cells[at] ?? "").trim();
    found.push({
      ...{ line, externalId, image },
      ourKey: ours === "" ? undefined : ours,
      deleted: image[deleted.column] === deleted.value,
    });
  }
  return { rows: found, faults };
}

async function* fixedRows(
  text: AsyncIterable<string>,
  columns: readonly { readonly width: number }[],
): AsyncGenerator<TableRow[]> {
  const source = Readable.from(text, { objectMode: false, encoding: "utf8" });
  let rest = "";
  let line = 0;
  let rows: TableRow[] = [];
  const take = (full: string): void => {
    line += 1;
    const cells: string[] = [];
    let at = 0;
    for (const { width } of columns) {
      cells.push(full.slice(at, at + width));
      at += width;
    }
    if (full.slice(at).trim() !== "") cells.push(full.slice(at));
    if (!cells.every(isBlank)) rows.push({ row: line, line, cells });
  };
  try {
    for await (const piece of source as AsyncIterable<string>) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) throw new TableError("too_long", `Line ${line + 1} does not end`, line + 1);
      for (const each of lines) take(each.replace(/\r$/, ""));
      if (rows.length < BATCH) continue;
      yield rows;
      rows = [];
    }
  } finally {
    source.destroy();
  }
  if (rest !== "") take(rest);
  if (rows.length > 0) yield rows;
}

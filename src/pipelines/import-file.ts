import { compileMapping } from "../mappings/compile.ts";
import { guessColumns, knownHeadings } from "../mappings/headings.ts";
import type { CompiledMapping } from "../mappings/mapping.ts";
import { tableMapping } from "../mappings/table-mapping.ts";
import type { Sql } from "../store/database.ts";
import { type Import, type ImportFound, type ImportSettings, importChunks } from "../store/imports.ts";
import { firstRows, guessDelimiter, readCsv } from "../tables/csv.ts";
import { decodeStream, type FoundEncoding } from "../tables/encoding.ts";
import { type Cell, columnNames, isBlank, isCellError, TableError, type TableRow } from "../tables/table.ts";
import { firstXlsxRows, readXlsx } from "../tables/xlsx.ts";

/** Rows that are looked at for headings and samples. */
const LOOK = 25;
const SAMPLES = 3;
const HEADINGS_WITHIN = 10;

/** What a person has said of the file; the rest is guessed. */
export type Wishes = Partial<Omit<ImportSettings, "columns" | "format">> & {
  readonly columns?: Readonly<Record<string, string | null>>;
};

/**
 * Looks at the beginning of a kept file: how it is divided, where its headings stand, what they mean. What the wishes say
 * is obeyed. Throws TableError where there is nothing to read.
 */
export async function lookAt(
  sql: Sql,
  importId: string,
  format: ImportSettings["format"],
  encoding: FoundEncoding,
  wishes: Wishes,
): Promise<{ settings: ImportSettings; found: ImportFound }> {
  const chunks = (): AsyncGenerator<Uint8Array> => importChunks(sql, importId);
  const read = wishes.encoding ?? encoding.encoding;
  const delimiter = wishes.delimiter ?? (format === "csv" ? guessDelimiter(await beginning(chunks(), read)) : ";");
  const rows =
    format === "xlsx"
      ? await firstXlsxRows(chunks, wishes.sheet, LOOK)
      : await firstRows(decodeStream(chunks(), read), delimiter, LOOK);
  if (rows.length === 0) throw new TableError("no_headings", "The file holds no rows");
  const headingRow = wishes.headingRow ?? guessHeadingRow(rows);
  const below = rows.slice(headingRow);
  const width = Math.max(...rows.slice(Math.max(0, headingRow - 1)).map(lastFilled));
  const headings = headingRow === 0 ? [] : (rows[headingRow - 1] ?? []);
  const names = columnNames(
    Array.from({ length: Math.max(width, lastFilled(headings)) }, (_, at) => headings[at] ?? null),
  );
  const columns = guessColumns(names).map(({ column, field }) => {
    const said = wishes.columns?.[column];
    return { column, field: said === undefined ? takenElsewhere(field, column, wishes) : said };
  });
  const samples = Object.fromEntries(
    names.map((name, at) => [
      name,
      below
        .map((row) => row[at])
        .filter((cell) => !isBlank(cell))
        .slice(0, SAMPLES)
        .map((cell) => (isCellError(cell ?? null) ? "" : String(cell).slice(0, 60))),
    ]),
  );
  const key =
    wishes.key === undefined ? (columns.find(({ field }) => field === "kontonummer")?.column ?? null) : wishes.key;
  return {
    settings: {
      format,
      encoding: read,
      delimiter,
      ...(wishes.sheet === undefined ? {} : { sheet: wishes.sheet }),
      headingRow,
      dates: wishes.dates ?? "da",
      decimal: wishes.decimal ?? "da",
      key,
      columns,
    },
    found: {
      encoding:
        wishes.encoding === undefined
          ? {
              isGuess: encoding.isGuess,
              reason: encoding.reason,
              ...(encoding.maybe === undefined ? {} : { maybe: encoding.maybe }),
            }
          : { isGuess: false, reason: "given" },
      samples,
    },
  };
}

/** A field that a person has given to another column is not this one's as well. */
const takenElsewhere = (field: string | null, column: string, { columns = {} }: Wishes): string | null =>
  Object.entries(columns).some(([other, said]) => other !== column && said !== null && said === field) ? null : field;

const lastFilled = (row: readonly Cell[]): number => row.findLastIndex((cell) => !isBlank(cell)) + 1;

/** The row with most headings that mean something; a title may stand above it. Without any, the first is taken for it. */
function guessHeadingRow(rows: readonly (readonly Cell[])[]): number {
  let best = { row: 1, known: 0 };
  for (const [at, row] of rows.slice(0, HEADINGS_WITHIN).entries()) {
    const known = knownHeadings(row.map((cell) => (typeof cell === "string" ? cell : "")));
    if (known > best.known) best = { row: at + 1, known };
  }
  return best.row;
}

const BEGINNING = 65_536;

async function beginning(chunks: AsyncIterable<Uint8Array>, encoding: ImportSettings["encoding"]): Promise<string> {
  let text = "";
  for await (const part of decodeStream(chunks, encoding)) {
    text += part;
    if (text.length >= BEGINNING) break;
  }
  return text;
}

/** The rows of a kept file below its headings, as a stream. Throws TableError where it cannot be read any further. */
export function tableRows(sql: Sql, { id, settings }: Pick<Import, "id" | "settings">): AsyncGenerator<TableRow[]> {
  const chunks = (): AsyncGenerator<Uint8Array> => importChunks(sql, id);
  if (settings.format === "xlsx") return readXlsx(chunks, settings);
  return readCsv(decodeStream(chunks(), settings.encoding), settings);
}

/** The mapping that the settings come to, ready to read; a sentence where they contradict themselves. */
export function mappingOfImport(settings: ImportSettings): CompiledMapping | readonly string[] {
  const result = compileMapping(tableMapping(settings.columns, settings));
  return "faults" in result ? result.faults : result.mapping;
}

import { z } from "@hono/zod-openapi";
import { fillableFields } from "../mappings/headings.ts";
import type { Sql } from "../store/database.ts";
import { type Import, importOutlook, type RowFault, sameContent } from "../store/imports.ts";
import { findRun } from "../store/runs-read.ts";
import type { Language } from "./language.ts";
import { runSchema } from "./routes/runs.ts";
import { da } from "./texts/da.ts";
import { en } from "./texts/en.ts";
import { importFaults } from "./texts/import-faults.ts";
import type { ValueCode } from "./texts/problem-codes.ts";

export const encodings = [
  "utf-8",
  "utf-16le",
  "utf-16be",
  "windows-1252",
  "cp865",
  "cp850",
  "cp437",
  "iso646-dk",
] as const;
export const delimiterNames = [";", ",", "|", "tab"] as const;

const field = z.enum(fillableFields as [string, ...string[]]).openapi("ImportField");

/** How a file is to be read, as far as somebody says it. */
export const importWishes = {
  encoding: z.enum(encodings).optional(),
  delimiter: z.enum(delimiterNames).optional(),
  sheet: z.string().min(1).max(100).optional().openapi({ description: "Of a workbook; the first when left out." }),
  dates: z.enum(["da", "en"]).optional().openapi({ description: "da: day first (default). en: month first." }),
  decimal: z
    .enum(["da", "en"])
    .optional()
    .openapi({ description: "da: 1.234,50 (default). en: 1,234.50. Never guessed from a cell." }),
};

export const correctionSchema = z
  .strictObject({
    ...importWishes,
    headingRow: z.int().min(0).max(100).optional().openapi({ description: "Empty rows are not counted; 0: none." }),
    key: z.string().max(100).nullable().optional().openapi({
      description: "The column that names a row also in a later file; null: none does.",
    }),
    columns: z
      .record(z.string(), field.nullable())
      .optional()
      .openapi({ description: "What a column is for; null: nothing. Columns left out stay as they are." }),
  })
  .openapi("ImportCorrection");

export const importSchema = z
  .strictObject({
    id: z.uuid(),
    connection: z.string(),
    object: z.string(),
    fileName: z.string(),
    bytes: z.int(),
    createdAt: z.iso.datetime(),
    by: z.string(),
    format: z.enum(["csv", "xlsx"]),
    encoding: z
      .strictObject({ name: z.enum(encodings), isGuess: z.boolean(), reason: z.string(), maybe: z.string().optional() })
      .nullable()
      .openapi({ description: "Null: a workbook. `maybe`: fits the bytes as well, only a person can tell." }),
    delimiter: z.enum(delimiterNames).nullable(),
    sheet: z.string().nullable(),
    headingRow: z.int(),
    dates: z.enum(["da", "en"]),
    decimal: z.enum(["da", "en"]),
    key: z.string().nullable(),
    columns: z.array(z.strictObject({ column: z.string(), field: field.nullable(), samples: z.array(z.string()) })),
    preview: z.union([runSchema, z.null()]).openapi({ description: "The newest dry run of what is said above." }),
    run: z.union([runSchema, z.null()]).openapi({ description: "What carried it out; undone by its id." }),
    sameAs: z.int().nullable().openapi({ description: "A run that has imported the same content already." }),
    rows: z
      .array(z.strictObject({ row: z.int(), line: z.int(), plan: z.string(), entityId: z.uuid().nullable() }))
      .openapi({ description: "Of the dry run: up to five rows of each outcome." }),
    faults: z
      .array(z.strictObject({ row: z.int(), line: z.int(), column: z.string(), code: z.string(), detail: z.string() }))
      .openapi({ description: "The first rows that cannot be taken; all of them under /errors." }),
  })
  .openapi("Import");

/** An import as the API shows it, its faults in the reader's language. */
export async function viewImport(sql: Sql, file: Import, language: Language): Promise<z.output<typeof importSchema>> {
  const { settings, found } = file;
  const isText = settings.format === "csv";
  const { rows, faults } = await importOutlook(sql, file);
  const runOf = async (id: number | null) => (id === null ? null : ((await findRun(sql, id)) ?? null));
  return {
    id: file.id,
    connection: file.connection,
    object: file.object,
    fileName: file.fileName,
    bytes: file.bytes,
    createdAt: file.createdAt,
    by: file.by,
    format: settings.format,
    encoding: isText ? { name: settings.encoding, ...found.encoding } : null,
    delimiter: isText ? (settings.delimiter === "\t" ? "tab" : settings.delimiter) : null,
    sheet: settings.sheet ?? null,
    headingRow: settings.headingRow,
    dates: settings.dates,
    decimal: settings.decimal,
    key: settings.key,
    columns: settings.columns.map(({ column, field: meant }) => ({
      column,
      field: meant,
      samples: [...(found.samples[column] ?? [])],
    })),
    preview: await runOf(file.previewRun),
    run: await runOf(file.run),
    sameAs: file.run === null ? ((await sameContent(sql, file))?.run ?? null) : null,
    rows,
    faults: faults.map((fault) => ({
      row: fault.row,
      line: fault.line,
      column: fault.column,
      code: fault.code,
      detail: faultInWords(fault, language),
    })),
  };
}

/** What is wrong with a cell, with its column, in one language. */
export function faultInWords({ column, code, detail }: RowFault, language: Language): string {
  const { values } = language === "da" ? da : en;
  const sentence = importFaults[language][code] ?? values[code as ValueCode] ?? detail; // a code of another table is not in it
  return column === "" ? sentence : `${column}: ${sentence}`;
}

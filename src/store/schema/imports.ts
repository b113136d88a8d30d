import { bigint, customType, index, integer, json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

/** A file that a person brings in, how it is to be read, and the runs that read it. */
export const imports = pgTable(
  "imports",
  {
    id: uuid("id").primaryKey(),
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    fileName: text("file_name").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    sha256: text("sha256").notNull(),
    /** `ImportSettings` of src/store/imports.ts: what a person has said, and what was guessed of the rest. */
    settings: json("settings").notNull(),
    /** Headings, samples, encoding as found: what was shown. */
    found: json("found").notNull(),
    previewRun: bigint("preview_run", { mode: "number" }),
    run: bigint("run", { mode: "number" }),
    /** Rows that the run has dealt with, kept with their changes: where it goes on after a crash. */
    rowsDone: bigint("rows_done", { mode: "number" }).notNull().default(0),
    by: text("by").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [index("imports_age").on(table.createdAt), index("imports_run").on(table.run)],
);

/** The file as it came, in pieces. Personal data: dropped as the inbox is, also where the upload broke off. */
export const importChunks = pgTable(
  "import_chunks",
  {
    importId: uuid("import_id").notNull(),
    number: integer("number").notNull(),
    bytes: bytea("bytes").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.number] })],
);

/** Which row of the file stands for which external id: the second row that names one is a fault. */
export const importRows = pgTable(
  "import_rows",
  {
    importId: uuid("import_id").notNull(),
    externalId: text("external_id").notNull(),
    row: bigint("row", { mode: "number" }).notNull(),
    line: bigint("line", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.externalId] })],
);

/** What is wrong with a row before it is kept, cell by cell; never the value. */
export const importFaults = pgTable(
  "import_faults",
  {
    importId: uuid("import_id").notNull(),
    row: bigint("row", { mode: "number" }).notNull(),
    place: integer("place").notNull(),
    line: bigint("line", { mode: "number" }).notNull(),
    column: text("column").notNull(),
    code: text("code").notNull(),
    detail: text("detail").notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.row, table.place] })],
);

import { bigint, index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Files that were exchanged with a connection of files. */
export const exchangeFiles = pgTable(
  "exchange_files",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    direction: text("direction").notNull(),
    name: text("name").notNull(),
    /** In: `taken`. Out: `planned` before it is written, `written`, `answered`. */
    state: text("state").notNull(),
    rows: integer("rows").notNull(),
    faults: integer("faults").notNull(),
    at: instant("at").notNull(),
    answeredAt: instant("answered_at"),
  },
  (table) => [
    uniqueIndex("exchange_files_name").on(table.connection, table.name),
    index("exchange_files_age").on(table.at),
  ],
);

/** Deliveries that are out in a file, by their line; gone when they are answered. A delivery is in one file at a time. */
export const exchangeRows = pgTable(
  "exchange_rows",
  {
    deliveryId: bigint("delivery_id", { mode: "number" }).primaryKey(),
    fileId: bigint("file_id", { mode: "number" }).notNull(),
    line: integer("line").notNull(),
  },
  (table) => [index("exchange_rows_file").on(table.fileId)],
);

import { pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Codes that a connection's ledger knows for a field of ours at one of its objects, as it last showed them. */
export const codeLists = pgTable(
  "code_lists",
  {
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    /** Our flat key: `standardMoms`. */
    field: text("field").notNull(),
    /** The ledger's code. */
    code: text("code").notNull(),
    text: text("text"),
    seenAt: instant("seen_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.object, table.field, table.code] })],
);

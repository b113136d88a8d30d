import { date, integer, jsonb, numeric, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/** Calls made to a directory on a day in Copenhagen, and what they cost by the prices in force then. */
export const directorySpending = pgTable(
  "directory_spending",
  {
    connection: text("connection").notNull(),
    day: date("day").notNull(),
    calls: integer("calls").notNull(),
    cost: numeric("cost").notNull(),
    /** Calls by kind. */
    kinds: jsonb("kinds").notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.day] })],
);

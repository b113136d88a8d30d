import { sql } from "drizzle-orm";
import { bigint, index, integer, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Searches for records of ours that may be one company (rule R28), and how far each has come. */
export const duplicateSearches = pgTable(
  "duplicate_searches",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** Records changed from then on are looked at; null: all. */
    since: instant("since"),
    startedAt: instant("started_at").notNull(),
    startedBy: text("started_by").notNull(),
    endedAt: instant("ended_at"),
    /** The record looked at last, by its place in the order of changes. */
    doneAt: instant("done_at"),
    doneId: uuid("done_id"),
    records: integer("records").notNull(),
    looked: integer("looked").notNull().default(0),
    opened: integer("opened").notNull().default(0),
  },
  (table) => [
    uniqueIndex("duplicate_searches_open").on(sql`(true)`).where(sql`ended_at is null`),
    index("duplicate_searches_started").on(table.startedAt),
  ],
);

import { pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Pairs of records that a person has called two companies: never proposed as duplicates again (rule R25). */
export const distinctPairs = pgTable(
  "distinct_pairs",
  {
    /** The smaller id of the two. */
    lowId: uuid("low_id").notNull(),
    highId: uuid("high_id").notNull(),
    by: text("by").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.lowId, table.highId] })],
);

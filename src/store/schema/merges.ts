import { bigint, index, json, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Two Kundeemner that were merged (rule R28), and what an undo needs to know of both. */
export const merges = pgTable(
  "merges",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    survivorId: uuid("survivor_id").notNull(),
    otherId: uuid("other_id").notNull(),
    /** Version of the survivor that the merge made; what its history tells of it is what an undo takes back. */
    survivorVersion: bigint("survivor_version", { mode: "number" }).notNull(),
    /** `KeptOfMerge` of src/store/merges.ts: ids of what was moved, and how links stood. Personal data in `links`. */
    kept: json("kept").notNull(),
    at: instant("at").notNull(),
    by: text("by").notNull(),
    /** Null: it stands. */
    undoneAt: instant("undone_at"),
    undoneBy: text("undone_by"),
  },
  (table) => [index("merges_survivor").on(table.survivorId), index("merges_other").on(table.otherId)],
);

import { sql } from "drizzle-orm";
import { index, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** A segment that was handed out as a file: by whom, what for, to whom (S63; GDPR art. 19 and 30). */
export const exportLog = pgTable(
  "exports",
  {
    id: uuid("id").primaryKey(),
    segmentId: uuid("segment_id").notNull(),
    channel: text("channel").notNull(),
    purpose: text("purpose").notNull(),
    sender: text("sender").notNull(),
    /** What for, in the words of whoever did it. */
    why: text("why").notNull(),
    recipient: text("recipient").notNull(),
    format: text("format").notNull(),
    encoding: text("encoding").notNull(),
    fields: text("fields").array().notNull(),
    /** Where it was put; null: downloaded. */
    connection: text("connection"),
    fileName: text("file_name").notNull(),
    /** `running`, `done`, `failed`: what stands in the file by then is logged all the same. */
    state: text("state").notNull(),
    /** Characters that the encoding does not have. */
    replaced: integer("replaced").notNull().default(0),
    by: text("by").notNull(),
    at: instant("at").notNull(),
    endedAt: instant("ended_at"),
  },
  (table) => [index("exports_at").on(sql`${table.at} desc`, table.id)],
);

/** Who stands in a file. */
export const exportRecords = pgTable(
  "export_records",
  {
    exportId: uuid("export_id").notNull(),
    entityId: uuid("entity_id").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.exportId, table.entityId] }),
    index("export_records_kundeemne").on(table.kundeemneId),
  ],
);

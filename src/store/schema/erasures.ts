import { index, integer, json, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** What was erased, for whom, and what each system has to do (GDPR art. 17 and 19). Ids and counts; external ids are sealed. */
export const erasures = pgTable(
  "erasures",
  {
    id: uuid("id").primaryKey(),
    entity: text("entity").notNull(),
    entityId: uuid("entity_id").notNull(),
    /** With whatever was merged into it, and contacts. */
    entityIds: uuid("entity_ids").array().notNull(),
    /** `request`, `objection`, `retention`, `unlawful`. */
    ground: text("ground").notNull(),
    by: text("by").notNull(),
    at: instant("at").notNull(),
    /** Rows by table. */
    counts: json("counts").notNull(),
    /** `Receipt` of src/store/erasures.ts, one for each object at another system. */
    receipts: json("receipts").notNull(),
    /** Receipts that still ask somebody to do something. */
    open: integer("open").notNull(),
  },
  (table) => [index("erasures_entity").on(table.entityId)],
);

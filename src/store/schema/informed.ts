import { date, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Who was told that we have their data, and where from (GDPR art. 14). */
export const informed = pgTable("informed", {
  entityId: uuid("entity_id").primaryKey(),
  informedOn: date("informed_on").notNull(),
  /** `email`, `letter`, `phone`, `in_person`. */
  how: text("how").notNull(),
  by: text("by").notNull(),
  at: instant("at").notNull(),
});

import { sql } from "drizzle-orm";
import { date, index, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** What a registered person asks for, and until when it is to be answered (GDPR art. 12 and 15–21). */
export const gdprRequests = pgTable(
  "gdpr_requests",
  {
    id: uuid("id").primaryKey(),
    /** `access`, `portability`, `rectification`, `erasure`, `restriction`, `objection`. */
    kind: text("kind").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
    kontaktpersonId: uuid("kontaktperson_id"),
    receivedOn: date("received_on").notNull(),
    dueOn: date("due_on").notNull(),
    /** Why the answer takes longer; null: it does not. */
    extendedWhy: text("extended_why"),
    /** `open`, `done`, `refused`. */
    state: text("state").notNull(),
    /** How it was identified and what was asked, in words; gone with an erasure. */
    note: text("note"),
    /** Why it was refused, or what was done. */
    outcome: text("outcome"),
    /** Of an erasure that was carried out. */
    erasureId: uuid("erasure_id"),
    by: text("by").notNull(),
    createdAt: instant("created_at").notNull(),
    closedAt: instant("closed_at"),
    closedBy: text("closed_by"),
  },
  (table) => [
    index("gdpr_requests_due").on(table.dueOn, table.id).where(sql`state = 'open'`),
    index("gdpr_requests_kundeemne").on(table.kundeemneId),
  ],
);

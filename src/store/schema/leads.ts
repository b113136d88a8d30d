import { sql } from "drizzle-orm";
import { date, index, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** Leads as they were taken in (S65): where from, when, and what became of each. What was written stands on the record. */
export const leads = pgTable(
  "leads",
  {
    id: uuid("id").primaryKey(),
    kilde: text("kilde").notNull(),
    submissionId: text("submission_id").notNull(),
    /** Keyed hash of the content: the same submission again is told from another one under its id. */
    fingerprint: text("fingerprint").notNull(),
    detalje: text("detalje"),
    dato: date("dato").notNull(),
    receivedAt: instant("received_at").notNull(),
    keyId: text("key_id").notNull(),
    by: text("by").notNull(),
    /** `made`, or `matched` with a record that was there. */
    outcome: text("outcome").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
    kontaktpersonId: uuid("kontaktperson_id"),
    aktivitetId: uuid("aktivitet_id").notNull(),
    /** Records that may be the same company. */
    duplicates: uuid("duplicates").array().notNull(),
  },
  (table) => [
    uniqueIndex("leads_submission").on(table.kilde, table.submissionId),
    index("leads_key").on(table.keyId, table.receivedAt),
    index("leads_kundeemne").on(table.kundeemneId),
    index("leads_received").on(sql`received_at`, sql`id`),
  ],
);

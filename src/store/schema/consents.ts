import { sql } from "drizzle-orm";
import { bigint, boolean, index, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** What was said of an address: a permission, or its end. Rows are added and never changed (rule R23; domain notes, d.9 and d.10). */
export const consents = pgTable(
  "consents",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** In the form in which addresses are compared: what is said of an address holds wherever it stands. */
    address: text("address").notNull(),
    channel: text("channel").notNull(),
    purpose: text("purpose").notNull(),
    kind: text("kind").notNull(),
    at: instant("at").notNull(),
    /** What proves a permission. */
    evidence: text("evidence"),
    optOutOffered: boolean("opt_out_offered"),
    /** Where it was said: a form, a campaign tool, the telephone. */
    source: text("source"),
    /** At whom it was said; null: at nobody we know, as when a stranger's address opts out at a campaign tool. */
    kundeemneId: uuid("kundeemne_id"),
    kontaktpersonId: uuid("kontaktperson_id"),
    by: text("by").notNull(),
    notedAt: instant("noted_at").notNull(),
  },
  (table) => [
    index("consents_address").on(table.address, table.channel),
    index("consents_kundeemne").on(table.kundeemneId, sql`id desc`),
  ],
);

import { sql } from "drizzle-orm";
import { bigint, index, integer, json, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/**
 * A person's wish that a record becomes something in a ledger (S82–S88). Of an account (debitor, kreditor) the delivery
 * and the link are the truth, and the row only allows the create; a document has no link, so its row is its state.
 */
export const conversions = pgTable(
  "conversions",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    entityId: uuid("entity_id").notNull(),
    connection: text("connection").notNull(),
    /** debitor, kreditor, tilbud, ordre, faktura, sag. */
    target: text("target").notNull(),
    /** Tells apart documents of one kind; empty: the first. */
    reference: text("reference").notNull().default(""),
    /** `open`, `done`, `failed` (the ledger or its settings refused it: repeating the call tries again). */
    state: text("state").notNull(),
    reason: text("reason"),
    /** Fields of a document as the caller gave them, by the ledger's names. */
    data: json("data"),
    /** What marks the document at the ledger, so that it is found again (rule R19). */
    marker: text("marker"),
    externalId: text("external_id"),
    /** The request that makes the document has left, or was about to: it is looked up before any other. */
    sentAt: instant("sent_at"),
    leaseUntil: instant("lease_until"),
    /** Grows with every lease; an end counts only with the newest. */
    fence: integer("fence").notNull().default(0),
    dueAt: instant("due_at").notNull(),
    by: text("by").notNull(),
    createdAt: instant("created_at").notNull(),
    doneAt: instant("done_at"),
  },
  (table) => [
    uniqueIndex("conversions_once").on(table.entityId, table.connection, table.target, table.reference),
    index("conversions_open").on(table.connection, table.dueAt).where(sql`state = 'open'`),
    index("conversions_found").on(table.connection, table.target, table.externalId).where(sql`external_id is not null`),
  ],
);

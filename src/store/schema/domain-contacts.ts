import { bigint, index, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/**
 * Addresses from which a contact was made by its domain, or is to be asked about (S25): once an address, with what shows
 * it. The address stands on the contact or in the review; here only a keyed hash of it.
 */
export const domainContacts = pgTable(
  "domain_contacts",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    addressHash: text("address_hash").notNull(),
    /** `made`, `asked` (a person is to say whose it is), `ignored` (a person said nobody's), `undone`. */
    state: text("state").notNull(),
    kontaktpersonId: uuid("kontaktperson_id"),
    domain: text("domain").notNull(),
    connection: text("connection").notNull(),
    /** Evidence: the message that the address came with, and when that was sent. */
    messageId: text("message_id").notNull(),
    sentAt: instant("sent_at"),
    at: instant("at").notNull(),
    by: text("by").notNull(),
    undoneAt: instant("undone_at"),
    undoneBy: text("undone_by"),
  },
  (table) => [
    uniqueIndex("domain_contacts_address").on(table.addressHash),
    index("domain_contacts_contact").on(table.kontaktpersonId),
  ],
);

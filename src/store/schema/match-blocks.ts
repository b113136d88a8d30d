import { integer, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";

/**
 * What records may be one company by, though nothing proves it: a hash of the telephone, of each domain, of each sound of
 * the name within the postal code. A table of its own, so that a change of anything else writes nothing of it.
 */
export const matchBlocks = pgTable(
  "match_blocks",
  {
    /** Odd: the record has a CVR number (`blockOf` of src/pipelines/match-blocks.ts). */
    key: integer("key").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.key, table.kundeemneId] })],
);

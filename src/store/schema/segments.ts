import { sql } from "drizzle-orm";
import { bigint, index, integer, json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** A saved criterion with what its members are to be contacted for. */
export const segments = pgTable("segments", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  /** Whom it holds: `kundeemne` or `kontaktperson`. */
  level: text("level").notNull(),
  criterion: json("criterion").notNull(),
  channel: text("channel").notNull(),
  purpose: text("purpose").notNull(),
  sender: text("sender").notNull(),
  /** Rises with each change of what it asks. */
  version: integer("version").notNull().default(1),
  /** Rises with each run. */
  run: integer("run").notNull().default(0),
  ranAt: instant("ran_at"),
  /** The version whose members are kept up to date with every change since its run; null: it must be run first. */
  followedVersion: integer("followed_version"),
  createdAt: instant("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

/** Who is in, since when and why. */
export const segmentMembers = pgTable(
  "segment_members",
  {
    segmentId: uuid("segment_id").notNull(),
    entityId: uuid("entity_id").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
    /** `criterion` or `manual`. */
    why: text("why").notNull(),
    since: instant("since").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.segmentId, table.entityId] }),
    index("segment_members_entity").on(table.entityId),
  ],
);

/** Whom a person wants in, whatever the criterion says; the rule of eligibility is asked all the same (S61). */
export const segmentWishes = pgTable(
  "segment_wishes",
  {
    segmentId: uuid("segment_id").notNull(),
    entityId: uuid("entity_id").notNull(),
    by: text("by").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.segmentId, table.entityId] })],
);

/** Each time somebody came in or went out: what platforms that pull read, in order. */
export const segmentEvents = pgTable(
  "segment_events",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    segmentId: uuid("segment_id").notNull(),
    entityId: uuid("entity_id").notNull(),
    /** `added` or `removed`. */
    change: text("change").notNull(),
    /** `criterion`, `manual`, or the code that refuses. */
    reason: text("reason").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [index("segment_events_segment").on(table.segmentId, sql`id`)],
);

/** Something has moved that a segment may ask: members are worked out anew from it, and the mark goes. Ids only. */
export const segmentMarks = pgTable("segment_marks", {
  id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  /** Of these three one: a batch of history, a fact of consent, a record or contact. */
  batch: bigint("batch", { mode: "number" }),
  consent: bigint("consent", { mode: "number" }),
  entityId: uuid("entity_id"),
  /** What `entity_id` is: `kundeemne` or `kontaktperson`. */
  entity: text("entity"),
});

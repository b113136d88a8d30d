import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/**
 * One row a remote object (connection, object, external id), whether it is tied to a record or not: write count, quiet
 * time, unsettled images and the newest change kept belong to the remote object and survive unlinking (rule R18).
 */
export const links = pgTable(
  "links",
  {
    id: uuid("id").primaryKey(),
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    externalId: text("external_id").notNull(),
    /** What it stands for: `kundeemne` or `kontaktperson`; `entity_id` is a row of that table. */
    entity: text("entity").notNull(),
    entityId: uuid("entity_id"),
    state: text("state").notNull(),
    /** The remote's value at the last decision, by key of the mapping; whoever won (rule R11). */
    base: json("base"),
    /** What the remote last showed where it differs from base (held, not yet decided). */
    seen: json("seen"),
    /** Newest version of ours that the remote is known to have had: one for all units … */
    decidedVersion: bigint("decided_version", { mode: "number" }).notNull().default(0),
    /** … and by unit where it differs. */
    decided: json("decided"),
    /** Pairs sent → got by unit (rule R17), and what it ignored. */
    renderings: json("renderings"),
    /** The primary contact whose view base speaks of (rule R29). */
    viewOf: uuid("view_of"),
    /** The newest reading as it came (rule R10), where it did not come by the inbox … */
    image: json("image"),
    /** … else the change whose body it is; what retention drops of the inbox is copied here first. */
    imageChange: bigint("image_change", { mode: "number" }),
    mappingVersion: text("mapping_version"),
    remoteVersion: text("remote_version"),
    /** The remote's own time of the newest change kept (rule R5). */
    remoteChangedAt: instant("remote_changed_at"),
    /** Content hash of the newest change kept; null when a write of ours came after it (rules R5, R13). */
    newestHash: text("newest_hash"),
    newestChangeId: bigint("newest_change_id", { mode: "number" }),
    /** Counter of the newest push (rule R21). */
    counter: bigint("counter", { mode: "number" }),
    /** Rises when an attempt's image is stored and again when the attempt ends in any way (rule R6). */
    writeCount: integer("write_count").notNull().default(0),
    inFlight: boolean("in_flight").notNull().default(false),
    quietUntil: instant("quiet_until"),
    /** Images sent since the last settle (rule R13): list of {attempt, keys → value, versions by unit, until?}. */
    images: json("images"),
    lastReadAt: instant("last_read_at"),
    /** When the reading of the last decision was received (rule R6), and when its request began (rule R3). */
    decidedReceivedAt: instant("decided_received_at"),
    decidedBeganAt: instant("decided_began_at"),
    /** First missed in a full listing at (rule R9). */
    missingSince: instant("missing_since"),
    updatedAt: instant("updated_at").notNull(),
    linkedAt: instant("linked_at"),
  },
  (table) => [
    uniqueIndex("links_remote").on(table.connection, table.object, table.externalId),
    index("links_entity").on(table.entityId).where(sql`entity_id is not null`),
  ],
);

/** Pairs and records that must not be linked or created out again until a person acts (rule R25). */
export const linkBlocks = pgTable(
  "link_blocks",
  {
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    entityId: uuid("entity_id").notNull(),
    /** Empty: the record as a whole for this connection and object (unlinked, gone). */
    externalId: text("external_id").notNull().default(""),
    kind: text("kind").notNull(),
    by: text("by").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.object, table.entityId, table.externalId] })],
);

/** A write we owe to a link; which fields, is worked out when it is leased, from the newest state. */
export const deliveries = pgTable(
  "deliveries",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    /** Null while the object is still to be created at the remote. */
    linkId: uuid("link_id"),
    entity: text("entity").notNull(),
    entityId: uuid("entity_id").notNull(),
    kind: text("kind").notNull(),
    state: text("state").notNull(),
    reason: text("reason"),
    /** Units withheld with their reason, by unit. */
    withheld: json("withheld"),
    dueAt: instant("due_at").notNull(),
    createdAt: instant("created_at").notNull(),
    /** Grows with every lease; a settle counts only with the newest (rule R18). */
    fence: bigint("fence", { mode: "number" }).notNull().default(0),
    leaseUntil: instant("lease_until"),
    tries: integer("tries").notNull().default(0),
    attemptId: bigint("attempt_id", { mode: "number" }),
    /** Pull mode: what was handed out, so that it is handed out again the same (rule R21). */
    body: json("body"),
    /** Key of a create, same over all tries (rule R19). */
    createKey: text("create_key"),
    settledAt: instant("settled_at"),
  },
  (table) => [
    // One open delivery an entity, connection and object: newer state coalesces into it.
    uniqueIndex("deliveries_open")
      .on(table.entityId, table.connection, table.object)
      .where(sql`state in ('due', 'leased', 'uncertain', 'withheld')`),
    // In the order of leasing: many are due since the same moment, and only as many are looked at as are taken.
    index("deliveries_due")
      .on(table.connection, table.dueAt, table.id)
      .where(sql`state in ('due', 'leased', 'uncertain')`),
    index("deliveries_link").on(table.linkId),
    // Creates that came to nothing, by the record that they were for.
    index("deliveries_not_made").on(table.entityId).where(sql`link_id is null and state in ('rejected', 'withdrawn')`),
    // What a remote refused goes on differing: status asks for it.
    index("deliveries_rejected").on(table.linkId).where(sql`state = 'rejected'`),
  ],
);

/** Each try of a delivery. The image stands here before the request leaves (rules R13, R19). */
export const attempts = pgTable(
  "attempts",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    deliveryId: bigint("delivery_id", { mode: "number" }).notNull(),
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    externalId: text("external_id"),
    fence: bigint("fence", { mode: "number" }).notNull(),
    kind: text("kind").notNull(),
    /** Image to be sent: keys → value as reading it back will give, and the versions sent, by unit. */
    sent: json("sent").notNull(),
    versions: json("versions").notNull(),
    state: text("state").notNull(),
    readAt: instant("read_at"),
    beganAt: instant("began_at").notNull(),
    endedAt: instant("ended_at"),
    error: text("error"),
  },
  (table) => [index("attempts_delivery").on(table.deliveryId), index("attempts_began").on(table.beganAt)],
);

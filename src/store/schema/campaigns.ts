import { sql } from "drizzle-orm";
import { bigint, boolean, date, index, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

/** A segment that is handed to campaign tools, for a purpose, on a channel, in a period. */
export const campaigns = pgTable("campaigns", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  segmentId: uuid("segment_id").notNull(),
  /** Names of the connections that take it. */
  connections: text("connections").array().notNull(),
  channel: text("channel").notNull(),
  purpose: text("purpose").notNull(),
  sender: text("sender").notNull(),
  /** Days in Copenhagen, both included; null: open. */
  startsOn: date("starts_on"),
  endsOn: date("ends_on"),
  /** `active` or `ended`. */
  state: text("state").notNull(),
  /** Rises with each selection; who was not met by the newest one goes out. */
  round: integer("round").notNull().default(0),
  selectedAt: instant("selected_at"),
  createdAt: instant("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

/**
 * An address of a campaign at one tool: whether it is wanted there, and what the tool has. An address is handed over once,
 * whoever shares it.
 */
export const handOvers = pgTable(
  "hand_overs",
  {
    campaignId: uuid("campaign_id").notNull(),
    connection: text("connection").notNull(),
    /** In the form in which addresses are compared. */
    address: text("address").notNull(),
    channel: text("channel").notNull(),
    /** Who stands for it. */
    entityId: uuid("entity_id").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
    round: integer("round").notNull(),
    wanted: boolean("wanted").notNull(),
    /** Why it is in or out: `criterion`, `manual`, `period_over`, `ended`, or the code that refuses. */
    reason: text("reason").notNull(),
    /** What the tool has: `no`, `yes`, or `maybe` while an act is on its way. */
    has: text("has").notNull(),
    /** The next act that is owed: `add`, `remove`; null: none. */
    owed: text("owed"),
    /** Ends of consent that were known when it was last handed over: another since is told before a new grant (rule R23). */
    ends: integer("ends").notNull().default(0),
    /** `waiting`, `taken`, `removed`, `refused` or `opted_out` by the tool. */
    state: text("state").notNull(),
    /** The tool's word for its refusal. */
    code: text("code"),
    /** The batch that it is out in. */
    batchId: uuid("batch_id"),
    changedAt: instant("changed_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.campaignId, table.connection, table.address] }),
    index("hand_overs_owed")
      .on(table.connection, table.campaignId, sql`owed desc`, table.address)
      .where(sql`owed is not null and batch_id is null`),
    index("hand_overs_batch").on(table.batchId).where(sql`batch_id is not null`),
    index("hand_overs_address").on(table.address),
    index("hand_overs_kundeemne").on(table.kundeemneId),
  ],
);

/** Acts that are out at a tool; gone when every member has its receipt. */
export const handOverBatches = pgTable(
  "hand_over_batches",
  {
    id: uuid("id").primaryKey(),
    campaignId: uuid("campaign_id").notNull(),
    connection: text("connection").notNull(),
    /** Rises when its content does, so that a message of the same id is the same message. */
    revision: integer("revision").notNull().default(1),
    /** Under which the tool carries it out. */
    ticket: text("ticket"),
    /** Grows with every lease; an answer counts only with the newest (rule R18). */
    fence: integer("fence").notNull().default(0),
    tries: integer("tries").notNull().default(0),
    leaseUntil: instant("lease_until"),
    dueAt: instant("due_at").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [index("hand_over_batches_due").on(table.connection, table.dueAt)],
);

/** What became of each act: who was passed on to whom, for what (GDPR art. 19 and 30). Rows are added and never changed. */
export const handOverReceipts = pgTable(
  "hand_over_receipts",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    campaignId: uuid("campaign_id").notNull(),
    connection: text("connection").notNull(),
    address: text("address").notNull(),
    entityId: uuid("entity_id").notNull(),
    kundeemneId: uuid("kundeemne_id").notNull(),
    /** `add` or `remove`. */
    act: text("act").notNull(),
    /** `done`, `refused`, `opted_out`. */
    outcome: text("outcome").notNull(),
    code: text("code"),
    reason: text("reason").notNull(),
    batchId: uuid("batch_id").notNull(),
    at: instant("at").notNull(),
  },
  (table) => [
    index("hand_over_receipts_campaign").on(table.campaignId, sql`id`),
    index("hand_over_receipts_kundeemne").on(table.kundeemneId),
  ],
);

/** What somebody said at a tool: it is never handed that address again, whatever is said elsewhere later (rule R23). */
export const optOuts = pgTable(
  "opt_outs",
  {
    connection: text("connection").notNull(),
    address: text("address").notNull(),
    channel: text("channel").notNull(),
    kind: text("kind").notNull(),
    at: instant("at").notNull(),
    notedAt: instant("noted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.address, table.channel, table.kind, table.at] })],
);

/** How far the opt-outs of a tool were read. */
export const optOutCursors = pgTable("opt_out_cursors", {
  connection: text("connection").primaryKey(),
  cursor: text("cursor").notNull(),
  readAt: instant("read_at").notNull(),
});

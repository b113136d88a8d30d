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

/** The inbox: something a connection told us, kept as it came. */
export const changes = pgTable(
  "changes",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    externalId: text("external_id").notNull(),
    state: text("state").notNull(),
    /** How it was told: `push`, `poll`, `read`, `hook`, `snapshot`. */
    via: text("via").notNull(),
    runId: bigint("run_id", { mode: "number" }),
    deleted: boolean("deleted").notNull().default(false),
    hash: text("hash").notNull(),
    eventId: text("event_id"),
    counter: bigint("counter", { mode: "number" }),
    lastDelivery: bigint("last_delivery", { mode: "number" }),
    remoteVersion: text("remote_version"),
    remoteChangedAt: instant("remote_changed_at"),
    /** When the request of the reading began and its answer was received (rule R3). */
    beganAt: instant("began_at").notNull(),
    receivedAt: instant("received_at").notNull(),
    /** When the listing before this one began: it still had base (rule R3). */
    hadBaseAt: instant("had_base_at"),
    /** The link's write count from before the request was sent (rule R6). */
    writeCount: integer("write_count"),
    whole: boolean("whole").notNull().default(true),
    outcome: text("outcome"),
    /** Why it is quarantined or stale, in words: {code, detail, field?}. */
    reason: json("reason"),
    body: json("body"),
  },
  (table) => [
    index("changes_waiting").on(table.connection, table.id).where(sql`state = 'received'`),
    // Does a change of this object wait? Asked for each change that equals the newest one decided (rule R5).
    index("changes_waiting_object").on(table.externalId).where(sql`state = 'received'`),
    index("changes_quarantine").on(table.id).where(sql`state = 'quarantined'`),
    uniqueIndex("changes_event").on(table.connection, table.eventId).where(sql`event_id is not null`),
  ],
);

/** One row a transaction that changed records; its number is given later, in order of commit (docs/decisions). */
export const feedBatches = pgTable(
  "feed_batches",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    entries: integer("entries").notNull(),
    at: instant("at").notNull(),
    /** Number of its first entry; null until it is numbered. */
    base: bigint("base", { mode: "number" }),
  },
  (table) => [
    index("feed_batches_open").on(table.id).where(sql`base is null`),
    uniqueIndex("feed_batches_base").on(table.base).where(sql`base is not null`),
  ],
);

/** What happened to a record, version by version; append-only. The feed reads ids, versions and field names of it. */
export const history = pgTable(
  "history",
  {
    entityId: uuid("entity_id").notNull(),
    version: bigint("version", { mode: "number" }).notNull(),
    entity: text("entity").notNull(),
    batch: bigint("batch", { mode: "number" }).notNull(),
    /** Place within the batch; feed number = base of the batch + place. */
    place: integer("place").notNull(),
    kind: text("kind").notNull(),
    at: instant("at").notNull(),
    /** Setter: connection, person, api, derived (`Setter` in src/rules/record.ts). */
    by: json("by").notNull(),
    changeId: bigint("change_id", { mode: "number" }),
    runId: bigint("run_id", { mode: "number" }),
    mappingVersion: text("mapping_version"),
    /** By field: [old, new, rule]. */
    fields: json("fields").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.entityId, table.version] }),
    index("history_batch").on(table.batch, table.place),
  ],
);

/** What waits for a person, or is told to one. */
export const reviews = pgTable(
  "reviews",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text("kind").notNull(),
    state: text("state").notNull(),
    entity: text("entity"),
    entityId: uuid("entity_id"),
    unit: text("unit"),
    connection: text("connection"),
    object: text("object"),
    externalId: text("external_id"),
    linkId: uuid("link_id"),
    changeId: bigint("change_id", { mode: "number" }),
    runId: bigint("run_id", { mode: "number" }),
    /** The sides of a conflict, the candidates of a match case, the values of a proposal. */
    sides: json("sides"),
    reason: text("reason").notNull(),
    detail: json("detail"),
    openedAt: instant("opened_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
    /** Rises when a side moves; a decision names the one it saw (rule R16). */
    revision: integer("revision").notNull().default(1),
    decidedAt: instant("decided_at"),
    decidedBy: text("decided_by"),
    decision: text("decision"),
    why: text("why"),
  },
  (table) => [
    uniqueIndex("reviews_hold").on(table.entityId, table.unit).where(sql`state = 'open' and kind = 'conflict'`),
    index("reviews_open").on(table.kind, table.id).where(sql`state = 'open'`),
    index("reviews_entity").on(table.entityId),
    index("reviews_remote").on(table.connection, table.object, table.externalId).where(sql`external_id is not null`),
  ],
);

/** One bounded piece of work on a connection. */
export const runs = pgTable(
  "runs",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    connection: text("connection").notNull(),
    object: text("object"),
    kind: text("kind").notNull(),
    state: text("state").notNull(),
    startedAt: instant("started_at"),
    endedAt: instant("ended_at"),
    createdAt: instant("created_at").notNull(),
    counts: json("counts"),
    /** A preview's effects, a stopped run's reason. */
    detail: json("detail"),
    by: text("by"),
    /** While a process works on it: when it is taken for dead. Null where nobody's death ends it: a snapshot, an undo. */
    aliveUntil: instant("alive_until"),
  },
  (table) => [
    index("runs_connection").on(table.connection, table.id),
    // Looked for every few seconds, among all runs that are over.
    index("runs_open").on(table.id).where(sql`state in ('waiting', 'running')`),
  ],
);

/** What a run read or, for a preview, what it would do: one row a remote object or record. */
export const runItems = pgTable(
  "run_items",
  {
    runId: bigint("run_id", { mode: "number" }).notNull(),
    object: text("object").notNull(),
    externalId: text("external_id").notNull(),
    entityId: uuid("entity_id"),
    entityVersion: bigint("entity_version", { mode: "number" }),
    hash: text("hash"),
    plan: text("plan"),
    detail: json("detail"),
  },
  (table) => [primaryKey({ columns: [table.runId, table.object, table.externalId] })],
);

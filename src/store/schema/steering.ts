import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

export const connections = pgTable("connections", {
  name: text("name").primaryKey(),
  connector: text("connector").notNull(),
  /** `active`, `paused` (by a person or the configuration), `stopped` (credentials, capability). */
  state: text("state").notNull(),
  reason: text("reason"),
  configured: boolean("configured").notNull().default(true),
  capabilities: json("capabilities"),
  /** Offset of the remote's clock in ms, from its Date header (rule R3). */
  clockOffsetMs: integer("clock_offset_ms"),
  /** A renewed token, sealed; never in the clear. */
  sealedToken: text("sealed_token"),
  tokenExpiresAt: instant("token_expires_at"),
  lastAnswerAt: instant("last_answer_at"),
  lastError: text("last_error"),
  lastErrorAt: instant("last_error_at"),
  /** The circuit opened: until then no call is made; null: it is closed. As the process that met the failures says. */
  circuitOpenUntil: instant("circuit_open_until"),
  /** Times from the pre-read to the write in ms (rule R20), a bounded sample. */
  windowsMs: json("windows_ms"),
  updatedAt: instant("updated_at").notNull(),
});

/** What is wished, armed and released of one object of a connection (rule R27). */
export const lanes = pgTable(
  "lanes",
  {
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    releasedIn: boolean("released_in").notNull().default(false),
    releasedOut: boolean("released_out").notNull().default(false),
    /** The preview that freed it; first meetings it names are accepted (rule R26). */
    previewId: bigint("preview_id", { mode: "number" }),
    releasedAt: instant("released_at"),
    releasedBy: text("released_by"),
    cursor: text("cursor"),
    lastFullAt: instant("last_full_at"),
    nextPollAt: instant("next_poll_at"),
    mappingVersion: text("mapping_version"),
    /** Snapshots or counters seen (rule R21); null: unverifiable since `since`. */
    unverifiableSince: instant("unverifiable_since"),
    /** First meetings since the release that no accepted preview named (rule R26). */
    firstMeetings: integer("first_meetings").notNull().default(0),
    /** Remote fields that listings have shown; one that is gone from all is a loss of capability (rule R8). */
    fieldsSeen: text("fields_seen").array(),
    /** A listing that began then showed far fewer objects than are linked, and so has each since (rule R9). */
    shortSince: instant("short_since"),
    /** Counted at the last sweep: {at, links, drift, held, differing, oldest, withheld, oneWay, ignored}; fields. */
    standing: json("standing"),
    /** Set when a guard stopped the lane: the review that waits. */
    stoppedBy: bigint("stopped_by", { mode: "number" }),
    stoppedReason: text("stopped_reason"),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.object] })],
);

/** What an object did in the last hour, one row a direction, and what a person has said of it (rule R30). */
export const guards = pgTable(
  "guards",
  {
    connection: text("connection").notNull(),
    object: text("object").notNull(),
    /** `in`: writes to our records; `out`: writes to the remote. */
    direction: text("direction").notNull(),
    /** Counts by minute and run (`Bucket` in src/rules/guards.ts). */
    counts: json("counts"),
    /** Ranges of what was stopped that a person has approved, or dismissed; gone when nothing of them waits. */
    approved: json("approved"),
    dismissed: json("dismissed"),
    /** What an accepted preview has named for this object, still to be done; until then. */
    granted: json("granted"),
    grantedUntil: instant("granted_until"),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.object, table.direction] })],
);

export const apiKeys = pgTable("api_keys", {
  id: uuid("id").primaryKey(),
  label: text("label").notNull(),
  hash: text("hash").notNull().unique(),
  scopes: text("scopes").array().notNull(),
  createdAt: instant("created_at").notNull(),
  expiresAt: instant("expires_at"),
  revokedAt: instant("revoked_at"),
  lastUsedAt: instant("last_used_at"),
});

export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    keyId: text("key_id").notNull(),
    key: text("key").notNull(),
    fingerprint: text("fingerprint").notNull(),
    status: integer("status"),
    headers: json("headers"),
    answer: text("answer"),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.key] }), index("idempotency_keys_age").on(table.createdAt)],
);

export const subscriptions = pgTable("subscriptions", {
  name: text("name").primaryKey(),
  epoch: integer("epoch").notNull(),
  position: bigint("position", { mode: "number" }).notNull(),
  updatedAt: instant("updated_at").notNull(),
});

/** Receivers of signed event webhooks (Standard Webhooks). Secrets are sealed. */
export const webhooks = pgTable("webhooks", {
  id: uuid("id").primaryKey(),
  url: text("url").notNull(),
  sealedSecret: text("sealed_secret").notNull(),
  state: text("state").notNull(),
  reason: text("reason"),
  epoch: integer("epoch").notNull(),
  position: bigint("position", { mode: "number" }).notNull(),
  tries: integer("tries").notNull().default(0),
  nextAt: instant("next_at"),
  createdAt: instant("created_at").notNull(),
});

/** Snapshots that a pushing ERP opens, fills and completes (rule R21). */
export const snapshots = pgTable("snapshots", {
  id: uuid("id").primaryKey(),
  connection: text("connection").notNull(),
  object: text("object").notNull(),
  runId: bigint("run_id", { mode: "number" }).notNull(),
  state: text("state").notNull(),
  openedAt: instant("opened_at").notNull(),
  completedAt: instant("completed_at"),
});

/** Facts of the installation: feed epoch, schema, kontonummer series. */
export const installation = pgTable("installation", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
});

/** Salted hashes of what must not come back (rule R34); asked before a body is kept. */
export const tombstones = pgTable(
  "tombstones",
  {
    hash: text("hash").primaryKey(),
    kind: text("kind").notNull(),
    entityId: uuid("entity_id"),
    hits: integer("hits").notNull().default(0),
    at: instant("at").notNull(),
  },
  () => [index("tombstones_entity").on(sql`entity_id`)],
);

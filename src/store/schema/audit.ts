import { sql } from "drizzle-orm";
import { bigint, customType, index, integer, json, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.ts";

const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

/**
 * Who did what through the API, and each bulk read of personal data; values never. Append-only: a trigger lets through the
 * end of a request and the number of the seal, once each.
 */
export const auditEntries = pgTable(
  "audit_entries",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant("at").notNull(),
    /** `act`, `read` (of many), `erasure`. */
    kind: text("kind").notNull(),
    /** Null: the gateway itself. */
    keyId: uuid("key_id"),
    actor: text("actor").notNull(),
    /** Method and path, its ids left out: `POST /v1/kundeemner/{id}/archive`. */
    action: text("action").notNull(),
    /** The record that it was about. */
    target: uuid("target"),
    /** Names of the parameters of a read, never what they said. */
    asked: text("asked").array(),
    traceId: text("trace_id"),
    /** How it was answered; null: the process died meanwhile, or it still runs. */
    status: integer("status"),
    /** How many were read. */
    items: integer("items"),
    /** The seal that covers it. */
    seal: bigint("seal", { mode: "number" }),
  },
  (table) => [
    index("audit_entries_open").on(table.id).where(sql`seal is null`),
    index("audit_entries_seal").on(table.seal, table.id),
    index("audit_entries_target").on(table.target, table.id).where(sql`target is not null`),
  ],
);

/**
 * The chain: each seal hashes the one before it, the versions of records since then, and the entries above. Append-only by a
 * trigger. A leaf is the salted hash of one row of `history`, so that a value can be forgotten and the chain stays whole.
 */
export const auditSeals = pgTable("audit_seals", {
  number: bigint("number", { mode: "number" }).primaryKey(),
  at: instant("at").notNull(),
  /** The last number of the feed that is covered. */
  lastFeed: bigint("last_feed", { mode: "number" }).notNull(),
  /** Batches of the feed that are covered, in order: [{id, entries, start}], start being the place of its first leaf. */
  batches: json("batches").notNull(),
  /** 32 bytes a version. */
  leaves: bytea("leaves").notNull(),
  entries: integer("entries").notNull(),
  entriesHash: text("entries_hash").notNull(),
  previous: text("previous").notNull(),
  hash: text("hash").notNull(),
});

/** What makes the leaves of a record unguessable; dropped with the record when it is erased (rule R34). */
export const auditSalts = pgTable("audit_salts", {
  entityId: uuid("entity_id").primaryKey(),
  salt: bytea("salt").notNull(),
});

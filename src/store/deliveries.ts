import type { EntityKind } from "../model/catalogue.ts";
import type { GuardRange } from "../rules/guards.ts";
import type { Sql, Tx } from "./database.ts";

export type DeliveryKind = "create" | "update" | "archive";

export interface Due {
  readonly connection: string;
  readonly object: string;
  readonly linkId: string | null;
  readonly entity: EntityKind;
  readonly entityId: string;
  readonly kind: DeliveryKind;
  /** The record has another version than before: what a person has dismissed is owed anew (rule R30). */
  readonly changed?: boolean;
}

export interface Delivery extends Due {
  readonly id: number;
  readonly fence: number;
  readonly tries: number;
  /** The attempt that was uncertain or lost its lease: what it sent may have gone through. */
  readonly attemptId: number | null;
  readonly createKey: string | null;
  readonly externalId: string | null;
  readonly wasUncertain: boolean;
  /** The remote's lock refused the try before this one: what is known of the object is old (rule R20). */
  readonly wasStale: boolean;
  /** No version of the object is known, which the remote's lock would ask for. */
  readonly isVersionUnknown: boolean;
}

/** Reason of a delivery that waits to be read and decided again. */
export const STALE = "stale";

/** Of a delivery `d`, as `readDelivery` reads them. */
export const deliveryColumns = `d.id::float8 as id, d.connection, d.object, d.link_id, d.entity, d.entity_id, d.kind, d.fence::float8 as fence, d.tries,
  d.attempt_id::float8 as attempt_id, d.create_key`;

// The casts read what this file wrote from the same types.
export const readDelivery = (row: Record<string, unknown>): Delivery => ({
  id: Number(row.id),
  connection: String(row.connection),
  object: String(row.object),
  linkId: row.link_id as string | null,
  entity: row.entity as EntityKind,
  entityId: String(row.entity_id),
  kind: row.kind as DeliveryKind,
  fence: Number(row.fence),
  tries: Number(row.tries),
  attemptId: row.attempt_id as number | null,
  createKey: row.create_key as string | null,
  externalId: (row.external_id as string | null | undefined) ?? null,
  wasUncertain: row.was === "uncertain",
  wasStale: row.reason === STALE,
  isVersionUnknown: row.remote_version === null,
});

const wakes = `deliveries.state = 'withheld'
  and (deliveries.reason is distinct from 'R30:dismissed' or deliveries.entity_id = any($2::uuid[]))`;

/**
 * Marks links as due, one statement for all. An open delivery of the same record, connection and object takes the newer
 * state in: nothing is queued twice, in-between states coalesce.
 */
export async function markDue(tx: Sql | Tx, due: readonly Due[]): Promise<void> {
  if (due.length === 0) return;
  const rows = due.map((each) => ({
    connection: each.connection,
    object: each.object,
    link_id: each.linkId,
    entity: each.entity,
    entity_id: each.entityId,
    kind: each.kind,
  }));
  await tx.unsafe(
    `insert into deliveries (connection, object, link_id, entity, entity_id, kind, state, due_at, created_at)
     select distinct on (entity_id, connection, object) connection, object, link_id, entity, entity_id, kind, 'due', (select kobling_now()), (select kobling_now())
     from json_to_recordset(kobling_rows($1)) as x(connection text, object text, link_id uuid, entity text, entity_id uuid, kind text)
     on conflict (entity_id, connection, object) where state in ('due', 'leased', 'uncertain', 'withheld')
     do update set state = case when ${wakes} then 'due' else deliveries.state end,
       link_id = coalesce(excluded.link_id, deliveries.link_id),
       due_at = case when ${wakes} then (select kobling_now()) else deliveries.due_at end`,
    [JSON.stringify(rows), due.flatMap((each) => (each.changed === true ? [each.entityId] : []))],
    { prepare: true },
  );
}

/**
 * Takes deliveries that are due under a lease with a new fence (rule R18). What the switch, the release or the state of
 * the record forbids is not taken (rule R14), nor what is quiet. One statement.
 */
export async function leaseDue(
  sql: Sql,
  connection: string,
  objects: readonly string[],
  limit: number,
  leaseMs: number,
  /** Only what a person has decided of what a guard stopped (rule R30). */
  range?: GuardRange,
): Promise<Delivery[]> {
  const rows = await sql.unsafe(
    `with taken as (
       select d.id, d.state as was, l.external_id, l.remote_version from deliveries d
       left join links l on l.id = d.link_id
       left join kontaktpersoner p on d.entity = 'kontaktperson' and p.id = d.entity_id
       left join kundeemner k on k.id = case when d.entity = 'kontaktperson' then p.kundeemne_id else d.entity_id end
       where d.connection = $1 and d.object = any($2::text[]) and d.state in ('due', 'uncertain') and d.due_at <= (select kobling_now())
         and (l.quiet_until is null or l.quiet_until <= (select kobling_now()))
         and k.erased_at is null and k.orphaned_at is null and k.merged_into is null
         and coalesce(k.arkiveret_vaerdi, false) = false and coalesce(k.begraenset_vaerdi, false) = false
         ${range === undefined ? "" : "and d.id <= $5 and ($6::text[] is null or l.external_id = any($6::text[]))"}
       order by d.due_at, d.id limit $3 for update of d skip locked)
     update deliveries d set state = 'leased', fence = d.fence + 1, tries = d.tries + 1,
       lease_until = (select kobling_now()) + $4 * interval '1 millisecond'
     from taken where d.id = taken.id
     returning ${deliveryColumns}, d.reason, taken.was, taken.external_id, taken.remote_version`,
    [
      ...[connection, [...objects], limit, leaseMs],
      ...(range === undefined ? [] : [range.upTo, range.objects === undefined ? null : [...range.objects]]),
    ],
    { prepare: true },
  );
  return rows.map(readDelivery).sort((a, b) => a.id - b.id);
}

/**
 * Leases that ran out: the process died or hung. Where an attempt had begun, it may have gone through: uncertain, and
 * nothing is written to that link until the quiet time has passed (rule R18); what it sent is recognised for as long as
 * it may still arrive (rule R13), and a create is looked up when the remote must have shown it (rule R19), all times in
 * ms. Gives the number taken back.
 */
export async function reclaimLost(
  sql: Sql,
  connection: string,
  quietMs: number,
  showsAfterMs: number,
): Promise<number> {
  const rows = await sql.unsafe(
    `with lost as (
       update deliveries set state = case when attempt_id is null then 'due' else 'uncertain' end,
         due_at = case when attempt_id is null then (select kobling_now())
           when link_id is null then (select kobling_now()) + ($2::float8 + $3::float8) * interval '1 millisecond'
           else (select kobling_now()) + $2::float8 * interval '1 millisecond' end
       where connection = $1 and state = 'leased' and lease_until < (select kobling_now()) returning link_id, attempt_id),
     ended as (
       update attempts a set state = 'uncertain', ended_at = (select kobling_now()), error = 'lease_lost'
       from lost where a.id = lost.attempt_id and a.state = 'begun')
     update links l set in_flight = false, write_count = write_count + 1,
       quiet_until = (select kobling_now()) + $2::float8 * interval '1 millisecond',
       images = (select json_agg(case when e.sent->>'until' is null
           then e.sent::jsonb || jsonb_build_object('until', extract(epoch from (select kobling_now())) * 1000 + 2 * $2::float8) else e.sent::jsonb end)
         from json_array_elements(l.images) e(sent))
     from lost where l.id = lost.link_id and l.in_flight returning l.id`,
    [connection, quietMs, showsAfterMs],
  );
  return rows.length;
}

export interface DeliveryEnd {
  readonly id: number;
  readonly fence: number;
  readonly state: "due" | "settled" | "withheld" | "withdrawn" | "rejected" | "uncertain";
  /** For `due` and `uncertain`: not before this many ms from now. */
  readonly afterMs?: number;
  readonly reason?: string | undefined;
  readonly withheld?: { readonly [unit: string]: string };
  readonly linkId?: string | null;
}

/** Ends leases that are still ours; a settle under an older fence changes nothing (rule R18). Gives the ids that were. */
export async function endLeases(tx: Sql | Tx, ends: readonly DeliveryEnd[]): Promise<Set<number>> {
  if (ends.length === 0) return new Set();
  const rows = ends.map((each) => ({
    id: each.id,
    fence: each.fence,
    state: each.state,
    after_ms: each.afterMs ?? 0,
    reason: each.reason,
    withheld: each.withheld,
    link_id: each.linkId,
  }));
  const ended = await tx.unsafe(
    `update deliveries d set state = x.state, reason = x.reason, withheld = x.withheld, lease_until = null,
       link_id = coalesce(x.link_id, d.link_id),
       due_at = (select kobling_now()) + x.after_ms * interval '1 millisecond',
       attempt_id = case when x.state = 'uncertain' then d.attempt_id end,
       settled_at = case when x.state = 'settled' then (select kobling_now()) end
     from json_to_recordset(kobling_rows($1)) as x(id bigint, fence bigint, state text, after_ms float8, reason text, withheld json, link_id uuid)
     where d.id = x.id and d.fence = x.fence and d.state = 'leased' returning d.id::float8 as id`,
    [JSON.stringify(rows)],
    { prepare: true },
  );
  return new Set(ended.map((row) => Number(row.id)));
}

/** Which leases are still ours, not locked: links and records are locked before deliveries, by every transaction. */
export async function findLeases(tx: Tx, leases: readonly { id: number; fence: number }[]): Promise<Set<number>> {
  const rows = await tx.unsafe(
    `select d.id::float8 as id from deliveries d join unnest($1::bigint[], $2::bigint[]) x(id, fence) on d.id = x.id
     where d.fence = x.fence and d.state = 'leased'`,
    [leases.map((lease) => lease.id), leases.map((lease) => lease.fence)],
    { prepare: true },
  );
  return new Set(rows.map((row) => Number(row.id)));
}

/** Which leases are still ours; locked until the transaction ends. */
export async function lockLeases(tx: Tx, leases: readonly { id: number; fence: number }[]): Promise<Set<number>> {
  const rows = await tx.unsafe(
    `select d.id::float8 as id from deliveries d join unnest($1::bigint[], $2::bigint[]) x(id, fence) on d.id = x.id
     where d.fence = x.fence and d.state = 'leased' order by d.id for update of d`,
    [leases.map((lease) => lease.id), leases.map((lease) => lease.fence)],
    { prepare: true },
  );
  return new Set(rows.map((row) => Number(row.id)));
}

/** Names the key of creates, written ahead and the same over all tries (rule R19). */
export async function nameCreates(tx: Tx, keys: readonly { id: number; key: string }[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.unsafe(
    `update deliveries d set create_key = x.key from json_to_recordset(kobling_rows($1)) as x(id bigint, key text)
     where d.id = x.id and d.create_key is null`,
    [JSON.stringify(keys)],
  );
}

/** Pull mode, by link id: the newest delivery acknowledged, and the one handed out and not yet (rule R21). */
export async function loadDelivered(
  tx: Sql | Tx,
  linkIds: readonly string[],
): Promise<Map<string, { acknowledged: number | null; outstanding: number | null }>> {
  const rows = await tx.unsafe(
    // Link by link (offset 0): without statistics the planner would read the whole table.
    `select wanted.id as link_id, found.* from unnest($1::uuid[]) wanted(id) cross join lateral
       (select max(id) filter (where state = 'settled')::float8 as acknowledged,
          max(id) filter (where state = 'leased' or (state = 'due' and body is not null))::float8 as outstanding
        from deliveries where link_id = wanted.id offset 0) found`,
    [[...linkIds]],
    { prepare: true },
  );
  return new Map(
    rows.map((row) => [
      String(row.link_id),
      { acknowledged: row.acknowledged as number | null, outstanding: row.outstanding as number | null },
    ]),
  );
}

/** Pull mode: deliveries that a receipt, or a push that names them, has acknowledged. */
export async function settleReceipted(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.unsafe(
    `with done as (update deliveries set state = 'settled', settled_at = (select kobling_now()), lease_until = null, attempt_id = null
       where id = any($1::bigint[]) and state in ('leased', 'due') returning id)
     update attempts a set state = 'settled', ended_at = (select kobling_now()) from done where a.delivery_id = done.id and a.state = 'begun'`,
    [[...ids]],
  );
}

import type { Sql, Tx } from "./database.ts";
import { type Delivery, type DeliveryKind, deliveryColumns, readDelivery } from "./deliveries.ts";

/** A delivery of a connection that pulls. `body` stands from the first time it was handed out (rule R21). */
export interface Pulled extends Delivery {
  readonly state: string;
  readonly body: { readonly [remote: string]: unknown } | null;
  /** It may be handed out now: not put back for later by a receipt, its link not quiet. */
  readonly ready: boolean;
}

const columns = `${deliveryColumns}, d.state, d.body, l.external_id,
  d.due_at <= (select kobling_now()) and (l.quiet_until is null or l.quiet_until <= (select kobling_now())) as ready`;
const from = "from deliveries d left join links l on l.id = d.link_id";

// The casts read what this room wrote from the same types.
export const readPulled = (row: Record<string, unknown>): Pulled => ({
  ...readDelivery(row),
  state: String(row.state),
  body: row.body as Pulled["body"],
  ready: row.ready === true,
});

const canGo = `(d.state = 'leased' or d.state = 'due') and d.due_at <= (select kobling_now())
  and (l.quiet_until is null or l.quiet_until <= (select kobling_now()))`;

/** Parts of statements about deliveries that are handed out: what `readPulled` reads, of deliveries `d` and their links. */
export const pullableColumns = { columns, from, canGo } as const;

/** Deliveries that may be handed out, unacknowledged ones included, oldest first, after `afterId`. Not locked. */
export async function findPullable(
  sql: Sql,
  connection: string,
  object: string,
  afterId: number,
  limit: number,
): Promise<Pulled[]> {
  const rows = await sql.unsafe(
    `select ${columns} ${from} where d.connection = $1 and d.object = $2 and d.id > $3 and ${canGo} order by d.id limit $4`,
    [connection, object, afterId, limit],
    { prepare: true },
  );
  return rows.map(readPulled);
}

/** Is there anything to look at for a caller that waits? */
export async function isPullable(sql: Sql, connection: string, object: string): Promise<boolean> {
  const rows = await sql.unsafe(
    `select 1 ${from} where d.connection = $1 and d.object = $2 and ${canGo} limit 1`,
    [connection, object],
    { prepare: true },
  );
  return rows.length > 0;
}

/** Deliveries of a connection by id, in any state. Not locked. */
export async function findPulled(sql: Sql | Tx, connection: string, ids: readonly number[]): Promise<Pulled[]> {
  const rows = await sql.unsafe(
    `select ${columns} ${from} where d.connection = $1 and d.id = any($2::bigint[]) order by d.id`,
    [connection, [...ids]],
    { prepare: true },
  );
  return rows.map(readPulled);
}

/** The same, locked in id order; links and records are locked before. */
export async function lockPulled(tx: Tx, ids: readonly number[]): Promise<Map<number, Pulled>> {
  const rows = await tx.unsafe(
    `select ${columns} ${from} where d.id = any($1::bigint[]) order by d.id for update of d`,
    [[...ids]],
    { prepare: true },
  );
  return new Map(rows.map((row) => [Number(row.id), readPulled(row)]));
}

export interface Move {
  readonly id: number;
  readonly state: "due" | "leased" | "settled" | "withheld" | "withdrawn" | "rejected";
  readonly reason?: string | undefined;
  readonly withheld?: { readonly [unit: string]: string } | undefined;
  /** Handed out: what is given now, and given again the same. */
  readonly body?: { readonly [remote: string]: unknown };
  readonly handed?: true;
  /** A create that found its object linked meanwhile goes out as an update. */
  readonly kind?: DeliveryKind;
  readonly linkId?: string | null | undefined;
  /** Not before this many ms from now. */
  readonly afterMs?: number | undefined;
}

/** Moves deliveries that are locked, or that nobody else moves; one statement for all. */
export async function movePulled(tx: Sql | Tx, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  const rows = moves.map((move) => ({
    id: move.id,
    state: move.state,
    reason: move.reason,
    withheld: move.withheld,
    body: move.body,
    handed: move.handed === true ? 1 : 0,
    kind: move.kind,
    link_id: move.linkId,
    after_ms: move.afterMs ?? 0,
  }));
  await tx.unsafe(
    `update deliveries d set state = x.state, reason = x.reason, withheld = coalesce(x.withheld, d.withheld), body = coalesce(x.body, d.body), kind = coalesce(x.kind, d.kind),
       fence = d.fence + x.handed, tries = d.tries + x.handed, link_id = coalesce(x.link_id, d.link_id), lease_until = null,
       due_at = case when x.after_ms > 0 then (select kobling_now()) + x.after_ms * interval '1 millisecond' else d.due_at end,
       settled_at = case when x.state = 'settled' then (select kobling_now()) end
     from json_to_recordset($1::text::json) as x(id bigint, state text, reason text, withheld json, body json, handed int, kind text,
       link_id uuid, after_ms float8) where d.id = x.id`,
    [JSON.stringify(rows)],
    { prepare: true },
  );
}

/** Creates that were handed out and not acknowledged: a push that names one is its receipt (rule R21). */
export async function findOutstandingCreates(tx: Tx, connection: string, ids: readonly number[]): Promise<Pulled[]> {
  if (ids.length === 0) return [];
  const rows = await tx.unsafe(
    `select ${columns} ${from} where d.connection = $1 and d.id = any($2::bigint[]) and d.kind = 'create' and d.link_id is null
       and d.body is not null and d.state in ('leased', 'due', 'withdrawn')`,
    [connection, [...ids]],
    { prepare: true },
  );
  return rows.map(readPulled);
}

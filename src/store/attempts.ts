import type { Values } from "../model/catalogue.ts";
import type { Sql, Tx } from "./database.ts";
import type { DeliveryKind } from "./deliveries.ts";

export interface NewAttempt {
  readonly deliveryId: number;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string | null;
  readonly fence: number;
  readonly kind: DeliveryKind;
  readonly sent: Values;
  readonly versions: { readonly [unit: string]: number };
  /** When the reading right before this write was received (rule R20). */
  readonly readAt: string | null;
}

/** Writes attempts ahead of their requests (rules R13, R19); gives their ids in order. */
export async function beginAttempts(tx: Tx, attempts: readonly NewAttempt[]): Promise<number[]> {
  if (attempts.length === 0) return [];
  const rows = attempts.map((each, n) => ({
    n,
    delivery_id: each.deliveryId,
    connection: each.connection,
    object: each.object,
    external_id: each.externalId,
    fence: each.fence,
    kind: each.kind,
    sent: each.sent,
    versions: each.versions,
    read_at: each.readAt,
  }));
  const begun = await tx.unsafe(
    `with begun as (
       insert into attempts (delivery_id, connection, object, external_id, fence, kind, sent, versions, state, read_at, began_at)
       select delivery_id, connection, object, external_id, fence, kind, sent, versions, 'begun', read_at, (select kobling_now())
       from json_to_recordset(kobling_rows($1)) as x(n int, delivery_id bigint, connection text, object text, external_id text,
         fence bigint, kind text, sent json, versions json, read_at timestamptz) order by n
       returning id, delivery_id)
     update deliveries d set attempt_id = begun.id from begun where d.id = begun.delivery_id
     returning begun.id::float8 as id, d.id::float8 as delivery_id`,
    [JSON.stringify(rows)],
    { prepare: true },
  );
  const byDelivery = new Map(begun.map((row) => [Number(row.delivery_id), Number(row.id)]));
  return attempts.map((each) => byDelivery.get(each.deliveryId) ?? -1);
}

export interface AttemptEnd {
  readonly id: number;
  readonly state: "settled" | "rejected" | "uncertain" | "stale" | "retry" | "connection";
  readonly error?: string | undefined;
}

export async function endAttempts(tx: Sql | Tx, ends: readonly AttemptEnd[]): Promise<void> {
  if (ends.length === 0) return;
  await tx.unsafe(
    `update attempts a set state = x.state, error = x.error, ended_at = (select kobling_now())
     from json_to_recordset(kobling_rows($1)) as x(id bigint, state text, error text) where a.id = x.id`,
    [JSON.stringify(ends)],
    { prepare: true },
  );
}

/** What an attempt sent, for judging the first reading after an uncertain one. By attempt id. */
export async function loadAttempts(
  tx: Sql | Tx,
  ids: readonly number[],
): Promise<Map<number, { sent: Values; versions: Record<string, number>; beganAt: number; kind: DeliveryKind }>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.unsafe(
    "select id::float8 as id, sent, versions, kind, (extract(epoch from began_at) * 1000)::float8 as began_at from attempts where id = any($1::bigint[])",
    [[...ids]],
  );
  return new Map(
    rows.map((row) => [
      Number(row.id),
      {
        sent: row.sent as Values,
        versions: row.versions as Record<string, number>,
        beganAt: Number(row.began_at),
        kind: row.kind as DeliveryKind,
      },
    ]),
  );
}

/** Creates that have left the process and are not answered for yet (rule R19). */
export async function loadOpenCreates(
  tx: Sql | Tx,
  connection: string,
): Promise<{ object: string; sent: Values; versions: Record<string, number> }[]> {
  const rows = await tx.unsafe(
    `select d.object, a.sent, a.versions from deliveries d join attempts a on a.id = d.attempt_id
     where d.connection = $1 and d.kind = 'create' and d.link_id is null and d.state in ('leased', 'uncertain')`,
    [connection],
    { prepare: true },
  );
  return rows.map((row) => ({
    object: String(row.object),
    sent: row.sent as Values,
    versions: row.versions as Record<string, number>,
  }));
}

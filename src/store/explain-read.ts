import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";
import type { ReviewSide } from "./reviews.ts";

export interface WaitingReview {
  readonly id: number;
  readonly kind: string;
  readonly reason: string;
  readonly openedAt: string;
  /** Who says what; without a connection: our value in force, or an edit of ours. */
  readonly sides: readonly ReviewSide[];
}

/** Reviews by id, whatever their state: what holds a field. */
export async function readReviewsById(sql: Db, ids: readonly number[]): Promise<Map<number, WaitingReview>> {
  if (ids.length === 0) return new Map();
  const rows = await sql.unsafe(
    `select id::float8 as id, kind, reason, ${instantText("opened_at")} as opened_at, sides from reviews where id = any($1::bigint[])`,
    [[...ids]],
  );
  return new Map(
    rows.map((row) => [
      Number(row.id),
      {
        id: Number(row.id),
        kind: String(row.kind),
        reason: String(row.reason),
        openedAt: String(row.opened_at),
        sides: (row.sides as ReviewSide[] | null) ?? [], // as `openReviews` wrote them
      },
    ]),
  );
}

export interface OpenDelivery {
  readonly id: number;
  readonly connection: string;
  readonly object: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly withheld: Readonly<Record<string, string>>;
}

/** Deliveries of records that are open, and the newest one that was rejected. */
export async function readOpenDeliveries(sql: Db, entityIds: readonly string[]): Promise<OpenDelivery[]> {
  const rows = await sql.unsafe(
    `select distinct on (entity_id, connection, object) id::float8 as id, connection, object, kind, state, reason, withheld from deliveries
     where entity_id = any($1::uuid[]) and state in ('due', 'leased', 'uncertain', 'withheld', 'rejected')
     order by entity_id, connection, object, deliveries.id desc`,
    [[...entityIds]],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    connection: String(row.connection),
    object: String(row.object),
    kind: String(row.kind),
    state: String(row.state),
    reason: row.reason as string | null,
    withheld: (row.withheld as Record<string, string> | null) ?? {},
  }));
}

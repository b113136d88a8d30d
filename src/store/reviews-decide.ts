import type { Db, Sql, Tx } from "./database.ts";
import { lockReviews, type Review } from "./reviews.ts";

/** A review as it stands, not locked: it says which links and records a decision concerns, and those are locked first. */
export async function findReviewToDecide(sql: Sql, id: number): Promise<Review | undefined> {
  return sql.begin(async (tx) => (await lockReviews(tx, [id])).get(id));
}

/** The same, locked until the transaction ends. */
export const lockReviewToDecide = async (tx: Tx, id: number): Promise<Review | undefined> =>
  (await lockReviews(tx, [id])).get(id);

/** Adds to the detail of an open review what was found out since; no side has moved by it. */
export async function addReviewDetail(sql: Db, id: number, more: object): Promise<void> {
  await sql.unsafe(
    `update reviews set detail = (coalesce(detail::jsonb, '{}') || $2::text::jsonb)::json, updated_at = kobling_now() where id = $1 and state = 'open'`,
    [id, JSON.stringify(more)],
  );
}

import type { EntityKind, Values } from "../model/catalogue.ts";
import type { ReviewKind, ReviewState } from "../model/review-kinds.ts";
import type { Sql, Tx } from "./database.ts";

/** One side of a conflict or proposal: who says what since when. `link` null: our own value or an edit of ours. */
export interface ReviewSide {
  readonly link: string | null;
  readonly connection: string | null;
  readonly object: string | null;
  readonly value: Values;
  readonly at: string;
  readonly changeId: number | null;
  /** Who edited here, where the side is an edit of ours. */
  readonly by?: { readonly kind: "api" | "person" | "system"; readonly actor: string };
}

export interface Review {
  readonly id: number;
  readonly kind: ReviewKind;
  readonly state: ReviewState;
  readonly entity: EntityKind | null;
  readonly entityId: string | null;
  readonly unit: string | null;
  readonly connection: string | null;
  readonly object: string | null;
  readonly externalId: string | null;
  readonly linkId: string | null;
  readonly changeId: number | null;
  readonly sides: readonly ReviewSide[];
  readonly reason: string;
  readonly detail: Record<string, unknown> | null;
  readonly revision: number;
}

export interface NewReview {
  readonly kind: ReviewKind;
  readonly entity?: EntityKind | undefined;
  readonly entityId?: string | undefined;
  readonly unit?: string | undefined;
  readonly connection?: string | undefined;
  readonly object?: string | undefined;
  readonly externalId?: string | undefined;
  readonly linkId?: string | undefined;
  readonly changeId?: number | null | undefined;
  readonly runId?: number | null | undefined;
  readonly sides?: readonly ReviewSide[];
  readonly reason: string;
  readonly detail?: Record<string, unknown>;
}

const columns = `id::float8 as id, kind, state, entity, entity_id, unit, connection, object, external_id, link_id,
  change_id::float8 as change_id, sides, reason, detail, revision`;

// The casts read what this file wrote from the same types.
const readReview = (row: Record<string, unknown>): Review => ({
  id: Number(row.id),
  kind: row.kind as ReviewKind,
  state: row.state as Review["state"],
  entity: row.entity as EntityKind | null,
  entityId: row.entity_id as string | null,
  unit: row.unit as string | null,
  connection: row.connection as string | null,
  object: row.object as string | null,
  externalId: row.external_id as string | null,
  linkId: row.link_id as string | null,
  changeId: row.change_id as number | null,
  sides: (row.sides as ReviewSide[] | null) ?? [],
  reason: String(row.reason),
  detail: row.detail as Record<string, unknown> | null,
  revision: Number(row.revision),
});

/** Opens reviews, one statement for all; gives their ids in order. */
export async function openReviews(tx: Sql | Tx, at: string, reviews: readonly NewReview[]): Promise<number[]> {
  if (reviews.length === 0) return [];
  const rows = reviews.map((review, n) => ({
    n,
    kind: review.kind,
    entity: review.entity,
    entity_id: review.entityId,
    unit: review.unit,
    connection: review.connection,
    object: review.object,
    external_id: review.externalId,
    link_id: review.linkId,
    change_id: review.changeId,
    run_id: review.runId,
    sides: review.sides,
    reason: review.reason,
    detail: review.detail,
  }));
  const opened = await tx.unsafe(
    `insert into reviews (kind, state, entity, entity_id, unit, connection, object, external_id, link_id, change_id, run_id, sides, reason, detail, opened_at, updated_at)
     select kind, 'open', entity, entity_id, unit, connection, object, external_id, link_id, change_id, run_id, sides, reason, detail, $1::timestamptz, $1::timestamptz
     from json_to_recordset($2::text::json) as x(n int, kind text, entity text, entity_id uuid, unit text, connection text, object text,
       external_id text, link_id uuid, change_id bigint, run_id bigint, sides json, reason text, detail json) order by n
     returning id::float8 as id`,
    [at, JSON.stringify(rows)],
  );
  return opened.map((row) => Number(row.id)).sort((a, b) => a - b);
}

/** Reviews by id, locked until the transaction ends. */
export async function lockReviews(tx: Tx, ids: readonly number[]): Promise<Map<number, Review>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.unsafe(`select ${columns} from reviews where id = any($1::bigint[]) order by id for update`, [
    [...ids],
  ]);
  return new Map(rows.map((row) => [Number(row.id), readReview(row)]));
}

/** A side moved: the case has a further one, or a newer claim; a decision that saw the old ones is refused (rule R16). */
export async function updateSides(
  tx: Tx,
  at: string,
  moved: readonly { id: number; sides: readonly ReviewSide[] }[],
): Promise<void> {
  if (moved.length === 0) return;
  await tx.unsafe(
    `update reviews r set sides = x.sides, revision = r.revision + 1, updated_at = $1::timestamptz
     from json_to_recordset($2::text::json) as x(id bigint, sides json) where r.id = x.id`,
    [at, JSON.stringify(moved)],
  );
}

export interface Closing {
  readonly id: number;
  readonly state: "decided" | "closed";
  readonly decision: string;
  readonly by: string;
  readonly why?: string | undefined;
}

export async function closeReviews(tx: Tx, at: string, closings: readonly Closing[]): Promise<void> {
  if (closings.length === 0) return;
  await tx.unsafe(
    `update reviews r set state = x.state, decision = x.decision, decided_by = x.by, why = x.why, decided_at = $1::timestamptz,
       updated_at = $1::timestamptz
     from json_to_recordset($2::text::json) as x(id bigint, state text, decision text, by text, why text) where r.id = x.id`,
    [at, JSON.stringify(closings)],
  );
}

/** Cases over the values of a record rest while it is archived, those of its contacts with it (rule R16). */
export async function suspendCases(
  tx: Tx,
  at: string,
  emner: readonly { readonly id: string; readonly archived: boolean }[],
): Promise<void> {
  if (emner.length === 0) return;
  await tx.unsafe(
    `update reviews r set state = case when x.archived then 'suspended' else 'open' end, revision = r.revision + 1,
       updated_at = $1::timestamptz
     from json_to_recordset($2::text::json) as x(id uuid, archived boolean)
     where r.state = case when x.archived then 'open' else 'suspended' end
       and r.kind in ('conflict', 'proposal', 'primary_contact')
       and (r.entity_id = x.id or r.entity_id in (select k.id from kontaktpersoner k where k.kundeemne_id = x.id))`,
    [at, JSON.stringify(emner)],
  );
}

/** Open reviews about remote objects, e.g. match cases that wait for them. */
export async function findOpenFor(
  tx: Sql | Tx,
  connection: string,
  object: string,
  externalIds: readonly string[],
  kinds: readonly ReviewKind[],
): Promise<Review[]> {
  if (externalIds.length === 0) return [];
  const rows = await tx.unsafe(
    `select ${columns} from reviews where connection = $1 and object = $2 and external_id = any($3::text[]) and kind = any($4::text[]) and state = 'open'`,
    [connection, object, [...externalIds], [...kinds]],
  );
  return rows.map(readReview);
}

/** An alert is a review of its own kind; the same one is not opened twice while it is open. */
export async function alert(tx: Sql | Tx, at: string, review: Omit<NewReview, "kind">): Promise<void> {
  const [open] = await tx.unsafe(
    `select 1 from reviews where kind = 'alert' and state = 'open' and reason = $1 and connection is not distinct from $2
       and object is not distinct from $3 and external_id is not distinct from $4 limit 1`,
    [review.reason, review.connection ?? null, review.object ?? null, review.externalId ?? null],
  );
  if (open === undefined) await openReviews(tx, at, [{ ...review, kind: "alert" }]);
}

import type { EntityKind } from "../model/catalogue.ts";
import type { ReviewKind, ReviewState } from "../model/review-kinds.ts";
import type { Db } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";

/** What waits for a person, or is told to one. */
export interface ReadReview {
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
  readonly runId: number | null;
  readonly sides: unknown;
  readonly reason: string;
  readonly detail: unknown;
  readonly openedAt: string;
  readonly updatedAt: string;
  readonly revision: number;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
  readonly decision: string | null;
  readonly why: string | null;
}

export interface ReviewFilter {
  readonly kind?: ReviewKind | undefined;
  readonly connection?: string | undefined;
  readonly object?: string | undefined;
  readonly unit?: string | undefined;
  /** A Kundeemne, its contacts included. */
  readonly kundeemne?: string | undefined;
  readonly openedBefore?: string | undefined;
}

/** Newest first; without a state, of all. */
export async function listReviews(
  sql: Db,
  query: ReviewFilter & {
    readonly state?: ReviewState | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<IdPage<ReadReview>> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(COLUMNS)} from reviews r
    where r.id < ${query.before ?? Number.MAX_SAFE_INTEGER}::bigint
      and ${query.state === undefined ? sql`true` : sql`r.state = ${query.state}`}
      and ${matching(sql, query)}
    order by r.id desc limit ${query.limit + 1}`;
  return pageOf(rows.map(readReview), query.limit);
}

/** What is open of these kinds, oldest first, with the revision that is seen now. */
export async function listOpen(
  sql: Db,
  query: ReviewFilter & {
    readonly kinds: readonly ReviewKind[];
    readonly after?: number | undefined;
    readonly limit: number;
  },
): Promise<IdPage<{ readonly id: number; readonly kind: ReviewKind; readonly revision: number }>> {
  const rows = await sql<{ id: string; kind: ReviewKind; revision: number }[]>`
    select r.id, r.kind, r.revision from reviews r
    where r.state = 'open' and r.kind = any(${[...query.kinds]}::text[]) and r.id > ${query.after ?? 0}::bigint
      and ${matching(sql, query)}
    order by r.id limit ${query.limit + 1}`;
  return pageOf(
    rows.map((row) => ({ ...row, id: Number(row.id) })),
    query.limit,
  );
}

function matching(sql: Db, { kind, connection, object, unit, kundeemne, openedBefore }: ReviewFilter) {
  const all = sql`true`;
  return sql`${kind === undefined ? all : sql`r.kind = ${kind}`}
      and ${connection === undefined ? all : sql`r.connection = ${connection}`}
      and ${object === undefined ? all : sql`r.object = ${object}`}
      and ${unit === undefined ? all : sql`r.unit = ${unit}`}
      and ${openedBefore === undefined ? all : sql`r.opened_at < ${openedBefore}::text::timestamptz`}
      and ${
        kundeemne === undefined
          ? all
          : sql`(r.entity_id = ${kundeemne}::text::uuid
              or r.entity_id in (select id from kontaktpersoner where kundeemne_id = ${kundeemne}::text::uuid))`
      }`;
}

export async function findReview(sql: Db, id: number): Promise<ReadReview | undefined> {
  const rows = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from reviews r where r.id = ${id}::bigint`;
  return rows[0] && readReview(rows[0]);
}

type Row = { readonly id: string; readonly runId: string | null } & Omit<ReadReview, "id" | "runId">;

const COLUMNS = `r.id, r.kind, r.state, r.entity, r.entity_id as "entityId", r.unit, r.connection, r.object,
  r.external_id as "externalId", r.link_id as "linkId", r.run_id as "runId", r.sides, r.reason, r.detail,
  ${instantText("r.opened_at")} as "openedAt", ${instantText("r.updated_at")} as "updatedAt", r.revision,
  ${instantText("r.decided_at")} as "decidedAt", r.decided_by as "decidedBy", r.decision, r.why`;

const readReview = (row: Row): ReadReview => ({
  ...row,
  id: Number(row.id),
  runId: row.runId === null ? null : Number(row.runId),
});

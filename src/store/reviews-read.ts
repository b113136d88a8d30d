import type { EntityKind } from "../model/catalogue.ts";
import type { Db } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";

/** What waits for a person, or is told to one. */
export interface ReadReview {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
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

export interface ReviewQuery {
  readonly state?: string | undefined;
  readonly kind?: string | undefined;
  readonly entityId?: string | undefined;
  readonly connection?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listReviews(sql: Db, query: ReviewQuery): Promise<IdPage<ReadReview>> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(COLUMNS)} from reviews r
    where r.id < ${query.before ?? Number.MAX_SAFE_INTEGER}::bigint
      and ${query.state === undefined ? sql`true` : sql`r.state = ${query.state}`}
      and ${query.kind === undefined ? sql`true` : sql`r.kind = ${query.kind}`}
      and ${query.entityId === undefined ? sql`true` : sql`r.entity_id = ${query.entityId}::text::uuid`}
      and ${query.connection === undefined ? sql`true` : sql`r.connection = ${query.connection}`}
    order by r.id desc limit ${query.limit + 1}`;
  return pageOf(rows.map(readReview), query.limit);
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

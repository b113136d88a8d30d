import type { Db } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";

/** A change put aside with its reason. Its body is not shown: it may hold what nobody asked for. */
export interface QuarantinedChange {
  readonly id: number;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly via: string;
  readonly receivedAt: string;
  readonly reason: { readonly code: string; readonly detail: string; readonly field?: string };
}

export interface QuarantineQuery {
  readonly connection?: string | undefined;
  readonly object?: string | undefined;
  readonly code?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listQuarantine(sql: Db, query: QuarantineQuery): Promise<IdPage<QuarantinedChange>> {
  const rows = await sql<Row[]>`
    select c.id, c.connection, c.object, c.external_id as "externalId", c.via,
      ${sql.unsafe(instantText("c.received_at"))} as "receivedAt", c.reason
    from changes c
    where c.state = 'quarantined' and c.id < ${query.before ?? Number.MAX_SAFE_INTEGER}::bigint
      and ${query.connection === undefined ? sql`true` : sql`c.connection = ${query.connection}`}
      and ${query.object === undefined ? sql`true` : sql`c.object = ${query.object}`}
      and ${query.code === undefined ? sql`true` : sql`c.reason->>'code' = ${query.code}`}
    order by c.id desc limit ${query.limit + 1}`;
  const changes = rows.map((row) => ({ ...row, id: Number(row.id), reason: row.reason ?? UNKNOWN_REASON }));
  return pageOf(changes, query.limit);
}

type Row = { readonly id: string; readonly reason: QuarantinedChange["reason"] | null } & Omit<
  QuarantinedChange,
  "id" | "reason"
>;

const UNKNOWN_REASON = { code: "unknown", detail: "No reason was kept" };

import type { Db } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";

export interface NewAuditEntry {
  readonly kind: "act" | "read" | "erasure";
  readonly keyId: string | null;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly asked?: readonly string[];
  readonly traceId: string | null;
  readonly status?: number;
  readonly items?: number | null;
}

export interface AuditEntry extends Omit<Required<NewAuditEntry>, "status"> {
  readonly id: number;
  readonly at: string;
  /** Null: it still runs, or its process died. */
  readonly status: number | null;
  readonly seal: number | null;
}

/** Writes an entry down; without a status it is one that is still to end. Gives its id. */
export async function addAuditEntry(sql: Db, entry: NewAuditEntry): Promise<number> {
  const [row] = await sql.unsafe(
    `insert into audit_entries (at, kind, key_id, actor, action, target, asked, trace_id, status, items)
     values (kobling_now(), $1, $2::uuid, $3, $4, $5::uuid, $6::text[], $7, $8::int, $9::int) returning id::float8 as id`,
    [
      ...[entry.kind, entry.keyId, entry.actor, entry.action, entry.target, [...(entry.asked ?? [])], entry.traceId],
      ...[entry.status ?? null, entry.items ?? null],
    ],
    { prepare: true },
  );
  return Number(row?.id);
}

/** How a request ended, and what record it made. Only the first time; nothing where it was sealed as open meanwhile. */
export async function endAuditEntry(sql: Db, id: number, status: number, made: string | null): Promise<void> {
  await sql.unsafe(
    `update audit_entries set status = $2::int, target = coalesce(target, $3::uuid) where id = $1::bigint and status is null and seal is null`,
    [id, status, made],
    { prepare: true },
  );
}

/** Entries, newest first; of one record, by one key, of one kind where they are named. */
export async function listAuditEntries(
  sql: Db,
  query: {
    readonly target?: string | undefined;
    readonly keyId?: string | undefined;
    readonly kind?: string | undefined;
    readonly before: number | undefined;
    readonly limit: number;
  },
): Promise<IdPage<AuditEntry>> {
  const rows = await sql.unsafe(
    `select e.id::float8 as id, ${instantText("e.at")} as at, e.kind, e.key_id, e.actor, e.action, e.target, e.asked, e.trace_id, e.status,
       e.items, e.seal::float8 as seal
     from audit_entries e
     where e.id < $1::bigint and ($2::uuid is null or e.target = $2::uuid) and ($3::uuid is null or e.key_id = $3::uuid)
       and ($4::text is null or e.kind = $4)
     order by e.id desc limit $5`,
    [
      query.before ?? Number.MAX_SAFE_INTEGER,
      query.target ?? null,
      query.keyId ?? null,
      query.kind ?? null,
      query.limit + 1,
    ],
  );
  return pageOf(
    rows.map((row) => ({
      id: Number(row.id),
      at: String(row.at),
      kind: row.kind as AuditEntry["kind"], // as `addAuditEntry` wrote it
      keyId: row.key_id as string | null,
      actor: String(row.actor),
      action: String(row.action),
      target: row.target as string | null,
      asked: (row.asked ?? []) as string[],
      traceId: row.trace_id as string | null,
      status: row.status as number | null,
      items: row.items as number | null,
      seal: row.seal as number | null,
    })),
    query.limit,
  );
}

import { type Conversion, conversionColumns, readConversion } from "./conversions.ts";
import type { Db, Tx } from "./database.ts";

/** A document that a worker may make now, with the debitor that it stands on. */
export interface OwedDocument extends Conversion {
  readonly fence: number;
  readonly account: string;
  /** An earlier request for it left: it is looked up before any other (rule R19). */
  readonly wasSent: boolean;
}

/**
 * Takes documents under a lease with a new fence: those that are due and whose debitor is linked. Records that are
 * archived, restricted, erased or merged wait. One statement.
 */
export async function leaseDocuments(
  sql: Db,
  connection: string,
  limit: number,
  leaseMs: number,
  /** How long after a request left its document may still be missing from the ledger's list, in ms (rule R19). */
  unseenMs: number,
): Promise<OwedDocument[]> {
  const rows = await sql.unsafe(
    `with taken as (
       select c.id, l.external_id as account from conversions c
       join kundeemner k on k.id = c.entity_id
       join lateral (select external_id from links where entity_id = c.entity_id and connection = c.connection
         and object = 'debitor' and state = 'linked' order by linked_at limit 1) l on true
       where c.connection = $1 and c.state = 'open' and c.target in ('tilbud', 'ordre', 'faktura', 'sag') and c.due_at <= (select kobling_now())
         and (c.lease_until is null or c.lease_until < (select kobling_now()))
         and (c.sent_at is null or c.sent_at + $4 * interval '1 millisecond' <= (select kobling_now()))
         and k.erased_at is null and k.merged_into is null and coalesce(k.arkiveret_vaerdi, false) = false
         and coalesce(k.begraenset_vaerdi, false) = false
       order by c.due_at, c.id limit $2 for update of c skip locked)
     update conversions c set fence = c.fence + 1, lease_until = (select kobling_now()) + $3 * interval '1 millisecond'
     from taken where c.id = taken.id
     returning ${conversionColumns}, c.fence, taken.account, c.sent_at is not null as was_sent`,
    [connection, limit, leaseMs, unseenMs],
  );
  return rows
    .map((row) => ({
      ...readConversion(row),
      fence: Number(row.fence),
      account: String(row.account),
      wasSent: row.was_sent === true,
    }))
    .sort((a, b) => a.id - b.id);
}

/** Writes ahead that the requests are about to leave. Gives those whose lease is still ours: only they may be sent. */
export async function markSent(tx: Tx | Db, documents: readonly OwedDocument[]): Promise<Set<number>> {
  const rows = await tx.unsafe(
    `update conversions c set sent_at = kobling_now() from unnest($1::bigint[], $2::int[]) x(id, fence)
     where c.id = x.id and c.fence = x.fence and c.state = 'open' returning c.id::float8 as id`,
    [documents.map((each) => each.id), documents.map((each) => each.fence)],
  );
  return new Set(rows.map((row) => Number(row.id)));
}

export interface DocumentEnd {
  readonly id: number;
  readonly fence: number;
  readonly state: "open" | "done" | "failed";
  readonly reason?: string | undefined;
  readonly externalId?: string;
  /** For `open`: not before this many ms from now. */
  readonly afterMs?: number;
  /** No request of ours can arrive any more, and none did: the next try need not look. */
  readonly isClear?: boolean;
}

/** Ends leases that are still ours. */
export async function endDocuments(sql: Db, ends: readonly DocumentEnd[]): Promise<void> {
  if (ends.length === 0) return;
  const rows = ends.map((each) => ({
    id: each.id,
    fence: each.fence,
    state: each.state,
    reason: each.reason ?? null,
    external_id: each.externalId ?? null,
    after_ms: each.afterMs ?? 0,
    clear: each.isClear === true,
  }));
  await sql.unsafe(
    `update conversions c set state = x.state, reason = x.reason, external_id = coalesce(x.external_id, c.external_id), lease_until = null,
       due_at = (select kobling_now()) + x.after_ms * interval '1 millisecond',
       sent_at = case when x.clear then null else c.sent_at end,
       done_at = case when x.state = 'done' then kobling_now() else c.done_at end
     from json_to_recordset($1::text::json) as x(id bigint, fence int, state text, reason text, external_id text, after_ms float8, clear boolean)
     where c.id = x.id and c.fence = x.fence and c.state = 'open'`,
    [JSON.stringify(rows)],
  );
}

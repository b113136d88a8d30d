import type { Db, Sql, Tx } from "./database.ts";
import { ENDS, type HandOver, handOverColumns, readHandOver } from "./hand-overs.ts";
import { instantText } from "./read-columns.ts";

export interface Batch {
  readonly id: string;
  readonly campaignId: string;
  readonly connection: string;
  readonly revision: number;
  readonly ticket: string | null;
  readonly fence: number;
  readonly tries: number;
}

const batchColumns = "b.id, b.campaign_id, b.connection, b.revision, b.ticket, b.fence, b.tries";

const readBatch = (row: Record<string, unknown>): Batch => ({
  id: String(row.id),
  campaignId: String(row.campaign_id),
  connection: String(row.connection),
  revision: Number(row.revision),
  ticket: row.ticket as string | null, // the column is text
  fence: Number(row.fence),
  tries: Number(row.tries),
});

/** What a verdict rests upon, as it stood before it was asked for: when any of it moves, the verdict is worth nothing. */
export interface Stamp {
  readonly entityId: string;
  readonly address: string;
  readonly record: string | null;
  readonly contact: string | null;
  /** How many facts are known of the address. */
  readonly facts: number;
}

/** Acts that are owed at a tool and not out yet, of one campaign, removes first. */
export async function pageOwed(sql: Sql, connection: string, limit: number): Promise<HandOver[]> {
  const rows = await sql.unsafe(
    `select ${handOverColumns} from hand_overs h where h.connection = $1 and h.owed is not null and h.batch_id is null
       and h.campaign_id = (select campaign_id from hand_overs where connection = $1 and owed is not null and batch_id is null
         order by campaign_id limit 1)
     order by h.owed desc, h.address limit $2`,
    [connection, limit],
  );
  return rows.map(readHandOver);
}

/** Read before the verdicts are asked for. One statement. */
export async function readStamps(
  sql: Db,
  members: readonly Pick<HandOver, "address" | "entityId" | "kundeemneId">[],
): Promise<Stamp[]> {
  if (members.length === 0) return [];
  const rows = await sql.unsafe(
    `select x."entityId" as entity_id, x.address, k.xmin::text as record, p.xmin::text as contact,
       (select count(*)::int from consents f where f.address = x.address) as facts
     from json_to_recordset($1::text::json) as x(address text, "entityId" uuid, "kundeemneId" uuid)
     left join kundeemner k on k.id = x."kundeemneId" left join kontaktpersoner p on p.id = x."entityId"`,
    [JSON.stringify(members.map(({ address, entityId, kundeemneId }) => ({ address, entityId, kundeemneId })))],
  );
  return rows.map((row) => ({
    entityId: String(row.entity_id),
    address: String(row.address),
    record: row.record as string | null, // xmin as text
    contact: row.contact as string | null,
    facts: Number(row.facts),
  }));
}

/**
 * May `h` be handed over by the verdict that rests upon `j`? Nothing it rests upon has moved, nobody has opted out at the
 * tool, the address is no accounts office's, and the campaign is on. `$1`: stamps, `$2`: today.
 */
// Scalars, each looked up by its index: as joins, the planner reads the tables of records whole for a hundred members.
const FIT = `exists (select 1 from campaigns c where c.id = h.campaign_id and c.state = 'active'
    and coalesce(c.starts_on, $2::date) <= $2::date and coalesce(c.ends_on, $2::date) >= $2::date)
  and (select k.xmin::text from kundeemner k where k.id = h.kundeemne_id) = j.record
  and (h.entity_id = h.kundeemne_id or (select p.xmin::text from kontaktpersoner p where p.id = h.entity_id) = j.contact)
  and (select count(*) from consents f where f.address = h.address) = j.facts
  and (select count(*) from opt_outs o where o.connection = h.connection and o.address = h.address and o.channel = h.channel) = 0
  and (select count(*) from kundeemner b where lower(b.bogholderi_email) = h.address) = 0`;

const JUDGED = `json_to_recordset($1::text::json) as j(address text, record text, contact text, facts int)`;

/**
 * Hands over: takes the acts into a batch, leased, in the one statement that asks once more (S62). Whoever's verdict rests upon what has
 * moved since stays behind. `allowed`: stamps of those whom the rule allows; removes need none. Undefined: nothing was taken.
 */
export async function claimBatch(
  sql: Sql | Tx,
  wanted: {
    readonly id: string;
    readonly campaignId: string;
    readonly connection: string;
    readonly allowed: readonly Stamp[];
    readonly removes: readonly string[];
    readonly today: string;
    readonly leaseMs: number;
  },
): Promise<Batch | undefined> {
  const rows = await sql.unsafe(
    // Those judged first, one by one by the key (offset 0), and only of them what the verdict rests upon.
    `with near as materialized (
       select h.*, j.record, j.contact, j.facts from ${JUDGED}
       cross join lateral (select * from hand_overs where campaign_id = $3::uuid and connection = $4 and address = j.address offset 0) h
       where h.owed = 'add' and h.wanted),
     fit as (
       select h.address from near h cross join lateral (select h.record, h.contact, h.facts) j where ${FIT}
       union all
       select h.address from hand_overs h where h.campaign_id = $3::uuid and h.connection = $4 and h.owed = 'remove'
         and h.address = any($5::text[])),
     taken as (
       update hand_overs h set batch_id = $6::uuid, has = 'maybe', ends = case when h.owed = 'add' then ${ENDS} else h.ends end
       from fit where h.campaign_id = $3::uuid and h.connection = $4 and h.address = fit.address and h.batch_id is null and h.owed is not null
       returning 1)
     insert into hand_over_batches as b (id, campaign_id, connection, fence, tries, lease_until, due_at, created_at)
     select $6::uuid, $3::uuid, $4, 1, 1, kobling_now() + $7::float8 * interval '1 millisecond', kobling_now(), kobling_now()
     where exists (select 1 from taken) returning ${batchColumns}`,
    [
      ...[JSON.stringify(wanted.allowed), wanted.today, wanted.campaignId, wanted.connection, [...wanted.removes]],
      ...[wanted.id, wanted.leaseMs],
    ],
  );
  return rows[0] && readBatch(rows[0]);
}

/** Takes up a batch whose time has come, or whose holder is gone. */
export async function leaseBatch(sql: Sql, connection: string, leaseMs: number): Promise<Batch | undefined> {
  const rows = await sql.unsafe(
    `update hand_over_batches b set fence = b.fence + 1, tries = b.tries + 1, lease_until = kobling_now() + $2::float8 * interval '1 millisecond'
     where b.id = (select id from hand_over_batches where connection = $1 and due_at <= kobling_now()
       and (lease_until is null or lease_until < kobling_now()) order by due_at, id limit 1 for update skip locked)
     returning ${batchColumns}`,
    [connection, leaseMs],
  );
  return rows[0] && readBatch(rows[0]);
}

export async function membersOf(sql: Db, batchId: string): Promise<HandOver[]> {
  const rows = await sql.unsafe(
    `select ${handOverColumns} from hand_overs h where h.batch_id = $1::uuid order by h.address`,
    [batchId],
  );
  return rows.map(readHandOver);
}

/**
 * Before a batch is sent again: whoever may not be handed over any more leaves it, and is owed a remove, since the tool may
 * have had the add. Gives the batch as it is now; undefined: it is another's, or nobody is left.
 */
export async function keepFitting(
  tx: Tx,
  batch: Batch,
  allowed: readonly Stamp[],
  today: string,
): Promise<{ readonly batch: Batch | undefined; readonly left: readonly string[] }> {
  const [mine] = await tx.unsafe("select 1 from hand_over_batches where id = $1::uuid and fence = $2 for update", [
    batch.id,
    batch.fence,
  ]);
  if (mine === undefined) return { batch: undefined, left: [] };
  const gone = await tx.unsafe(
    `update hand_overs h set batch_id = null, owed = null where h.batch_id = $3::uuid and h.owed = 'add' and not exists (
       select 1 from ${JUDGED} where j.address = h.address and h.wanted and ${FIT}) returning h.address`,
    [JSON.stringify(allowed), today, batch.id],
  );
  const left = gone.map(({ address }) => String(address));
  if (left.length === 0) return { batch, left };
  const [row] = await tx.unsafe(
    `update hand_over_batches b set revision = b.revision + 1 where b.id = $1::uuid
       and exists (select 1 from hand_overs where batch_id = b.id) returning ${batchColumns}`,
    [batch.id],
  );
  if (row === undefined) await tx.unsafe("delete from hand_over_batches where id = $1::uuid", [batch.id]);
  return { batch: row && readBatch(row), left };
}

export interface SettledMember {
  readonly key: string;
  readonly outcome: "done" | "refused" | "opted_out";
  readonly code?: string;
}

/**
 * Writes a receipt for each member of a batch and ends it. False: another holds it by now, and nothing is written (rule R18).
 */
export async function settleBatch(tx: Tx, batch: Batch, said: readonly SettledMember[]): Promise<boolean> {
  const ended = await tx.unsafe("delete from hand_over_batches where id = $1::uuid and fence = $2 returning id", [
    batch.id,
    batch.fence,
  ]);
  if (ended.length === 0) return false;
  await tx.unsafe(
    `with said as (select * from json_to_recordset($2::text::json) as s(key text, outcome text, code text)),
     members as (
       select h.*, coalesce(s.outcome, 'done') as outcome, s.code as word from hand_overs h left join said s on s.key = h.address
       where h.batch_id = $1::uuid),
     noted as (
       insert into hand_over_receipts (campaign_id, connection, address, entity_id, kundeemne_id, act, outcome, code, reason, batch_id, at)
       select campaign_id, connection, address, entity_id, kundeemne_id, owed, outcome, word, reason, $1::uuid, kobling_now()
       from members order by address)
     update hand_overs h set batch_id = null, owed = null, code = m.word, changed_at = kobling_now(),
       has = case when m.outcome = 'refused' then case m.owed when 'add' then 'no' else 'yes' end
                  when m.outcome = 'done' and m.owed = 'add' then 'yes' else 'no' end,
       state = case m.outcome when 'done' then case m.owed when 'add' then 'in' else 'out' end else m.outcome end
     from members m where h.campaign_id = m.campaign_id and h.connection = m.connection and h.address = m.address`,
    [batch.id, JSON.stringify(said)],
  );
  return true;
}

/** Puts a batch aside until its next try; nothing where another holds it by now. */
export async function restBatch(
  sql: Sql,
  batch: Batch,
  next: { readonly afterMs: number; readonly ticket: string | null },
): Promise<void> {
  await sql.unsafe(
    `update hand_over_batches set lease_until = null, ticket = $3, due_at = kobling_now() + $4::float8 * interval '1 millisecond'
     where id = $1::uuid and fence = $2`,
    [batch.id, batch.fence, next.ticket, next.afterMs],
  );
}

/** A batch that the tool refuses whole is halved until the guilty member stands alone. */
export async function halveBatch(tx: Tx, batch: Batch, newId: string): Promise<void> {
  const rows = await tx.unsafe(
    `update hand_over_batches b set lease_until = null, ticket = null, revision = b.revision + 1, due_at = kobling_now()
     where b.id = $1::uuid and b.fence = $2 returning id`,
    [batch.id, batch.fence],
  );
  if (rows.length === 0) return;
  await tx.unsafe(
    `insert into hand_over_batches (id, campaign_id, connection, due_at, created_at)
     select $2::uuid, campaign_id, connection, kobling_now(), kobling_now() from hand_over_batches where id = $1::uuid`,
    [batch.id, newId],
  );
  await tx.unsafe(
    `update hand_overs h set batch_id = $2::uuid where h.batch_id = $1::uuid and h.address in (
       select address from hand_overs where batch_id = $1::uuid order by address
       offset (select (count(*) + 1) / 2 from hand_overs where batch_id = $1::uuid))`,
    [batch.id, newId],
  );
}

export interface StoredReceipt {
  readonly id: number;
  readonly connection: string;
  readonly entityId: string;
  readonly kundeemneId: string;
  readonly act: "add" | "remove";
  readonly outcome: SettledMember["outcome"];
  readonly code: string | null;
  readonly reason: string;
  readonly at: string;
}

/** Receipts of a campaign after one, oldest first. */
export async function pageReceipts(
  sql: Sql,
  campaignId: string,
  after: number,
  limit: number,
): Promise<StoredReceipt[]> {
  const rows = await sql.unsafe(
    `select id::float8 as id, connection, entity_id, kundeemne_id, act, outcome, code, reason, ${instantText("at")} as at
     from hand_over_receipts where campaign_id = $1::uuid and id > $2::bigint order by id limit $3`,
    [campaignId, after, limit],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    connection: String(row.connection),
    entityId: String(row.entity_id),
    kundeemneId: String(row.kundeemne_id),
    act: row.act as StoredReceipt["act"],
    outcome: row.outcome as StoredReceipt["outcome"],
    code: row.code as string | null,
    reason: String(row.reason),
    at: String(row.at),
  }));
}

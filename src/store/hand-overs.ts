import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export type Act = "add" | "remove";
export type HandOverState = "waiting" | "in" | "out" | "refused" | "opted_out";

/** An address of a campaign at one tool. */
export interface HandOver {
  readonly campaignId: string;
  readonly connection: string;
  readonly address: string;
  readonly entityId: string;
  readonly kundeemneId: string;
  readonly wanted: boolean;
  readonly reason: string;
  readonly owed: Act | null;
  readonly state: HandOverState;
  readonly code: string | null;
  readonly changedAt: string;
}

export const handOverColumns = `h.campaign_id, h.connection, h.address, h.entity_id, h.kundeemne_id, h.wanted, h.reason, h.owed, h.state, h.code,
  ${instantText("h.changed_at")} as changed_at`;

// The casts read what this file wrote from the same types.
export const readHandOver = (row: Record<string, unknown>): HandOver => ({
  campaignId: String(row.campaign_id),
  connection: String(row.connection),
  address: String(row.address),
  entityId: String(row.entity_id),
  kundeemneId: String(row.kundeemne_id),
  wanted: row.wanted === true,
  reason: String(row.reason),
  owed: row.owed as Act | null,
  state: row.state as HandOverState,
  code: row.code as string | null,
  changedAt: String(row.changed_at),
});

/** Ends of consent to our own advertising that are known of an address. */
export const ENDS = `(select count(*)::int from consents e where e.address = h.address and e.channel = h.channel and e.purpose = 'markedsfoering'
  and e.kind in ('withdrawn', 'unreachable', 'complained'))`;

/** The person has said no at this tool: it never gets that address again (rule R23). */
export const OPTED_OUT = `exists (select 1 from opt_outs o where o.connection = h.connection and o.address = h.address and o.channel = h.channel)`;

/** The act that is owed: none is ever skipped, so an end and a new grant since the last hand-over are two acts (rule R23). */
const OWED = `case
  when h.state = 'refused' then null
  when h.has = 'no' and h.wanted and not ${OPTED_OUT} then 'add'
  when h.has <> 'no' and (not h.wanted or (${ENDS} > h.ends
    and exists (select 1 from campaigns p where p.id = h.campaign_id and p.purpose = 'markedsfoering'))) then 'remove' end`;

export interface WishedMember {
  readonly address: string;
  readonly entityId: string;
  readonly kundeemneId: string;
  readonly reason: string;
}

/** Wants addresses in under a round, at each of the tools. One statement; each address once. */
export async function wantIn(
  tx: Tx,
  campaign: { readonly id: string; readonly connections: readonly string[]; readonly channel: string },
  round: number,
  members: readonly WishedMember[],
): Promise<void> {
  if (members.length === 0) return;
  await tx.unsafe(
    `insert into hand_overs (campaign_id, connection, address, channel, entity_id, kundeemne_id, round, wanted, reason, has, state, changed_at)
     select $1::uuid, c, x.address, $3, x."entityId", x."kundeemneId", $2, true, x.reason, 'no', 'waiting', kobling_now()
     from json_to_recordset($5::text::json) as x(address text, "entityId" uuid, "kundeemneId" uuid, reason text), unnest($4::text[]) c
     on conflict (campaign_id, connection, address) do update set round = greatest(hand_overs.round, excluded.round), wanted = true,
       reason = excluded.reason, entity_id = excluded.entity_id, kundeemne_id = excluded.kundeemne_id`,
    [campaign.id, round, campaign.channel, [...campaign.connections], JSON.stringify(members)],
  );
}

/** Wants addresses out, each with its reason, at every tool of a campaign; who was not in is left. */
export async function wantOut(
  tx: Sql | Tx,
  campaignId: string,
  out: readonly { readonly address: string; readonly reason: string }[],
): Promise<void> {
  if (out.length === 0) return;
  await tx.unsafe(
    `update hand_overs h set wanted = false, reason = x.reason, changed_at = kobling_now()
     from json_to_recordset($2::text::json) as x(address text, reason text)
     where h.campaign_id = $1::uuid and h.address = x.address and h.wanted`,
    [campaignId, JSON.stringify(out)],
  );
}

/** Wants out whom this round did not meet any more. */
export async function wantOutOlder(tx: Tx, campaignId: string, round: number, reason: string): Promise<void> {
  await tx.unsafe(
    `update hand_overs set wanted = false, reason = $3, changed_at = kobling_now()
     where campaign_id = $1::uuid and round < $2 and wanted`,
    [campaignId, round, reason],
  );
}

/** What a tool refused is tried once more. */
export async function forgetRefusals(tx: Tx, campaignId: string): Promise<void> {
  await tx.unsafe(
    `update hand_overs set state = case when has = 'no' then 'waiting' else 'in' end, code = null
     where campaign_id = $1::uuid and state = 'refused' and batch_id is null`,
    [campaignId],
  );
}

/**
 * Works out anew which act is owed, of a campaign or of addresses; what is out at a tool keeps its act until the answer.
 * Gives the connections at which anything is owed.
 */
export async function owe(
  tx: Sql | Tx,
  of: { readonly campaignId: string } | { readonly addresses: readonly string[] },
): Promise<string[]> {
  const [where, value] =
    "campaignId" in of
      ? (["h.campaign_id = $1::uuid", of.campaignId] as const)
      : (["h.address = any($1::text[])", [...of.addresses]] as const);
  const rows = await tx.unsafe(
    `with now_owed as (
       select h.campaign_id, h.connection, h.address, ${OWED} as act from hand_overs h where ${where} and h.batch_id is null),
     put as (
       update hand_overs h set owed = n.act, state = case
           when h.state in ('refused', 'opted_out') and n.act is null then h.state
           when n.act = 'add' then 'waiting' when h.has = 'no' and not h.wanted then 'out' else h.state end
       from now_owed n where h.campaign_id = n.campaign_id and h.connection = n.connection and h.address = n.address
         and h.batch_id is null)
     select distinct connection from now_owed where act is not null`,
    [value],
  );
  return rows.map(({ connection }) => String(connection));
}

/** Addresses that are wanted in somewhere, of these. */
export async function findWanted(sql: Db, addresses: readonly string[]): Promise<HandOver[]> {
  const rows = await sql.unsafe(
    `select ${handOverColumns} from hand_overs h where h.address = any($1::text[]) and h.wanted order by h.campaign_id, h.address`,
    [[...addresses]],
  );
  return rows.map(readHandOver);
}

/** Members of a campaign, by address and tool; a page. */
export async function pageHandOvers(
  sql: Sql,
  query: { readonly campaignId: string; readonly after: readonly [string, string] | null; readonly limit: number },
): Promise<HandOver[]> {
  const rows = await sql.unsafe(
    `select ${handOverColumns} from hand_overs h where h.campaign_id = $1::uuid and (h.address, h.connection) > ($2, $3)
     order by h.address, h.connection limit $4`,
    [query.campaignId, query.after?.[0] ?? "", query.after?.[1] ?? "", query.limit],
  );
  return rows.map(readHandOver);
}

/** Addresses that are wanted in a campaign; those at several tools count once. */
export async function countWanted(sql: Db, campaignId: string): Promise<number> {
  const [row] = await sql.unsafe(
    "select count(distinct address)::int as n from hand_overs where campaign_id = $1::uuid and wanted",
    [campaignId],
  );
  return Number(row?.n ?? 0);
}

/** How many members stand how, by tool. */
export async function countHandOvers(
  sql: Sql,
  campaignId: string,
): Promise<{ readonly connection: string; readonly state: HandOverState; readonly members: number }[]> {
  const rows = await sql.unsafe(
    `select connection, state, count(*)::int as members from hand_overs where campaign_id = $1::uuid group by connection, state
     order by connection, state`,
    [campaignId],
  );
  return rows.map((row) => ({
    connection: String(row.connection),
    state: row.state as HandOverState,
    members: Number(row.members),
  }));
}

/** Campaigns that a record, its contacts or those merged into it are or were in, the newest first. */
export async function handOversOf(
  sql: Sql,
  kundeemneId: string,
): Promise<(HandOver & { readonly campaign: string })[]> {
  const rows = await sql.unsafe(
    `select ${handOverColumns}, c.name as campaign from hand_overs h join campaigns c on c.id = h.campaign_id
     where h.kundeemne_id = $1::uuid or h.kundeemne_id in (select id from kundeemner where merged_into = $1::uuid)
     order by h.changed_at desc, h.campaign_id, h.connection, h.address limit 500`,
    [kundeemneId],
  );
  return rows.map((row) => ({ ...readHandOver(row), campaign: String(row.campaign) }));
}

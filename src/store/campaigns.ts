import type { Channel } from "../rules/consent-facts.ts";
import type { Approach } from "../rules/eligibility.ts";
import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface CampaignWish {
  readonly name: string;
  readonly segmentId: string;
  readonly connections: readonly string[];
  readonly channel: Channel;
  readonly purpose: Approach["purpose"];
  readonly sender: Approach["sender"];
  /** Days in Copenhagen, both included; null: open. */
  readonly startsOn: string | null;
  readonly endsOn: string | null;
}

export interface Campaign extends CampaignWish {
  readonly id: string;
  readonly state: "active" | "ended";
  readonly round: number;
  readonly selectedAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
}

const columns = `c.id, c.name, c.segment_id, c.connections, c.channel, c.purpose, c.sender, c.starts_on::text as starts_on, c.ends_on::text as ends_on,
  c.state, c.round, ${instantText("c.selected_at")} as selected_at, ${instantText("c.created_at")} as created_at, c.created_by,
  ${instantText("c.updated_at")} as updated_at`;

// The casts read what `insertCampaign` wrote from the same types.
const readCampaign = (row: Record<string, unknown>): Campaign => ({
  id: String(row.id),
  name: String(row.name),
  segmentId: String(row.segment_id),
  connections: row.connections as string[],
  channel: row.channel as Channel,
  purpose: row.purpose as Campaign["purpose"],
  sender: row.sender as Campaign["sender"],
  startsOn: row.starts_on as string | null,
  endsOn: row.ends_on as string | null,
  state: row.state as Campaign["state"],
  round: Number(row.round),
  selectedAt: row.selected_at as string | null,
  createdAt: String(row.created_at),
  createdBy: String(row.created_by),
  updatedAt: String(row.updated_at),
});

export async function insertCampaign(sql: Sql, id: string, wish: CampaignWish, by: string): Promise<void> {
  await sql.unsafe(
    `insert into campaigns (id, name, segment_id, connections, channel, purpose, sender, starts_on, ends_on, state, created_at, created_by, updated_at)
     values ($1::uuid, $2, $3::uuid, $4::text[], $5, $6, $7, $8::date, $9::date, 'active', kobling_now(), $10, kobling_now())`,
    [
      ...[id, wish.name, wish.segmentId, [...wish.connections], wish.channel, wish.purpose, wish.sender],
      ...[wish.startsOn, wish.endsOn, by],
    ],
  );
}

export async function findCampaign(sql: Db, id: string): Promise<Campaign | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from campaigns c where c.id = $1::uuid`, [id]);
  return row && readCampaign(row);
}

export async function listCampaigns(sql: Sql): Promise<Campaign[]> {
  return (await sql.unsafe(`select ${columns} from campaigns c order by c.created_at desc, c.id`)).map(readCampaign);
}

/** Ids of those that are not ended. */
export async function activeCampaigns(sql: Sql): Promise<string[]> {
  return (await sql.unsafe("select id from campaigns where state = 'active' order by id")).map(({ id }) => String(id));
}

/** Whether any campaign that is not ended takes this segment. */
export async function isSegmentUsed(sql: Sql, segmentId: string): Promise<boolean> {
  const rows = await sql.unsafe("select 1 from campaigns where segment_id = $1::uuid and state = 'active' limit 1", [
    segmentId,
  ]);
  return rows.length > 0;
}

/** Ends it for good. False: there is none of this id. */
export async function setEnded(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql.unsafe(
    "update campaigns set state = 'ended', updated_at = kobling_now() where id = $1::uuid returning id",
    [id],
  );
  return rows.length > 0;
}

/** Begins a selection: its number. */
export async function nextRound(tx: Tx | Sql, id: string): Promise<number> {
  const [row] = await tx.unsafe(
    "update campaigns set round = round + 1, selected_at = kobling_now() where id = $1::uuid returning round",
    [id],
  );
  return Number(row?.round ?? 0);
}

import { RejectedError } from "../../lib/errors.ts";
import { copenhagenDay } from "../../lib/time.ts";
import {
  activeCampaigns,
  type Campaign,
  type CampaignWish,
  findCampaign,
  insertCampaign,
  nextRound,
  setEnded,
} from "../../store/campaigns.ts";
import { readNow } from "../../store/clock.ts";
import { countWanted, forgetRefusals, owe, wantIn, wantOut, wantOutOlder } from "../../store/hand-overs.ts";
import { findSegment, type Member, pageMembers } from "../../store/segments.ts";
import type { Actor, Deps } from "../deps.ts";
import { runSegment } from "../segments.ts";
import { judgePassable, refusalOf } from "./reconsider.ts";

const PAGE = 500;

export interface CampaignAct extends Omit<CampaignWish, "channel" | "purpose" | "sender"> {
  /** The segment's own where left out. */
  readonly channel?: CampaignWish["channel"];
  readonly purpose?: CampaignWish["purpose"];
  readonly sender?: CampaignWish["sender"];
  readonly by: Actor;
}

/** Plans a campaign; nothing is handed over yet. Throws RejectedError `not_found` (segment), `not_allowed` (connections). */
export async function createCampaign(deps: Deps, { by, ...act }: CampaignAct): Promise<Campaign> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, act.segmentId);
  if (segment === undefined) throw new RejectedError("not_found", "There is no segment with this id");
  const { channel = segment.channel, purpose = segment.purpose, sender = segment.sender } = act;
  const takers = Object.keys(deps.config.connections).filter((name) =>
    deps.connectorOf(name).audience?.channels.includes(channel),
  );
  if (act.connections.some((name) => !takers.includes(name)))
    throw new RejectedError("not_allowed", "Not every one of these is a campaign tool for this channel", {
      context: { field: "connections", allowed: takers },
    });
  const passing = act.connections.find((name) => deps.connectorOf(name).audience?.passesOn === true);
  if (passing !== undefined && (sender !== "third_party" || purpose !== "markedsfoering"))
    throw new RejectedError(
      "not_allowed",
      `${passing} passes addresses on: a campaign to it is advertising (purpose markedsfoering) of sender third_party`,
      { context: { field: "sender", allowed: ["third_party"] } },
    );
  const id = deps.newId();
  const connections = [...new Set(act.connections)];
  await insertCampaign(sql, id, { ...act, connections, channel, purpose, sender }, by.name);
  deps.log.info("campaign.planned", { campaignId: id, purpose, channel, by: by.name });
  return await getCampaign(deps, id);
}

/** Throws RejectedError `not_found`. */
export async function getCampaign(deps: Pick<Deps, "db">, id: string): Promise<Campaign> {
  const campaign = await findCampaign(deps.db.sql, id);
  if (campaign === undefined) throw new RejectedError("not_found", "There is no campaign with this id");
  return campaign;
}

/** Why nobody may be in a campaign on a day; undefined: it is on. */
export function closedBy(campaign: Campaign, today: string): "ended" | "period_over" | "period_not_begun" | undefined {
  if (campaign.state === "ended") return "ended";
  if (campaign.endsOn !== null && campaign.endsOn < today) return "period_over";
  return campaign.startsOn !== null && campaign.startsOn > today ? "period_not_begun" : undefined;
}

export interface Selection {
  readonly round: number;
  /** Addresses that are wanted in; those who share one count once. */
  readonly selected: number;
  /** Members of the segment who may not be contacted for this, by the first reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Why nobody is selected. */
  readonly closed: "ended" | "period_over" | "period_not_begun" | null;
}

/**
 * Works out anew who is to be in a campaign: the segment is run, the rule asked for the campaign's own purpose and channel, and what
 * differs from what the tools have is owed to them. Page by page, each in a transaction of its own; cut off, it is run
 * again. `again`: what a tool has refused is tried once more. Throws RejectedError `not_found`.
 */
export async function selectCampaign(deps: Deps, id: string, again = false): Promise<Selection> {
  const { sql } = deps.db;
  const campaign = await getCampaign(deps, id);
  const closed = closedBy(campaign, copenhagenDay(new Date(await readNow(sql))));
  const round = await nextRound(sql, id);
  const refused: Record<string, number> = {};
  if (closed === undefined) {
    await runSegment(deps, campaign.segmentId);
    for (let after: string | null = null; ; ) {
      const page: Member[] = await pageMembers(sql, campaign.segmentId, after, PAGE);
      for (const reason of await selectPage(deps, campaign, round, page)) refused[reason] = (refused[reason] ?? 0) + 1;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.entityId;
    }
  }
  const { due, selected } = await sql.begin(async (tx) => {
    await wantOutOlder(tx, id, round, closed ?? "criterion");
    if (again) await forgetRefusals(tx, id);
    return { due: await owe(tx, { campaignId: id }), selected: await countWanted(tx, id) };
  });
  for (const connection of due) await deps.queue.due("audience", connection);
  deps.log.info("campaign.selected", { campaignId: id, round, selected });
  return { round, selected, refused, closed: closed ?? null };
}

/** Wants a page of the segment's members in, as far as the rule lets them; gives the reasons of the others. */
async function selectPage(deps: Deps, campaign: Campaign, round: number, page: readonly Member[]): Promise<string[]> {
  const level = page[0]?.entityId === page[0]?.kundeemneId ? "kundeemne" : "kontaktperson";
  return await deps.db.sql.begin(async (tx) => {
    const judged = await judgePassable(deps, tx, { ...campaign, level }, page);
    const why = new Map(page.map((member) => [member.entityId, member.why]));
    const members = new Map<string, Parameters<typeof wantIn>[3][number]>();
    const out: { address: string; reason: string }[] = [];
    const reasons: string[] = [];
    for (const { address, entityId, kundeemneId, ...each } of judged) {
      const reason = refusalOf({ address, entityId, kundeemneId, ...each });
      if (reason !== undefined) reasons.push(reason);
      if (address === null) continue;
      if (reason !== undefined) out.push({ address, reason });
      else if (!members.has(address))
        members.set(address, { address, entityId, kundeemneId, reason: why.get(entityId) ?? "criterion" });
    }
    await wantOut(tx, campaign.id, out);
    await wantIn(tx, campaign, round, [...members.values()]);
    return reasons;
  });
}

/** Selects every campaign that is not ended anew; one that fails leaves the others alone. */
export async function selectCampaigns(deps: Deps): Promise<void> {
  for (const id of await activeCampaigns(deps.db.sql)) {
    try {
      await selectCampaign(deps, id);
    } catch (error) {
      deps.log.error("campaign.not_selected", { campaignId: id, error });
    }
  }
}

/** Ends a campaign for good: everybody goes out of its audience at every tool. Throws RejectedError `not_found`. */
export async function endCampaign(
  deps: Deps,
  { id, by }: { readonly id: string; readonly by: Actor },
): Promise<Campaign> {
  if (!(await setEnded(deps.db.sql, id))) throw new RejectedError("not_found", "There is no campaign with this id");
  deps.log.info("campaign.ended", { campaignId: id, by: by.name });
  await selectCampaign(deps, id);
  return await getCampaign(deps, id);
}

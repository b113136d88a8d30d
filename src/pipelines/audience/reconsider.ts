import type { Campaign } from "../../store/campaigns.ts";
import { findCampaign } from "../../store/campaigns.ts";
import type { Sql, Tx } from "../../store/database.ts";
import { findWanted, type HandOver, owe, wantOut } from "../../store/hand-overs.ts";
import type { Deps } from "../deps.ts";
import { type Judged, judgeAll } from "../segments.ts";

/** The verdict on members of one campaign at this moment, by address; who has another address by now has none. */
export async function judgeMembers(
  sql: Sql | Tx,
  campaign: Campaign,
  members: readonly HandOver[],
): Promise<Map<string, Judged>> {
  const [first] = members;
  if (first === undefined) return new Map();
  const level = first.entityId === first.kundeemneId ? "kundeemne" : "kontaktperson";
  const judged = await judgeAll(sql, { ...campaign, level }, members);
  const byEntity = new Map(judged.map((each) => [each.entityId, each]));
  return new Map(
    members.flatMap(({ address, entityId }) => {
      const verdict = byEntity.get(entityId);
      return verdict?.address === address ? [[address, verdict] as const] : [];
    }),
  );
}

/** Why a member may not be handed over; undefined: it may. */
export function refusalOf(judged: Judged | undefined): string | undefined {
  if (judged === undefined) return "address_changed";
  return judged.verdict.allowed ? undefined : (judged.verdict.reasons[0] ?? "no_address");
}

/**
 * Something was said of these addresses: whoever may not be contacted any more is wanted out of every campaign at every
 * tool, and an end that a new grant follows is owed as a remove of its own (rule R23). May run twice.
 */
export async function reconsider(deps: Deps, addresses: readonly string[]): Promise<void> {
  const due = await deps.db.sql.begin(async (tx) => {
    const wanted = await findWanted(tx, addresses);
    for (const [id, members] of Map.groupBy(wanted, ({ campaignId }) => campaignId)) {
      const campaign = await findCampaign(tx, id);
      if (campaign === undefined) continue;
      const judged = await judgeMembers(tx, campaign, members);
      const out = members.flatMap(({ address }) => {
        const reason = refusalOf(judged.get(address));
        return reason === undefined ? [] : [{ address, reason }];
      });
      await wantOut(tx, id, out);
    }
    return await owe(tx, { addresses });
  });
  for (const connection of due) await deps.queue.due("audience", connection);
}

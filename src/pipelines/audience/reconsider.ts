import { addressOf } from "../../rules/consent-address.ts";
import type { Campaign } from "../../store/campaigns.ts";
import { findCampaign } from "../../store/campaigns.ts";
import type { Sql, Tx } from "../../store/database.ts";
import { findWanted, type HandOver, owe, wantOut } from "../../store/hand-overs.ts";
import type { Deps } from "../deps.ts";
import { type Judged, judgeAll } from "../judge-people.ts";
import { passedOn } from "./passed-on.ts";

/** Values are those that may be passed on; `isBound`: the address is none of them. */
export interface Passable extends Judged {
  readonly isBound: boolean;
}

/** The verdict on members of one campaign at this moment, by address; who has another address by now has none. */
export async function judgeMembers(
  deps: Deps,
  sql: Sql | Tx,
  campaign: Campaign,
  members: readonly HandOver[],
): Promise<Map<string, Passable>> {
  const [first] = members;
  if (first === undefined) return new Map();
  const level = first.entityId === first.kundeemneId ? "kundeemne" : "kontaktperson";
  const judged = await judgePassable(deps, sql, { ...campaign, level }, members);
  const byEntity = new Map(judged.map((each) => [each.entityId, each]));
  return new Map(
    members.flatMap(({ address, entityId }) => {
      const verdict = byEntity.get(entityId);
      return verdict?.address === address ? [[address, verdict] as const] : [];
    }),
  );
}

/** An address that a source forbids to be passed on, is none (rule R14); nor is any other such value handed over. */
export async function judgePassable(
  deps: Deps,
  sql: Sql | Tx,
  asked: Parameters<typeof judgeAll>[2],
  candidates: Parameters<typeof judgeAll>[3],
): Promise<Passable[]> {
  return (await judgeAll(sql, deps, asked, candidates)).map((each) => {
    const record = passedOn(deps, each.whole.record);
    const contact = each.whole.contact && passedOn(deps, each.whole.contact);
    return { ...each, record, contact, isBound: addressOf(asked.channel, record, contact) !== each.address };
  });
}

/** Why a member may not be handed over; undefined: it may. */
export function refusalOf(judged: Passable | undefined): string | undefined {
  if (judged === undefined) return "address_changed";
  if (judged.isBound) return "terms";
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
      const judged = await judgeMembers(deps, tx, campaign, members);
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

import { RejectedError } from "../lib/errors.ts";
import { copenhagenDay } from "../lib/time.ts";
import { addressOf, consentAddress } from "../rules/consent-address.ts";
import type { Channel, ConsentFact, ConsentPurpose } from "../rules/consent-facts.ts";
import { type Approach, type Eligibility, eligible } from "../rules/eligibility.ts";
import { recordFactsOf } from "../rules/record-facts.ts";
import { readNow } from "../store/clock.ts";
import { addConsent, loadConsentFacts, type StoredConsent } from "../store/consents.ts";
import { loadEntities, type StoredEntity } from "../store/entities.ts";
import { reconsider } from "./audience/reconsider.ts";
import type { Actor, Deps } from "./deps.ts";

export interface ConsentAct {
  readonly kundeemneId: string;
  readonly kontaktpersonId?: string;
  readonly channel: Channel;
  readonly purpose: ConsentPurpose;
  readonly kind: ConsentFact["kind"];
  /** As it is written; the record's or the contact's own where it is left out. */
  readonly address?: string;
  /** When it was said; now where it is left out. */
  readonly at?: string;
  readonly evidence?: string;
  readonly optOutOffered?: boolean;
  readonly source?: string;
  readonly by: Actor;
}

/**
 * Notes what somebody said of an address: a permission with what proves it, or its end. What is said of an address holds for
 * every record that has it (rule R23). Throws RejectedError `not_found`, `gone` (merged, erased), `bad_value` (address: none
 * of this channel, or none at all).
 */
export async function noteConsent(deps: Deps, act: ConsentAct): Promise<StoredConsent> {
  const { sql } = deps.db;
  const { record, contact } = await find(deps, act);
  const { mergedInto, erased } = record.state;
  if (mergedInto !== null) throw new RejectedError("gone", "The record was merged", { context: { mergedInto } });
  if (erased) throw new RejectedError("gone", "The record was erased", { context: { id: record.id } });
  const address =
    act.address === undefined
      ? addressOf(act.channel, record.values, contact?.values)
      : consentAddress(act.channel, act.address);
  if (address === null)
    throw new RejectedError("bad_value", "There is no address of this channel; name one", {
      context: { field: "address", rule: "consent_address" },
    });
  const at = act.at === undefined ? new Date(await readNow(sql)).toISOString() : new Date(act.at).toISOString();
  const noted = await addConsent(sql, {
    ...{ address, channel: act.channel, purpose: act.purpose, kind: act.kind, at },
    ...{ evidence: act.evidence ?? null, optOutOffered: act.optOutOffered ?? null, source: act.source ?? null },
    ...{ kundeemneId: record.id, kontaktpersonId: contact?.id ?? null, by: act.by.name },
  });
  deps.log.info("consent.noted", { consentId: noted.id, kind: noted.kind, channel: noted.channel, by: act.by.name });
  await reconsider(deps, [address]);
  return noted;
}

export interface EligibilityQuestion {
  readonly kundeemneId: string;
  readonly kontaktpersonId?: string;
  readonly channel: Channel;
  readonly purpose: Approach["purpose"];
  readonly sender: Approach["sender"];
}

/** May the record, or its contact, be reached on this channel for this, now? (S60, S62; domain notes, d.9.) Throws RejectedError `not_found`. */
export async function askEligibility(
  deps: Pick<Deps, "db" | "seal">,
  question: EligibilityQuestion,
): Promise<Eligibility> {
  const { sql } = deps.db;
  const { record, contact } = await find(deps, question);
  const { channel, purpose, sender } = question;
  const address = addressOf(channel, record.values, contact?.values);
  const now = new Date(await readNow(sql));
  const consents = address === null ? [] : ((await loadConsentFacts(sql, deps.seal, [address])).get(address) ?? []);
  const { erased, mergedInto, orphaned } = record.state;
  return eligible({
    ...{ channel, purpose, sender, address, consents, contact: contact !== undefined },
    record: recordFactsOf({ values: record.values, erased, orphaned, merged: mergedInto !== null }),
    now: now.toISOString(),
    today: copenhagenDay(now),
  });
}

async function find(
  deps: Pick<Deps, "db">,
  { kundeemneId, kontaktpersonId }: { readonly kundeemneId: string; readonly kontaktpersonId?: string | undefined },
): Promise<{ record: StoredEntity; contact: StoredEntity | undefined }> {
  const { sql } = deps.db;
  const record = (await loadEntities(sql, "kundeemne", [kundeemneId])).get(kundeemneId);
  if (record === undefined) throw new RejectedError("not_found", "There is no Kundeemne with this id");
  if (kontaktpersonId === undefined) return { record, contact: undefined };
  const contact = (await loadEntities(sql, "kontaktperson", [kontaktpersonId])).get(kontaktpersonId);
  if (contact?.parentId !== record.id)
    throw new RejectedError("not_found", "The Kundeemne has no contact with this id");
  return { record, contact };
}

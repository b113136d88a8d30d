import { emailAddressKey, isRoleAddress, nameOfAddress, readEmailDomain } from "../danish/email-domain.ts";
import { RejectedError } from "../lib/errors.ts";
import type { UnitEffect } from "../rules/decision.ts";
import type { Entity } from "../rules/record.ts";
import { lockMatchKeys } from "../store/candidates.ts";
import {
  type DomainContact,
  findAddress,
  findByDomain,
  findDomainContact,
  isContactUsed,
  markUndone,
  noteAddress,
} from "../store/domain-contacts.ts";
import { loadContacts } from "../store/entities.ts";
import type { Review } from "../store/reviews.ts";
import { hitTombstones } from "../store/tombstones.ts";
import { type Batch, iso, systemSetter } from "./batch.ts";
import { close, type Decision, retake } from "./decision.ts";
import type { Actor, Deps } from "./deps.ts";
import { inBatch, makeEntity, takeForEdit } from "./edit.ts";
import { emailKey } from "./matching.ts";
import { takeAway } from "./take-away.ts";

/** An address that a message came from. Checked already: it has the form of one. */
export interface SeenAddress {
  readonly address: string;
  /** As the message names the sender. */
  readonly name: string | null;
  readonly messageId: string;
  readonly sentAt: string | null;
}

export type AddressOutcome =
  /** A contact was made, by this or an earlier message. */
  | { readonly outcome: "made" | "known"; readonly kundeemneId: string; readonly kontaktpersonId: string }
  /** A person is to say whose it is. */
  | { readonly outcome: "asked" }
  | { readonly outcome: "ignored"; readonly reason: IgnoredReason };

export type IgnoredReason =
  /** No person stands behind `info@`. */
  | "role_address"
  /** Anybody can have an address there. */
  | "public_mail_domain"
  | "own_domain"
  | "not_a_domain"
  /** A person said that it is nobody's, or took the contact away that was made of it. */
  | "said_no";

/**
 * What an address that wrote to us comes to (S25), once an address: a contact of the one company that has its domain. Of a
 * domain that no company has, or several, a person is asked. Sets no consent, and makes nobody the primary contact.
 */
export async function takeAddress(
  deps: Deps,
  seen: SeenAddress & { readonly connection: string; readonly by: Actor },
): Promise<AddressOutcome> {
  const domain = domainOf(deps, seen.address);
  if (!("domain" in domain)) return { outcome: "ignored", reason: domain.reason };
  const addressHash = deps.seal.mac(`address:${emailAddressKey(seen.address)}`);
  return inBatch(deps, async (batch): Promise<AddressOutcome> => {
    const { tx } = batch;
    await lockMatchKeys(tx, [`address:${addressHash}`]);
    const known = await findAddress(tx, addressHash);
    if (known !== undefined && known.state !== "made") return known.state === "asked" ? { outcome: "asked" } : no;
    if (known?.kundeemneId != null && known.kontaktpersonId !== null)
      return { outcome: "known", kundeemneId: known.kundeemneId, kontaktpersonId: known.kontaktpersonId };
    // Made, and taken away by a person since: not made again.
    if (known !== undefined) return no;
    if ((await hitTombstones(tx, [addressHash])).size > 0) return no;
    const found = await findByDomain(tx, domain.domain);
    const about = { ...seen, ...domain, addressHash };
    const [one] = found;
    if (one === undefined || found.length > 1) return ask(batch, about, found);
    return makeFor(batch, about, one);
  });
}

const no: AddressOutcome = { outcome: "ignored", reason: "said_no" };

interface About extends SeenAddress {
  readonly connection: string;
  readonly by: Actor;
  readonly domain: string;
  readonly addressHash: string;
}

function domainOf(deps: Deps, address: string): { domain: string } | { reason: IgnoredReason } {
  if (isRoleAddress(address)) return { reason: "role_address" };
  const domain = readEmailDomain(address.slice(address.lastIndexOf("@") + 1));
  if (!domain.ok) return { reason: domain.code === "email_domain_public" ? "public_mail_domain" : "not_a_domain" };
  const isOwn = deps.config.contacts.ownDomains.some((own) => {
    const read = readEmailDomain(own);
    return read.ok && read.value === domain.value;
  });
  return isOwn ? { reason: "own_domain" } : { domain: domain.value };
}

async function ask(batch: Batch, about: About, candidates: readonly string[]): Promise<AddressOutcome> {
  const { address, name, messageId, connection } = about;
  await note(batch, about, "asked", null);
  batch.openings.push({
    ...{ entityId: null, hold: null },
    review: {
      ...{ kind: "unknown_address", connection },
      reason: candidates.length === 0 ? "S25:no_company" : "S25:several_companies",
      detail: { address, name, messageId, domain: about.domain, sentAt: about.sentAt, candidates },
    },
  });
  return { outcome: "asked" };
}

/** The contact of the emne with this address, else one that is made of it. */
async function makeFor(batch: Batch, about: About, kundeemneId: string): Promise<AddressOutcome> {
  await takeForEdit(batch, "kundeemne", kundeemneId, undefined);
  const key = emailKey({ email: about.address });
  const contacts = await loadContacts(batch.tx, [kundeemneId], true);
  const same = contacts.find((contact) => emailKey(contact.values) === key);
  if (same !== undefined) return { outcome: "known", kundeemneId, kontaktpersonId: same.id };
  const via: UnitEffect = {
    ...{ unit: "oprettetVia", did: "took", rule: "S25:domain" },
    ...{ write: { oprettetVia: "domaene" }, by: systemSetter(batch.now) },
  };
  const values = { navn: about.name ?? nameOfAddress(about.address), email: about.address, primaer: false };
  const { entity } = makeEntity(batch, {
    ...{ entity: "kontaktperson", values, parentId: kundeemneId, by: about.by },
    derived: [via],
  });
  await note(batch, about, "made", entity.id);
  return { outcome: "made", kundeemneId, kontaktpersonId: entity.id };
}

const note = (
  batch: Batch,
  { addressHash, domain, connection, messageId, sentAt, by }: About,
  state: DomainContact["state"],
  kontaktpersonId: string | null,
): Promise<number> =>
  noteAddress(batch.tx, {
    ...{ addressHash, state, kontaktpersonId, domain, connection, messageId, sentAt },
    ...{ at: iso(batch.now), by: by.name },
  });

/** Whose an address is: `link` makes a contact of the Kundeemne that `target` names, `ignore` says nobody's. Once and for all. */
export async function decideAddress(batch: Batch, before: Review, act: Decision): Promise<void> {
  const review = await retake(batch, act);
  const about = aboutOf(batch, review, act);
  const candidates = Array.isArray(review.detail?.candidates) ? review.detail.candidates.map(String) : [];
  if (act.decision === "link") {
    const target = act.target ?? (candidates.length === 1 ? candidates[0] : undefined);
    if (target === undefined)
      throw new RejectedError("bad_value", "`target` names the Kundeemne that is meant", { context: { candidates } });
    const made = await makeFor(batch, about, target);
    if (made.outcome === "known") await note(batch, about, "made", made.kontaktpersonId);
  } else await note(batch, about, "ignored", null);
  await close(batch, before, act);
}

/** The address as the review keeps it. */
function aboutOf({ deps }: Batch, { detail, connection }: Review, { by }: Decision): About {
  const text = (name: string): string | null => {
    const value = detail?.[name];
    return typeof value === "string" ? value : null;
  };
  const address = text("address") ?? "";
  return {
    ...{ address, name: text("name"), messageId: text("messageId") ?? "", sentAt: text("sentAt"), by },
    ...{ connection: connection ?? "", domain: text("domain") ?? "" },
    addressHash: deps.seal.mac(`address:${emailAddressKey(address)}`),
  };
}

/**
 * Takes away a contact that was made by its domain (S28); its address makes none again. One that was changed since, or that
 * anything hangs on, stays: RejectedError `record_moved`. Taken away already: nothing changes. Throws `not_found`.
 */
export async function undoDomainContact(deps: Deps, { id, by }: { id: number; by: Actor }): Promise<DomainContact> {
  const { sql } = deps.db;
  const before = await findDomainContact(sql, id);
  if (before === undefined || before.kontaktpersonId === null)
    throw new RejectedError("not_found", "No contact was made under this number", { context: { id } });
  if (before.state === "made")
    await inBatch(deps, async (batch) => {
      const { kontaktpersonId } = before;
      if (kontaktpersonId === null) return;
      const slot = await takeForEdit(batch, "kontaktperson", kontaktpersonId, undefined);
      if (isChanged(slot.entity) || (await isContactUsed(batch.tx, kontaktpersonId)))
        throw new RejectedError("record_moved", "The contact was changed or used since it was made", {
          context: { id: kontaktpersonId },
        });
      await takeAway(batch, slot, by);
      await markUndone(batch.tx, id, iso(batch.now), by.name);
    });
  return (await findDomainContact(sql, id)) ?? before;
}

/** Some field has another value than it was made with. That it was moved to another emne by a merge is no change of it. */
const isChanged = ({ provenance, values }: Entity): boolean =>
  values.oprettetVia !== "domaene" || Object.values(provenance.u).some(([version]) => version > 1);

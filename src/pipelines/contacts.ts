import { primaryView, type Values } from "../model/catalogue.ts";
import { applyToEntity, applyToLink } from "../rules/apply.ts";
import type { UnitEffect } from "../rules/decision.ts";
import type { DecideInput } from "../rules/unit-case.ts";
import { isEmpty, pick } from "../rules/unit-values.ts";
import { decideView, effectsForLink, viewHold } from "../rules/view.ts";
import {
  type Batch,
  type Cause,
  type EntitySlot,
  type Incoming,
  iso,
  type LinkSlot,
  newSlot,
  record,
  write,
} from "./batch.ts";
import { openCases } from "./cases.ts";
import { emailKey } from "./matching.ts";

const viewKeys = [...primaryView.keys()];

/** The contacts of an emne in hand, the primary one first known by its flag. */
export const contactsOf = (batch: Batch, kundeemneId: string): EntitySlot[] => batch.contacts.get(kundeemneId) ?? [];

export const primaryOf = (batch: Batch, kundeemneId: string): EntitySlot | undefined =>
  contactsOf(batch, kundeemneId).find((slot) => slot.entity.values.primaer === true && !slot.entity.state.erased);

/**
 * Carries out what a flat claim about "the contact" comes to (rule R29): an edit of the primary contact, a contact that
 * is made, or a proposal to make another one primary.
 */
export function judgeView(
  batch: Batch,
  input: DecideInput,
  linkSlot: LinkSlot,
  slot: EntitySlot,
  incoming: Incoming,
  cause: Cause,
): "held" | "updated" | "unchanged" {
  if (slot.entity.holds[viewHold] !== undefined) return "unchanged";
  const contacts = contactsOf(batch, slot.entity.id);
  const primary = primaryOf(batch, slot.entity.id);
  const facts = contacts.map(({ entity }) => ({
    id: entity.id,
    email: typeof entity.values.email === "string" ? entity.values.email : null,
  }));
  const view = decideView(input, primary?.entity ?? null, facts);
  const claimed = pick(viewKeys, input.reading.claims);
  switch (view.kind) {
    case "none":
      if (primary === undefined) showBase(linkSlot, claimed, null);
      return "unchanged";
    case "same_person": {
      if (primary === undefined || view.effects.length === 0) return "unchanged";
      record(batch, primary, applyToEntity(primary.entity, view.effects, cause.by), cause);
      const effects = effectsForLink(input.mapping, view.effects, primary.entity.version);
      linkSlot.link = {
        ...linkSlot.link,
        ...applyToLink(linkSlot.link, effects, slot.entity),
        viewOf: primary.entity.id,
      };
      linkSlot.dirty = true;
      batch.look.add(slot.entity.id);
      const held = openCases(batch, primary, linkSlot.link, view.effects, incoming);
      return held ? "held" : view.effects.some((effect) => effect.did === "took") ? "updated" : "unchanged";
    }
    case "make": {
      const made = makeContact(batch, slot, view.values, view.primary, cause, incoming);
      if (view.primary) {
        showBase(linkSlot, claimed, made.entity.id, made.entity.version);
        return "updated";
      }
      propose(batch, slot, linkSlot, claimed, made.entity.id, incoming);
      return "held";
    }
    case "propose":
      propose(batch, slot, linkSlot, claimed, view.contactId, incoming);
      return "held";
  }
}

/** Makes a contact of an emne; its `oprettetVia` is the object that spoke of it. Never sets consent. */
export function makeContact(
  batch: Batch,
  parent: EntitySlot,
  values: Values,
  primary: boolean,
  cause: Cause,
  incoming: Pick<Incoming, "object">,
): EntitySlot {
  const made = newSlot({ kind: "kontaktperson", id: batch.deps.newId(), parentId: parent.entity.id }, batch.now);
  const via = ["debitor", "kreditor", "kundeemne"].includes(incoming.object) ? incoming.object : "manuel";
  const all: Values = { ...values, primaer: primary, oprettetVia: via };
  const effects: UnitEffect[] = Object.entries(all)
    .filter(([, value]) => !isEmpty(value))
    .map(([unit, value]) => ({ unit, did: "took", rule: "R29:made", write: { [unit]: value } }));
  record(batch, made, applyToEntity(made.entity, effects, cause.by), cause);
  batch.entities.set(made.entity.id, made);
  batch.contacts.set(parent.entity.id, [...contactsOf(batch, parent.entity.id), made]);
  batch.look.add(made.entity.id);
  return made;
}

/** Base of the view: what the remote shows, as of a contact and its version. */
function showBase(linkSlot: LinkSlot, claimed: Values, contactId: string | null, version?: number): void {
  const decided = { ...linkSlot.link.decided };
  if (version !== undefined) for (const key of Object.keys(claimed)) decided[key] = version;
  linkSlot.link = { ...linkSlot.link, base: { ...linkSlot.link.base, ...claimed }, decided, viewOf: contactId };
  linkSlot.dirty = true;
}

/** Another person is meant: nothing of the view is sent until somebody has said who is primary. */
function propose(
  batch: Batch,
  slot: EntitySlot,
  linkSlot: LinkSlot,
  claimed: Values,
  contactId: string,
  incoming: Incoming,
): void {
  linkSlot.link = { ...linkSlot.link, seen: { ...linkSlot.link.seen, ...claimed } };
  linkSlot.dirty = true;
  slot.entity = { ...slot.entity, holds: { ...slot.entity.holds, [viewHold]: 0 } };
  slot.dirty = true;
  batch.openings.push({
    entityId: slot.entity.id,
    hold: viewHold,
    review: {
      kind: "primary_contact",
      entity: "kundeemne",
      entityId: slot.entity.id,
      unit: viewHold,
      connection: linkSlot.link.connection,
      object: linkSlot.link.object,
      externalId: linkSlot.link.externalId,
      linkId: linkSlot.link.id,
      changeId: incoming.changeId,
      runId: incoming.runId,
      reason: "R29:another_person",
      detail: { contactId },
      sides: [
        {
          link: linkSlot.link.id,
          connection: linkSlot.link.connection,
          object: linkSlot.link.object,
          value: claimed,
          at: iso(incoming.receivedAt),
          changeId: incoming.changeId,
        },
      ],
    },
  });
}

/** A remote shows a second primary contact: a person says which one it is. Nothing is held meanwhile. */
export function proposePrimary(
  batch: Batch,
  linkSlot: LinkSlot,
  kundeemneId: string,
  contactId: string,
  incoming: Incoming,
): void {
  const { link } = linkSlot;
  const about = {
    connection: link.connection,
    object: link.object,
    externalId: link.externalId,
    linkId: link.id,
  } as const;
  const change = { changeId: incoming.changeId, runId: incoming.runId } as const;
  const review = {
    ...about,
    ...change,
    kind: "primary_contact",
    entity: "kundeemne",
    entityId: kundeemneId,
    reason: "S22:second_primary",
    detail: { contactId },
  } as const;
  batch.openings.push({ entityId: null, hold: null, review });
}

/** The remote has made this contact the primary one: the one before it no longer is (S22). */
export function onePrimary(batch: Batch, slot: EntitySlot, cause: Cause): void {
  const { entity } = slot;
  if (entity.kind !== "kontaktperson" || entity.values.primaer !== true || entity.parentId === null) return;
  for (const other of contactsOf(batch, entity.parentId)) {
    if (other === slot || other.entity.values.primaer !== true) continue;
    write(batch, other, [{ unit: "primaer", did: "took", rule: "S22:one_primary", write: { primaer: false } }], cause);
  }
}

/** Columns that a contact is found by. */
export const contactKeys = (values: Values): { email_key: string | null } => ({ email_key: emailKey(values) });

import { RejectedError, RetryableError } from "../lib/errors.ts";
import type { Values } from "../model/catalogue.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { derivedSetter } from "../rules/derived.ts";
import { isEmpty } from "../rules/unit-values.ts";
import { lockMatchKeys } from "../store/candidates.ts";
import { insertDealing } from "../store/dealings.ts";
import { loadContacts } from "../store/entities.ts";
import { findLead, insertLead, type Lead, lockLead, waitOfKey } from "../store/leads.ts";
import { hitTombstones } from "../store/tombstones.ts";
import { type Batch, type EntitySlot, iso, slotOf, write } from "./batch.ts";
import { leadTombstone } from "./buried.ts";
import { addUp } from "./dealing-sums.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter, editEffects, inBatch, makeEntity, takeForEdit } from "./edit.ts";
import { emailKey, indexOf, loadCandidates, lockKeys, type Stranger } from "./matching.ts";

/** A lead of a web form, a fair, a telephone call. Values are checked already; flat keys. */
export interface LeadAct {
  readonly kilde: string;
  readonly submissionId: string;
  readonly detalje: string | null;
  /** `YYYY-MM-DD`. */
  readonly dato: string;
  readonly kundeemne: Values;
  readonly kontaktperson: Values | null;
  readonly besked: string | null;
  readonly keyId: string;
  readonly by: Actor;
}

const ACTIVITY_OF: Readonly<Record<string, string>> = { messe: "moede", telefon: "opkald", kampagne: "kampagne" };
const SOURCE = ["leadkilde", "leadkildeDetalje", "leadkildeDato"] as const;

/**
 * Takes in a lead (S65), once per source and submission id: the same again is answered the same, another content under the
 * id is RejectedError `exists`. A record that is surely the same company (domain notes, e.8) gets the lead as an activity and
 * keeps its values; otherwise one is made, and those that it may be a duplicate of are told to a person. Consent is never
 * set. RetryableError `limit_reached` when the key has sent too many.
 */
export async function takeLead(deps: Deps, act: LeadAct): Promise<{ lead: Lead; repeated: boolean }> {
  return inBatch(deps, async (batch) => {
    const { tx } = batch;
    await lockLead(tx, act);
    const fingerprint = deps.seal.mac(
      JSON.stringify([act.kilde, act.detalje, act.dato, act.kundeemne, act.kontaktperson, act.besked]),
    );
    const known = await findLead(tx, act.kilde, act.submissionId);
    if (known !== undefined && known.fingerprint !== fingerprint)
      throw new RejectedError("exists", "Another lead came with this submission id", { context: { id: known.id } });
    if (known !== undefined) return { lead: known, repeated: true };
    const buried = await hitTombstones(tx, [leadTombstone(deps.seal, act.kilde, act.submissionId)]);
    if (buried.size > 0) throw new RejectedError("gone", "What this lead made was erased");
    const waitMs = await waitOfKey(tx, act.keyId, deps.config.leads.limit);
    if (waitMs !== null)
      throw new RetryableError("limit_reached", "Too many leads came with this key", { retryAfterMs: waitMs });

    const { match, duplicates } = await lookFor(batch, act.kundeemne);
    const slot = match === undefined ? make(batch, act) : await takeForEdit(batch, "kundeemne", match, undefined);
    if (match !== undefined) fillSource(batch, slot, act);
    const contact = act.kontaktperson === null ? null : await contactFor(batch, slot, act.kontaktperson, act.by);
    const aktivitetId = await note(batch, slot, act, contact);
    const lead: Lead = {
      ...{ id: deps.newId(), kilde: act.kilde, submissionId: act.submissionId, fingerprint, detalje: act.detalje },
      ...{ dato: act.dato, receivedAt: iso(batch.now), keyId: act.keyId, by: act.by.name },
      outcome: match === undefined ? "made" : "matched",
      ...{ kundeemneId: slot.entity.id, kontaktpersonId: contact, aktivitetId, duplicates },
    };
    await insertLead(tx, lead);
    if (duplicates.length > 0)
      batch.openings.push({
        ...{ entityId: null, hold: null },
        review: {
          ...{ kind: "duplicate", reason: "S65:possible_duplicate", entity: "kundeemne", entityId: slot.entity.id },
          detail: { lead: lead.id, candidates: [...duplicates, slot.entity.id] },
        },
      });
    return { lead, repeated: false };
  });
}

/** The one record that is surely meant, or those that may be. The archived are neither (S69). */
async function lookFor(batch: Batch, values: Values): Promise<{ match: string | undefined; duplicates: string[] }> {
  const stranger: Stranger = { values: { landekode: "DK", ...values }, number: undefined };
  await lockMatchKeys(batch.tx, lockKeys(stranger));
  await loadCandidates(batch, [stranger]);
  const live = [...batch.entities.values()].filter(
    ({ entity: { state } }) => !state.archived && !state.restricted && !state.erased && state.mergedInto === null,
  );
  const found = indexOf(live).find(stranger, new Set());
  // Read without a lock; whoever is meant is taken anew.
  batch.entities.clear();
  if (found.kind === "one") return { match: found.id, duplicates: [] };
  return { match: undefined, duplicates: found.kind === "several" ? [...found.ids] : [] };
}

function make(batch: Batch, act: LeadAct): EntitySlot {
  const source = { leadkilde: act.kilde, leadkildeDetalje: act.detalje, leadkildeDato: act.dato };
  // Nobody has said so: as soon as it is linked its links say what it is (rule R4).
  const kinds: UnitEffect = {
    ...{ unit: "emnetyper", did: "took", rule: "R4:derived", by: derivedSetter(batch.now) },
    write: { emnetyper: ["lead"] },
  };
  const derived = isEmpty(act.kundeemne.emnetyper) ? [kinds] : [];
  return makeEntity(batch, { entity: "kundeemne", values: { ...act.kundeemne, ...source }, by: act.by, derived });
}

/** Where a record was first heard of is told once: a later lead does not change it. */
function fillSource(batch: Batch, slot: EntitySlot, act: LeadAct): void {
  const { values, holds } = slot.entity;
  if (SOURCE.some((field) => !isEmpty(values[field]) || holds[field] !== undefined)) return;
  const source = { leadkilde: act.kilde, leadkildeDetalje: act.detalje, leadkildeDato: act.dato };
  const cause = { by: actorSetter(act.by, batch.now), changeId: null, runId: null, mapping: null };
  write(batch, slot, editEffects("kundeemne", values, source, "API"), cause);
}

/** The contact of the emne with the same e-mail address, else a new one; the first of an emne is its primary one. */
async function contactFor(batch: Batch, slot: EntitySlot, values: Values, by: Actor): Promise<string> {
  const { id } = slot.entity;
  if (slot.was > 0) {
    const slots = (await loadContacts(batch.tx, [id], true)).map(slotOf);
    if ((batch.contacts.get(id) ?? []).length === 0) batch.contacts.set(id, slots);
  }
  const contacts = batch.contacts.get(id) ?? [];
  const key = emailKey(values);
  const same = key === null ? undefined : contacts.find((each) => emailKey(each.entity.values) === key);
  if (same !== undefined) return same.entity.id;
  const primaer = !contacts.some((each) => each.entity.values.primaer === true);
  const made = makeEntity(batch, { entity: "kontaktperson", values: { ...values, primaer }, parentId: id, by });
  return made.entity.id;
}

/** A lead is an activity of its day: what was said, and by whom. */
async function note(batch: Batch, slot: EntitySlot, act: LeadAct, contact: string | null): Promise<string> {
  const id = batch.deps.newId();
  const at = iso(batch.now);
  const values: Values = {
    type: ACTIVITY_OF[act.kilde] ?? "notat",
    dato: act.dato,
    notat: act.besked,
    kontaktpersonId: contact,
    udfald: "aaben",
  };
  const by = act.by.name;
  const meta = {
    id,
    kundeemneId: slot.entity.id,
    version: 1,
    createdAt: at,
    updatedAt: at,
    createdBy: by,
    updatedBy: by,
  };
  await insertDealing(batch.tx, "aktiviteter", { ...meta, values, source: null });
  await addUp(batch, [slot], {
    by: actorSetter(act.by, batch.now),
    kind: "lead_received",
    fields: { aktiviteter: [null, id] },
  });
  return id;
}

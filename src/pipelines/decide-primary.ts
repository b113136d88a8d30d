import { RejectedError } from "../lib/errors.ts";
import { lastShown } from "../rules/owed.ts";
import { agrees, pick } from "../rules/unit-values.ts";
import type { Review } from "../store/reviews.ts";
import type { Batch, LinkSlot } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import { close, type Decision, retake } from "./decision.ts";
import { makePrimary } from "./edit.ts";
import { releaseHold, takeWhole } from "./whole-record.ts";

/**
 * Decides whether the person that a remote speaks of becomes the primary contact (rule R29): `make_primary`, by default of
 * the contact in doubt, or `ignore`. What the links show of "the contact" is then judged against whoever is primary.
 */
export async function decidePrimary(batch: Batch, before: Review, act: Decision): Promise<void> {
  if (before.entityId === null) throw new Error(`Review ${before.id} names no emne`);
  const slot = await takeWhole(batch, "kundeemne", before.entityId);
  const review = await retake(batch, act);
  if (act.decision === "make_primary") {
    const contactId = act.target ?? review.detail?.contactId;
    const contact = batch.contacts.get(slot.entity.id)?.find((each) => each.entity.id === contactId);
    if (contact === undefined)
      throw new RejectedError("bad_value", "`target` must be a contact of this emne", { context: { id: review.id } });
    const by = { kind: "person", actor: act.by.name, from: batch.now, to: batch.now } as const;
    makePrimary(batch, slot.entity.id, contact.entity.id, {
      by,
      changeId: null,
      runId: null,
      mapping: null,
      kind: "decided",
    });
  }
  for (const linkSlot of batch.links.values()) showView(batch, linkSlot, slot.entity.id);
  releaseHold(slot, review.id);
  batch.look.add(slot.entity.id);
  await close(batch, review, act);
}

/** Base of the view becomes what the link last showed, as of the contact that is primary now. */
function showView(batch: Batch, linkSlot: LinkSlot, emneId: string): void {
  const { link } = linkSlot;
  const mapping = batch.deps.mappingOf(link.connection, link.object);
  if (mapping === undefined || !mapping.hasView || link.entityId !== emneId || link.state !== "linked") return;
  const primary = primaryOf(batch, emneId);
  const base = { ...link.base };
  const seen = { ...link.seen };
  const decided = { ...link.decided };
  for (const mapped of mapping.units) {
    const { view } = mapped;
    const key = mapped.keys[0];
    if (view === undefined || key === undefined) continue;
    Object.assign(base, pick([key], lastShown(link)));
    delete seen[key];
    delete decided[mapped.unit];
    if (primary === undefined || base[key] === undefined) continue;
    const own = { ...mapped, unit: view, keys: [view], view: undefined };
    if (agrees("kontaktperson", own, { [view]: base[key] }, primary.entity.values))
      decided[mapped.unit] = primary.entity.version;
  }
  linkSlot.link = { ...link, base, seen, decided, viewOf: primary?.entity.id ?? null };
  linkSlot.dirty = true;
}

import type { Values } from "../model/catalogue.ts";
import { type Settled, settle } from "../rules/answer.ts";
import { lastShown } from "../rules/owed.ts";
import type { Batch, EntitySlot, Incoming, LinkSlot } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import type { Mapped } from "./load.ts";

const viewName = "primaer.navn";

/** An attempt and how its outcome is known. */
export interface Answered {
  /** What reading the body back would give. */
  readonly values: Values;
  readonly versions: { readonly [unit: string]: number };
  readonly how: "answer" | "read";
  /** The link is in flight by this attempt, and is settled now. */
  readonly ends: boolean;
  /** The remote has acknowledged the write, so it has had what was sent, whatever it shows by now (rule R11). */
  readonly arrived?: true;
  /** The write made the object: what it sent is what the object showed first, so another value is an edit (rule R19). */
  readonly made?: true;
}

/**
 * A push names our outstanding delivery: that is its receipt (rule R21). One change above what was known is the write
 * itself, so what the push shows answers it; more, and it is a later read (rule R17).
 */
export function takeReceipt(batch: Batch, slot: LinkSlot, incoming: Incoming): Answered | undefined {
  const { link } = slot;
  const outstanding = batch.delivered.get(link.id)?.outstanding;
  if (outstanding === null || outstanding === undefined) return undefined;
  batch.receipted.push(outstanding);
  batch.delivered.set(link.id, { acknowledged: outstanding, outstanding: null });
  const image = link.images.findLast((each) => each.until === undefined);
  if (image === undefined || incoming.deleted || link.state !== "linked") {
    const images = link.images.filter((each) => each.until !== undefined);
    slot.link = { ...link, images, inFlight: false, writeCount: link.writeCount + 1 };
    slot.dirty = true;
    return undefined;
  }
  const next = link.counter !== null && incoming.counter === link.counter + 1;
  return { values: image.values, versions: image.versions, how: next ? "answer" : "read", ends: true, arrived: true };
}

/**
 * A push that names what we know to be applied last shows the object after it: what it looked like before is past. Gives
 * the attempts of bare receipts that this reading is the last to answer.
 */
export function pastOf(batch: Batch, slot: LinkSlot, { pushed, lastDelivery }: Incoming): ReadonlySet<number> {
  const acknowledged = batch.delivered.get(slot.link.id)?.acknowledged ?? null;
  if (!pushed || lastDelivery === null || acknowledged === null || lastDelivery < acknowledged) return new Set();
  const past = slot.link.images.flatMap(({ before, attempt }) => (before === undefined ? [] : [attempt]));
  if (past.length > 0) slot.link = { ...slot.link, images: slot.link.images.map(({ before: _, ...image }) => image) };
  return new Set(past);
}

/** Their images have done their part. */
export function forget(slot: LinkSlot, attempts: ReadonlySet<number>): void {
  if (attempts.size === 0) return;
  slot.link = { ...slot.link, images: slot.link.images.filter(({ attempt }) => !attempts.has(attempt)) };
}

/** Judges an answer field by field (rule R17); what it did not settle is judged as a reading. */
export function settleAnswer(
  batch: Batch,
  slot: LinkSlot,
  entitySlot: EntitySlot,
  mapping: Mapped["mapping"],
  incoming: Incoming,
  answered: Answered,
  claims: Values,
): Settled {
  const arrived = answered.arrived === true || answered.how === "answer";
  if (answered.made === true) slot.link = { ...slot.link, base: { ...answered.values, ...slot.link.base } };
  const settled = settle(
    entitySlot.entity.kind,
    slot.link,
    mapping,
    answered,
    lastShown(slot.link),
    claims,
    answered.how,
    arrived,
  );
  if (arrived) {
    // It has had what was sent; where it ignored a write, the version stays (rule R11).
    const had = Object.entries(answered.versions).filter(([unit]) => !settled.ignored.includes(unit));
    slot.link = { ...slot.link, decided: { ...slot.link.decided, ...Object.fromEntries(had) } };
  }
  const { link } = slot;
  if (answered.ends) {
    // Images are forgotten at settle; late ones outlive it until the remote's longest delay has passed (rule R13).
    const images = link.images.flatMap((image) =>
      image.until !== undefined && image.until > batch.now ? [{ ...image, settled: true as const }] : [],
    );
    slot.link = { ...link, images, inFlight: false, writeCount: link.writeCount + 1 };
    slot.dirty = true;
  }
  const primary = mapping.hasView ? primaryOf(batch, entitySlot.entity.id) : undefined;
  // Whose view the remote shows from now on, where a name was sent and it is still the primary contact's (rule R29).
  if (primary !== undefined && answered.values[viewName] === primary.entity.values.navn)
    slot.link = { ...slot.link, viewOf: primary.entity.id };
  for (const unit of settled.ignored) {
    const about = {
      entity: entitySlot.entity.kind,
      entityId: entitySlot.entity.id,
      unit,
      connection: link.connection,
      object: link.object,
    } as const;
    const review = {
      ...about,
      kind: "ignored_write",
      externalId: link.externalId,
      linkId: link.id,
      changeId: incoming.changeId,
      reason: "R17:ignored",
    } as const;
    batch.openings.push({ entityId: null, hold: null, review });
  }
  return settled;
}

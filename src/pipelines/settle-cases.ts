import { RetryableError } from "../lib/errors.ts";
import type { Values } from "../model/catalogue.ts";
import type { Setter } from "../rules/record.ts";
import { agrees, pick } from "../rules/unit-values.ts";
import { lockFreeLinks } from "../store/link-acts.ts";
import { lockLinksById } from "../store/links.ts";
import type { ReviewSide } from "../store/reviews.ts";
import { type Batch, type EntitySlot, iso, write } from "./batch.ts";
import { mappedFor, showBase } from "./sides.ts";
import { releaseHold } from "./whole-record.ts";

type Held = Batch["held"] extends Map<number, infer Each> ? Each : never;

/**
 * What the batch's decisions mean to the cases of its records (rule R16): a value in force that changed is a side that
 * moved; sides that come to agree close their case, and base of every link that is a side becomes what it last showed.
 * Runs before anything is worked out to be owed. Costs nothing where no case is open.
 */
export async function settleCases(batch: Batch): Promise<void> {
  for (const review of batch.held.values()) {
    if (review.kind !== "conflict" && review.kind !== "proposal") continue;
    const slot = batch.entities.get(review.entityId ?? "");
    // A case that a person has decided in this batch holds nothing any more.
    if (slot === undefined || review.unit === null || !Object.values(slot.entity.holds).includes(review.id)) continue;
    moveOurs(batch, slot, review);
    if (review.moved) await closeAgreed(batch, slot, review, review.unit);
  }
}

/** The first side of ours is the value in force. */
function moveOurs(batch: Batch, slot: EntitySlot, review: Held): void {
  const [ours, ...others] = review.sides;
  if (!slot.dirty || ours === undefined || ours.link !== null) return;
  const fields = Object.keys(ours.value);
  // The case of a write may tell what was sent, in the remote's own terms (rule R17).
  if (!fields.every((field) => slot.entity.values[field] !== undefined)) return;
  const value = pick(fields, slot.entity.values);
  if (JSON.stringify(value) === JSON.stringify(ours.value)) return;
  review.sides = [{ ...ours, value, at: iso(batch.now) }, ...others];
  review.moved = true;
}

async function closeAgreed(batch: Batch, slot: EntitySlot, review: Held, unit: string): Promise<void> {
  const theirs = review.sides.filter((side) => side.link !== null);
  const [, edit] = review.sides.filter((side) => side.link === null);
  // An edit of ours that joined is our newest word (rule R16).
  const ours: Values = edit === undefined ? slot.entity.values : { ...slot.entity.values, ...edit.value };
  if (!theirs.every((side) => says(batch, slot, unit, side, ours))) return;
  await takeSides(batch, theirs);
  if (edit !== undefined) {
    const at = Date.parse(edit.at);
    const by: Setter = { kind: "api", ...edit.by, from: at, to: at };
    const effect = { unit, did: "took", rule: "R16:sides_agree", write: edit.value } as const;
    write(batch, slot, [effect], { by, changeId: null, runId: null, mapping: null });
  }
  releaseHold(slot, review.id);
  const sides = new Set(theirs.map((side) => side.link));
  for (const linkSlot of batch.links.values()) if (sides.has(linkSlot.link.id)) showBase(batch, slot, linkSlot, unit);
  batch.closings.push({ id: review.id, why: theirs.length === 0 ? "no_side_left" : "sides_agree" });
  // The case is told as it ended.
  review.moved = true;
}

/** A side's claim agrees with ours after normalisation, as its own mapping reads it. */
function says(batch: Batch, slot: EntitySlot, unit: string, side: ReviewSide, ours: Values): boolean {
  if (side.connection === null || side.object === null) return false;
  const mapped = mappedFor(batch, slot, unit, side.connection, side.object);
  return mapped !== undefined && agrees(slot.entity.kind, mapped, side.value, ours);
}

/**
 * Takes the links of a case into hand. Links come before records in the order of locks, and the record is held already:
 * so nothing waits here. One that another transaction holds lets this one be tried again.
 */
async function takeSides(batch: Batch, sides: readonly ReviewSide[]): Promise<void> {
  const inHand = new Set([...batch.links.values()].map((slot) => slot.link.id));
  const wanted = sides.flatMap(({ link }) => (link === null || inHand.has(link) ? [] : [link]));
  if (wanted.length === 0) return;
  const free = await lockFreeLinks(batch.tx, wanted);
  if (free.length < wanted.length)
    throw new RetryableError("busy", "A side of the case is being decided elsewhere", { retryAfterMs: 100 });
  // By id: several connections may use one external id.
  for (const [id, link] of await lockLinksById(batch.tx, free))
    batch.links.set(id, { link, dirty: false, image: undefined });
}

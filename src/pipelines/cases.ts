import type { UnitEffect } from "../rules/decision.ts";
import type { StoredLink } from "../store/links.ts";
import type { ReviewSide } from "../store/reviews.ts";
import { type Batch, type EntitySlot, type Incoming, iso } from "./batch.ts";

/**
 * Opens and joins the cases that a decision asks for (rules R15, R16); `settleCases` closes them. A held unit keeps its
 * value; every link's newest claim joins as a further side. True when the reading ended in somebody's hands.
 */
export function openCases(
  batch: Batch,
  slot: EntitySlot,
  link: StoredLink,
  effects: readonly UnitEffect[],
  incoming: Incoming,
): boolean {
  let held = false;
  for (const effect of effects) {
    const { review } = effect;
    if (review === undefined) continue;
    const side: ReviewSide = {
      link: link.id,
      connection: link.connection,
      object: link.object,
      value: review.theirs,
      at: iso(incoming.receivedAt),
      changeId: incoming.changeId,
    };
    if (review.join !== undefined) {
      joinCase(batch, slot, review.join, effect, side);
      if (review.close !== true) held = true;
      continue;
    }
    held = true;
    const hold = review.kind === "proposal" ? `${effect.unit}@${link.connection}` : effect.unit;
    if (slot.entity.holds[hold] !== undefined) continue;
    slot.entity = { ...slot.entity, holds: { ...slot.entity.holds, [hold]: 0 } };
    slot.dirty = true;
    batch.openings.push({
      entityId: slot.entity.id,
      hold,
      review: {
        kind: review.kind,
        entity: slot.entity.kind,
        entityId: slot.entity.id,
        unit: effect.unit,
        connection: link.connection,
        object: link.object,
        externalId: link.externalId,
        linkId: link.id,
        changeId: incoming.changeId,
        runId: incoming.runId,
        reason: review.reason,
        sides: [
          { link: null, connection: null, object: null, value: review.ours, at: iso(batch.now), changeId: null },
          ...otherSide(batch, slot, review),
          side,
        ],
        ...(review.swings === undefined ? {} : { detail: swingsOf(review, link) }),
      },
    });
  }
  return held;
}

type OpenedReview = NonNullable<UnitEffect["review"]>;

/** The system that the value in force came from is a side of its own, where two set each other's value back (rule R31). */
function otherSide(batch: Batch, slot: EntitySlot, { other, ours }: OpenedReview): ReviewSide[] {
  if (other === undefined) return [];
  const { connection, object } = other;
  const link = (batch.otherLinks.get(slot.entity.id) ?? []).find(
    (each) => each.connection === connection && each.object === object && each.state === "linked",
  );
  if (link === undefined) return [];
  return [{ link: link.id, connection, object, value: ours, at: iso(other.at), changeId: null }];
}

const swingsOf = ({ swings, other, ours, theirs }: OpenedReview, { connection, object }: StoredLink) => ({
  swings,
  between: [
    { connection: other?.connection, object: other?.object, value: ours },
    { connection, object, value: theirs },
  ],
});

function joinCase(batch: Batch, slot: EntitySlot, id: number, effect: UnitEffect, side: ReviewSide): void {
  const known = batch.held.get(id);
  if (known === undefined) {
    // Opened in this same batch: its sides are still in hand.
    const opening = batch.openings.find(
      (each) =>
        each.entityId === slot.entity.id &&
        each.hold !== null &&
        slot.entity.holds[each.hold] === id &&
        each.review.unit === effect.unit,
    );
    if (opening !== undefined) {
      const sides = (opening.review.sides ?? []).filter((each) => each.link !== side.link);
      batch.openings[batch.openings.indexOf(opening)] = {
        ...opening,
        review: { ...opening.review, sides: [...sides, side] },
      };
    }
    return;
  }
  const others = known.sides.filter((each) => each.link !== side.link);
  // What a person has refused already is no side (rule R15).
  known.sides = effect.rule === "R15:refused" ? others : [...others, side];
  known.moved = true;
}

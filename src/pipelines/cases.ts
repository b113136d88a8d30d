import type { UnitEffect } from "../rules/decision.ts";
import { agrees } from "../rules/unit-values.ts";
import type { StoredLink } from "../store/links.ts";
import type { ReviewSide } from "../store/reviews.ts";
import { type Batch, type EntitySlot, type Incoming, iso } from "./batch.ts";

/**
 * Opens, joins and closes the cases that a decision asks for (rules R15, R16). A held unit keeps its value; every link's
 * newest claim joins as a further side. True when the reading ended in somebody's hands.
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
          side,
        ],
      },
    });
  }
  return held;
}

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
  known.sides = [...known.sides.filter((each) => each.link !== side.link), side];
  known.moved = true;
  if (effect.review?.close !== true) return;
  // Sides that come to agree close the case: every other link's claim must say the same (rule R16).
  const others = known.sides.filter((each) => each.link !== null && each.link !== side.link);
  if (others.some((each) => !showsOurs(batch, slot, effect.unit, each))) return;
  const hold = known.kind === "proposal" ? `${effect.unit}@${known.connection}` : effect.unit;
  batch.closings.push({
    id,
    entityId: slot.entity.id,
    hold,
    why: effect.rule === "R15:refused" ? "refused_before" : "sides_agree",
  });
  const holds = { ...slot.entity.holds };
  delete holds[hold];
  slot.entity = { ...slot.entity, holds };
  slot.dirty = true;
}

/** A side's claim agrees with the value in force after normalisation, as its own mapping reads it. */
function showsOurs(batch: Batch, slot: EntitySlot, unit: string, side: ReviewSide): boolean {
  const mapping =
    side.connection === null || side.object === null ? undefined : batch.deps.mappingOf(side.connection, side.object);
  const mapped = mapping?.unitByName.get(unit);
  return mapped !== undefined && agrees(slot.entity.kind, mapped, side.value, slot.entity.values);
}

import { RejectedError } from "../lib/errors.ts";
import { catalogueOf, type Values } from "../model/catalogue.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { deriveSearchName } from "../rules/derived.ts";
import { gateState } from "../rules/gate.ts";
import type { Setter } from "../rules/record.ts";
import { DECIDED } from "../rules/refused.ts";
import { pick, taken } from "../rules/unit-values.ts";
import type { Review, ReviewSide } from "../store/reviews.ts";
import { type Batch, type EntitySlot, systemSetter, write } from "./batch.ts";
import { close, type Decision, retake } from "./decision.ts";
import { mappedFor, showBase } from "./sides.ts";
import { releaseHold, takeWhole } from "./whole-record.ts";
import { laneKey } from "./world.ts";

/**
 * Decides a conflict or a proposal (rule R16): `take_theirs`, `keep_ours`, or a `value` that a person types. Base of every
 * link becomes what it last showed, so that whoever shows something else is owed the outcome.
 */
export async function decideCase(batch: Batch, before: Review, act: Decision): Promise<void> {
  const { entity: kind, entityId, unit } = before;
  if (kind === null || entityId === null || unit === null) throw new Error(`Review ${before.id} holds no unit`);
  const slot = await takeWhole(batch, kind, entityId);
  const review = await retake(batch, act);
  const gate = gateState(slot.entity, "in");
  if (!gate.allowed)
    throw new RejectedError("record_closed", "The state of the record forbids every write", {
      context: { id: entityId, reason: gate.reason },
    });
  assertFree(slot, unit, review, act);
  const chosen = choose(batch, slot, unit, review, act);
  const by: Setter = {
    kind: act.by.kind === "system" ? "system" : "person",
    actor: act.by.name,
    from: batch.now,
    to: batch.now,
  };
  const effects = effectsOf(batch, slot, unit, review, chosen);
  const along = positionAlong(batch, slot, unit, chosen);
  if (along !== undefined) effects.push(along.effect);
  const name = effects.find((effect) => effect.unit === "firmanavn" && effect.did === "took")?.write?.firmanavn;
  const search =
    name === undefined
      ? undefined
      : deriveSearchName({ ...slot.entity, values: { ...slot.entity.values, firmanavn: name } }, batch.now);
  const cause = { by, changeId: null, runId: null, mapping: null, kind: "decided" };
  write(batch, slot, search === undefined ? effects : [...effects, search], cause);
  // Only links that are a side: what another one showed under a shut gate is still to be judged (rules R14, R16).
  const sides = new Set(review.sides.flatMap((side) => side.link ?? []));
  for (const linkSlot of batch.links.values()) if (sides.has(linkSlot.link.id)) showBase(batch, slot, linkSlot, unit);
  releaseHold(slot, review.id);
  await close(batch, review, act);
  if (along === undefined) return;
  releaseHold(slot, along.review.id);
  await close(batch, along.review, act);
}

/** The coordinates that a directory proposes with an address are taken with it (S19). */
function positionAlong(
  batch: Batch,
  slot: EntitySlot,
  unit: string,
  { write, side }: Chosen,
): { readonly effect: UnitEffect; readonly review: Review } | undefined {
  if (unit !== "adresse" || write === null || side === undefined || side.link === null) return undefined;
  const review = batch.held.get(slot.entity.holds[`gps@${side.connection}`] ?? 0);
  const theirs = review?.sides.find((each) => each.link === side.link);
  if (review === undefined || theirs === undefined) return undefined;
  return { review, effect: { unit: "gps", did: "took", rule: "S19:with_address", write: theirs.value } };
}

/** A conflict holds the whole field: no proposal changes its value meanwhile (rule R16). */
function assertFree({ entity }: EntitySlot, unit: string, review: Review, act: Decision): void {
  const holding = entity.holds[unit];
  if (holding === undefined || holding === review.id || act.decision === "keep_ours") return;
  throw new RejectedError("conflict", "A conflict holds this field; decide that first", {
    context: { id: review.id, conflict: holding },
  });
}

interface Chosen {
  /** Fields to write; null: the value in force stays. */
  readonly write: Values | null;
  /** The side that won, where it is one. */
  readonly side: ReviewSide | undefined;
}

function choose(batch: Batch, slot: EntitySlot, unit: string, review: Review, act: Decision): Chosen {
  switch (act.decision) {
    case "value": {
      const fields = new Set(catalogueOf(slot.entity.kind).units.get(unit)?.fields);
      const named = Object.keys(act.value ?? {});
      if (act.value === undefined || named.length === 0 || named.some((field) => !fields.has(field)))
        throw new RejectedError("bad_value", "`value` names the fields that are decided, and no others", {
          context: { unit, fields: [...fields] },
        });
      return { write: act.value, side: undefined };
    }
    case "keep_ours": {
      // An edit of ours that came meanwhile joined as a further side: it is ours (rule R16).
      const [inForce, ...edits] = review.sides.filter((side) => side.link === null);
      const edit = edits.at(-1);
      return { write: edit?.value ?? null, side: edit ?? inForce };
    }
    default: {
      const side = theirSide(review, act.target);
      const mapped = mappedFor(batch, slot, unit, side.connection ?? "", side.object ?? "");
      if (mapped === undefined)
        throw new RejectedError("not_allowed", "The mapping no longer speaks of this field; give a value instead", {
          context: { unit, connection: side.connection },
        });
      return { write: taken(mapped, side.value, slot.entity.values), side };
    }
  }
}

/** The side that `take_theirs` means: the only one, or the one that `target` names by its link or connection. */
function theirSide(review: Review, target: string | undefined): ReviewSide {
  const theirs = review.sides.filter((side) => side.link !== null);
  const meant =
    target === undefined
      ? theirs
      : theirs.filter(
          (side) =>
            side.link === target || side.connection === target || `${side.connection}/${side.object}` === target,
        );
  const [first, ...others] = meant;
  const values = new Set(meant.map((side) => JSON.stringify(side.value)));
  if (first === undefined || (others.length > 0 && values.size > 1)) {
    throw new RejectedError("bad_value", "Several sides, or none, are meant: name one by its link or connection", {
      context: { id: review.id, sides: theirs.map((side) => side.link ?? "") },
    });
  }
  return first;
}

/** What wins is written with the person as its setter; every side that loses is recorded (promise 3). */
function effectsOf(
  batch: Batch,
  slot: EntitySlot,
  unit: string,
  review: Review,
  { write, side }: Chosen,
): UnitEffect[] {
  const { entity } = slot;
  const provenance = entity.provenance.u[unit];
  const inForce =
    (provenance === undefined ? undefined : entity.provenance.s[provenance[1]]) ?? systemSetter(batch.now);
  const effects: UnitEffect[] = [];
  if (write !== null) {
    const loser = { value: pick(Object.keys(write), entity.values), by: inForce };
    effects.push({ unit, did: "took", rule: DECIDED, write, loser });
  }
  // The first side of ours is the value in force: it was recorded as the loser above, or it won.
  const [ours] = review.sides.filter((each) => each.link === null);
  for (const each of review.sides) {
    if (each === side || each === ours) continue;
    if (side !== undefined && JSON.stringify(each.value) === JSON.stringify(side.value)) continue;
    effects.push({ unit, did: "lost", rule: DECIDED, loser: { value: each.value, by: setterOfSide(batch, each) } });
  }
  return effects;
}

function setterOfSide(batch: Batch, side: ReviewSide): Setter {
  const at = Date.parse(side.at);
  if (side.connection === null || side.object === null) return { kind: "api", ...side.by, from: at, to: at };
  const lane = batch.lanes.get(laneKey(side.connection, side.object));
  return {
    kind: "connection",
    ...(lane === undefined ? {} : { side: lane.side }),
    connection: side.connection,
    object: side.object,
    ...(side.changeId === null ? {} : { change: side.changeId }),
    from: at,
    to: at,
  };
}

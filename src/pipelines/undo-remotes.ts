import type { MappedUnit } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { applyToLink } from "../rules/apply.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { gateOut } from "../rules/gate.ts";
import { lastShown } from "../rules/owed.ts";
import type { Entity, Link } from "../rules/record.ts";
import { type Place, UNDONE } from "../rules/undo.ts";
import { agrees, asTheirs, pick, renderingOf, theirsEmpty } from "../rules/unit-values.ts";
import { viewLink } from "../rules/view.ts";
import type { Batch, EntitySlot } from "./batch.ts";
import { viewOf } from "./owing.ts";
import { laneKey, type OpenLane } from "./world.ts";

/**
 * Remotes that show the value in force of a unit and may not be given another one (rule R33): by the direction of the
 * object or of the line, by what the line may write, or by a policy. Without a pin they would go on differing unsaid.
 */
export function keptByRemote(batch: Batch, slot: EntitySlot, unit: string): string[] {
  const { entity } = slot;
  const own = batch.otherLinks.get(entity.id) ?? [];
  const emnes = entity.values.primaer === true ? (batch.otherLinks.get(entity.parentId ?? "") ?? []) : [];
  const names: string[] = [];
  for (const link of [...own, ...emnes]) {
    const lane = batch.lanes.get(laneKey(link.connection, link.object));
    const mapping = batch.deps.mappingOf(link.connection, link.object);
    if (link.state !== "linked" || lane === undefined || mapping === undefined) continue;
    // A file says nothing by itself any more: there is no remote that would go on differing.
    if (lane.byHand === true) continue;
    const isOwn = link.entityId === entity.id;
    if (!isOwn && !mapping.hasView) continue;
    const mapped = (isOwn ? mapping : viewOf(mapping)).unitByName.get(unit);
    if (mapped === undefined || mapped.view !== undefined) continue;
    const seen = isOwn ? link : viewLink(mapping, link, entity.id);
    const theirs = pick(mapped.keys, lastShown(seen));
    if (theirsEmpty(mapped, theirs) || !holds(entity, seen, mapped, theirs)) continue;
    if (!mayWrite(batch, entity, lane, mapped)) names.push(`${link.connection}/${link.object}`);
  }
  return names;
}

const holds = (entity: Entity, link: Link, mapped: MappedUnit, theirs: Values): boolean =>
  agrees(entity.kind, mapped, theirs, entity.values) ||
  renderingOf(
    entity.kind,
    mapped,
    link.renderings[mapped.unit]?.filter((pair) => pair.ignored !== true),
    theirs,
    entity.values,
  ) !== undefined;

/** A lane that a guard has stopped, or a connection that is paused, writes again later. */
function mayWrite(batch: Batch, entity: Entity, lane: OpenLane, mapped: MappedUnit): boolean {
  const direction = batch.deps.connection(lane.connection).objects[lane.object]?.direction;
  const isOut = (direction === "out" || direction === "both") && lane.row.releasedOut;
  if (!isOut || mapped.direction === "in" || mapped.write === "on_create" || mapped.write === "if_empty") return false;
  return gateOut(
    { ...entity, state: { ...entity.state, archived: false } },
    mapped.unit,
    { ...lane, outbound: true },
    false,
    batch.now,
  ).allowed;
}

/**
 * The remote whose value was filled in keeps it, though ours is empty again: it had it before. Recorded as its rendering of
 * our emptiness, so that neither side is written until one of them changes; whoever else got the value from us is owed.
 */
export function keepShown(batch: Batch, slot: EntitySlot, unit: string, from: Place): void {
  const { entity } = slot;
  for (const linkSlot of batch.links.values()) {
    const { link } = linkSlot;
    if (link.connection !== from.connection || link.object !== from.object || link.state !== "linked") continue;
    const isOwn = link.entityId === entity.id;
    const record = isOwn ? slot : batch.entities.get(link.entityId === entity.parentId ? (entity.parentId ?? "") : "");
    const mapping = batch.deps.mappingOf(link.connection, link.object);
    const mapped = mapping?.units.find((each) => (isOwn ? each.unit === unit : each.view === unit));
    if (record === undefined || mapped === undefined) continue;
    const got = pick(mapped.keys, lastShown(link));
    if (theirsEmpty(mapped, got)) continue;
    const effect: UnitEffect = {
      unit: mapped.unit,
      did: "rendered",
      rule: UNDONE,
      base: got,
      decided: isOwn ? "after" : entity.version,
      rendering: { sent: asTheirs(mapped, isOwn ? entity.values : {}), got },
    };
    linkSlot.link = { ...link, ...applyToLink(link, [effect], record.entity) };
    linkSlot.dirty = true;
  }
}

const reasonOf = (run: number): string => `R33:undo ${run}`;

/** The old value is kept in force by a pin of this undo. */
export const pinned = (entity: Entity, unit: string, run: number, by: string): Entity => ({
  ...entity,
  policies: [
    ...entity.policies.filter((each) => !(each.unit === unit && each.pin === true)),
    { unit, policy: "frozen", pin: true, reason: reasonOf(run), by },
  ],
});

/** Takes off the pin that an undo has set, if it did. */
export function unpinned(entity: Entity, unit: string, run: number): Entity {
  const policies = entity.policies.filter((each) => !(each.unit === unit && each.pin && each.reason === reasonOf(run)));
  return policies.length === entity.policies.length ? entity : { ...entity, policies };
}

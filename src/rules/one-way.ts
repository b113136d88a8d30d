import type { UnitEffect } from "./decision.ts";
import { shown, type UnitCase } from "./unit-case.ts";
import { agrees, pick, sameTheirs, theirsEmpty } from "./unit-values.ts";

/**
 * One-way out, or switched off: what the remote shows is noted, not judged (rule R22). Base is kept where the lane is
 * switched off, so that switching on goes on from it (rule R27). What a later write of ours may replace is recorded.
 */
export function showOneWay(each: UnitCase): UnitEffect | undefined {
  const { entity, link, lane, mapped, theirs, keys } = each;
  const { unit } = mapped;
  const same = (before: typeof theirs): boolean =>
    keys.every((key) => before[key] !== undefined) && sameTheirs(entity.kind, mapped, theirs, before);
  const now = shown(each);
  const isOld = same(pick(mapped.keys, { ...link.base, ...link.seen }));
  if (lane.off === true) {
    if (isOld) return undefined;
    const off = { unit, did: "noted", rule: "R22:off", seen: now } as const;
    return isOnItsWay(each) && !isRecorded(each) ? { ...off, loser: { value: now, by: each.setter } } : off;
  }
  const noted = { unit, did: "noted", rule: "R22:one_way" } as const;
  const isBase = same(pick(mapped.keys, link.base));
  if (isOld && isBase) return undefined;
  if (agrees(entity.kind, mapped, theirs, entity.values)) return { ...noted, base: now, decided: "after" };
  const shows = mapped.direction === "out" || isBase ? { base: now } : { seen: now };
  if (!theirsEmpty(mapped, theirs) && !isRecorded(each))
    return { ...noted, ...shows, loser: { value: now, by: each.setter } };
  return isOld && shows.base === undefined ? undefined : { ...noted, ...shows };
}

/** A write of ours that left before the lane was switched off may still replace what is shown now. */
const isOnItsWay = ({ entity, link, mapped, theirs }: UnitCase): boolean =>
  !theirsEmpty(mapped, theirs) &&
  !agrees(entity.kind, mapped, theirs, entity.values) &&
  link.images.some((image) => mapped.keys.some((key) => image.values[key] !== undefined));

const isRecorded = ({ entity, lane, mapped, theirs }: UnitCase): boolean =>
  (entity.provenance.u[mapped.unit]?.[3] ?? []).some(
    ({ by, value }) =>
      by.connection === lane.connection && by.object === lane.object && sameTheirs(entity.kind, mapped, theirs, value),
  );

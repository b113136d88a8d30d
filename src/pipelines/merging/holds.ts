import type { Batch, EntitySlot } from "../batch.ts";

export interface Joined {
  /** What holds the survivor's fields afterwards. */
  readonly holds: { readonly [unit: string]: number };
  /** Cases of the other record that went up in one of the survivor's. */
  readonly joined: readonly number[];
}

/**
 * Cases of a record that is merged are moved (rule R16): a field that a case of the survivor holds already gets the sides of
 * the other case. Nothing is decided by it; whoever has seen the case before looks again.
 */
export function joinCases(batch: Batch, survivor: EntitySlot, other: EntitySlot): Joined {
  const holds: { [unit: string]: number } = { ...survivor.entity.holds };
  const joined: number[] = [];
  for (const [unit, id] of Object.entries(other.entity.holds)) {
    const review = batch.held.get(id);
    const standing = batch.held.get(holds[unit] ?? 0);
    if (standing === undefined) {
      holds[unit] = id;
      if (review !== undefined) batch.held.set(id, { ...review, entityId: survivor.entity.id, moved: true });
      continue;
    }
    if (review !== undefined) {
      const [, ...edits] = review.sides.filter((side) => side.link === null);
      standing.sides = [...standing.sides, ...review.sides.filter((side) => side.link !== null), ...edits];
      standing.moved = true;
    }
    batch.held.delete(id);
    joined.push(id);
  }
  return { holds, joined };
}

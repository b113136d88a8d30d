import type { Values } from "../model/catalogue.ts";
import type { FieldChanges } from "./apply.ts";
import type { Setter } from "./record.ts";

/** A value that a unit had, who set it and when; `by` null: no remote did, but a person, our API or the gateway itself. */
export interface Turn {
  readonly at: number;
  readonly by: Source | null;
  readonly value: Values;
}

/** An object of a connection: two ledgers may swing, and debitor and kreditor of one ledger may as well. */
export interface Source {
  readonly connection: string;
  readonly object: string;
}

/** A version of a record as history keeps it, newest first where there are several. */
export interface Version {
  readonly at: number;
  readonly by: Setter;
  readonly fields: FieldChanges;
}

/** The other side of a swing, for the case that is opened. */
export interface Swinging {
  readonly swings: number;
  readonly other: Source;
  readonly at: number;
}

export const sourceOf = ({ kind, connection, object }: Setter): Source | null =>
  kind === "connection" && connection !== undefined && object !== undefined ? { connection, object } : null;

export const isSameSource = (a: Source | null, b: Source | null): boolean =>
  a !== null && b !== null && a.connection === b.connection && a.object === b.object;

/** The values that a unit had, oldest first, worked out backwards from those it has now. */
export function turnsOf(fields: readonly string[], now: Values, newestFirst: readonly Version[]): Turn[] {
  const turns: Turn[] = [];
  let value: Values = Object.fromEntries(fields.map((field) => [field, now[field] ?? null]));
  for (const version of newestFirst) {
    const moved = fields.flatMap((field) => {
      const change = version.fields[field];
      return change === undefined ? [] : [[field, change] as const];
    });
    if (moved.length === 0) continue;
    // What was derived is nobody's claim (rule R4).
    const isDerived = moved.every(([, change]) => change[2]?.startsWith("R4:") === true);
    turns.push({ at: version.at, by: isDerived ? null : sourceOf(version.by), value });
    value = { ...value, ...Object.fromEntries(moved.map(([field, [old]]) => [field, old])) };
  }
  return turns.reverse();
}

/**
 * How often a unit has swung, the newest turn included (rule R31). A swing counts only where every turn came from another
 * source than the one before it, nobody between was a person, and the source says again what it has said before: two
 * systems that set each other's values back. Turns before `since` do not count.
 */
export function countSwings(turns: readonly Turn[], since: number, same: (a: Values, b: Values) => boolean): number {
  let first = turns.length;
  while (first > 0) {
    const turn = turns[first - 1];
    const next = turns[first];
    if (turn === undefined || turn.by === null || turn.at <= since) break;
    if (next !== undefined && isSameSource(turn.by, next.by)) break;
    first -= 1;
  }
  const chain = turns.slice(first);
  return chain.filter((turn, at) =>
    chain.slice(0, at).some((before) => isSameSource(before.by, turn.by) && same(before.value, turn.value)),
  ).length;
}

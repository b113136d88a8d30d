import type { GuardKind, Touched, Trip } from "../rules/guards.ts";
import type { Direction, GuardKey } from "../store/guards.ts";

/** Something of one object that guards count (rule R30): no values. */
export interface Counted extends GuardKey {
  /** The change on the way in, the delivery on the way out; null: it came by neither. */
  readonly id: number | null;
  readonly externalId: string | null;
  readonly entityId: string | null;
  readonly runId: number | null;
  readonly kinds: readonly GuardKind[];
  readonly fields: Touched;
}

/** What a guard has stopped, and why. */
export interface GuardStop {
  readonly direction: Direction;
  readonly trip: Trip;
  /** What of the batch counts. */
  readonly items: readonly Counted[];
}

/** The lane would do more than may be done without a person: it stops before this batch, the rest waits (R26, R30). */
export class LaneStopped extends Error {
  readonly object: string;
  readonly reason: string;
  readonly stop: GuardStop | undefined;

  constructor(object: string, reason: string, stop?: GuardStop) {
    super(`Lane of ${object} stopped: ${reason}`);
    this.name = "LaneStopped";
    this.object = object;
    this.reason = reason;
    this.stop = stop;
  }
}

/** A person has said no to some of the batch: these are put aside, and the rest is tried again. */
export class Dismissed extends Error {
  readonly ids: readonly number[];

  constructor(ids: readonly number[]) {
    super("Some of the batch was dismissed by a person");
    this.name = "Dismissed";
    this.ids = ids;
  }
}

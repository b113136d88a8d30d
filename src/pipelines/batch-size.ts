const SMALLEST = 8;
const LARGEST = 256;
/** A batch is as large as keeps the time from its reads to its writes within this (rule R20). */
const WINDOW_MS = 400;

export interface BatchTook {
  readonly asked: number;
  /** How many there were to send: fewer than were asked for when no more was due. */
  readonly leased: number;
  readonly windowMs: number;
}

/**
 * How many deliveries the next batch takes, 8 to 256: twice as many after a full one that kept the window, half of one
 * that took more than twice the window. What is known stays else.
 */
export function nextSize(known: number, { asked, leased, windowMs }: BatchTook): number {
  if (windowMs > 2 * WINDOW_MS) return Math.max(SMALLEST, Math.min(known, Math.floor(leased / 2)));
  if (windowMs < WINDOW_MS && leased === asked) return Math.max(known, Math.min(LARGEST, 2 * asked));
  return known;
}

/** Sizes by connection, as this process has found them: a remote is as fast as it was a moment ago, until it shows otherwise. */
export class BatchSizes {
  readonly #known = new Map<string, number>();

  of(connection: string): number {
    return this.#known.get(connection) ?? SMALLEST;
  }

  note(connection: string, took: BatchTook): void {
    this.#known.set(connection, nextSize(this.of(connection), took));
  }
}

export { LARGEST as LARGEST_BATCH, SMALLEST as SMALLEST_BATCH };

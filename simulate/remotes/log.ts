/** What became of one cell of a remote's table, in order. The oracle reads nothing of a remote but this and its rows. */
export interface CellChange {
  readonly at: number;
  /** Place in the log of all remotes of the history. */
  readonly place: number;
  readonly row: number;
  readonly column: string;
  readonly from: Cell;
  readonly to: Cell;
  /** `us`: a write of the gateway. */
  readonly by: "person" | "us";
  /** Which write of the gateway it was. */
  readonly write?: number;
}

export type Cell = string | boolean | null;

/** A request of the gateway that would write, as the remote saw it; also those that it refused. */
export interface WriteSeen {
  readonly id: number;
  readonly at: number;
  readonly place: number;
  readonly step: number;
  readonly kind: "create" | "update";
  readonly row: number | null;
  readonly body: Readonly<Record<string, unknown>>;
  readonly precondition: string | undefined;
  readonly outcome: "done" | "refused_stale" | "refused" | "gone" | "known";
  /** Place in the log when this row was last shown to the gateway. */
  readonly lastShown: number;
  /** The delivery of a remote that pulls. */
  readonly delivery?: number;
}

/** One counter for all remotes: what happened before what. */
export class Order {
  place = 0;
  /** The step of the history that is being played. */
  step = -1;

  next(): number {
    this.place += 1;
    return this.place;
  }
}

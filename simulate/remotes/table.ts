import type { VirtualClock } from "../clock.ts";
import type { Cell, CellChange, Order, WriteSeen } from "./log.ts";

export interface Row {
  /** Its identity in the log; ids change, this does not. */
  readonly uid: number;
  id: string;
  /** Rises at every change. */
  version: number;
  readonly cells: Record<string, Cell>;
  gone: boolean;
  /** The row that took its place (merged), or itself under another id (renumbered). */
  replacedBy: string | undefined;
  /** Committed only then: until that, no reading shows the row. */
  shownFrom: number;
  /** As its own clock stood then. */
  changedAt: number;
  /** Place in the log when the gateway last read it. */
  lastShown: number;
  /** Pull mode: the newest delivery applied. */
  lastDelivery: number;
}

interface Pending {
  readonly at: number;
  readonly row: number;
  readonly run: () => void;
}

export interface TableOptions {
  readonly name: string;
  readonly columns: readonly string[];
  /** How the remote spells what it is told; persons' typing too. */
  readonly render: (column: string, value: Cell) => Cell;
  /** Columns whose writes it takes without a word and without effect. */
  readonly ignores: ReadonlySet<string>;
}

/** The truth of one remote: its rows, and a log of everything that was done to them and by whom. */
export class RemoteTable {
  readonly rows: Row[] = [];
  readonly changes: CellChange[] = [];
  readonly writes: WriteSeen[] = [];
  readonly options: TableOptions;
  readonly clock: VirtualClock;
  readonly order: Order;
  /** Its clock stands apart from ours by this; set back, what is changed later states an earlier time. */
  skewMs = 0;
  /** Ids that stand for another row by now. */
  readonly replaced = new Map<string, string>();
  private pending: Pending[] = [];
  private numbers = 0;

  constructor(options: TableOptions, clock: VirtualClock, order: Order) {
    this.options = options;
    this.clock = clock;
    this.order = order;
  }

  get live(): Row[] {
    return this.rows.filter((row) => !row.gone && row.shownFrom <= this.clock.ms);
  }

  byId(id: string): Row | undefined {
    return this.rows.find((row) => row.id === id && !row.gone);
  }

  newId(): string {
    this.numbers += 1;
    return `${this.options.name}${this.numbers}`;
  }

  insert(cells: Record<string, Cell>, by: "person" | "us", lateMs = 0, write?: number): Row {
    const row: Row = {
      uid: this.rows.length,
      id: this.newId(),
      version: 1,
      cells: {},
      gone: false,
      replacedBy: undefined,
      shownFrom: this.clock.ms + lateMs,
      changedAt: this.clock.ms + this.skewMs,
      lastShown: 0,
      lastDelivery: 0,
    };
    this.rows.push(row);
    for (const column of this.options.columns) row.cells[column] = null;
    for (const [column, value] of Object.entries(cells)) {
      const cell = this.options.ignores.has(column) && by === "us" ? null : this.options.render(column, value);
      if (cell !== null && column in row.cells) this.set(row, column, cell, by, write);
    }
    row.version = 1;
    this.onChange(row);
    return row;
  }

  /** A person types; `lateMs`: it is committed only then, and shown by no reading before. */
  type(row: Row, column: string, value: Cell, lateMs = 0): void {
    const typed = this.options.render(column, value);
    const typedAt = this.clock.ms + this.skewMs;
    const run = (): void => {
      if (row.gone) return;
      this.set(row, column, typed, "person");
      row.version += 1;
      row.changedAt = typedAt;
      this.onChange(row);
    };
    if (lateMs > 0) this.later(lateMs, row.uid, run);
    else run();
  }

  /** Something happens at the remote later on. */
  later(ms: number, row: number, run: () => void): void {
    this.pending.push({ at: this.clock.ms + ms, row, run });
  }

  /** What is due by now happens; `row`: also what holds that row, which a writer waits for. */
  catchUp(row?: number): void {
    const due = this.pending.filter((each) => each.at <= this.clock.ms || each.row === row);
    this.pending = this.pending.filter((each) => !due.includes(each));
    for (const each of due.sort((a, b) => a.at - b.at)) this.runAt(each);
  }

  /** What was due a while ago has happened then, though nobody looked. */
  private runAt({ at, run }: Pending): void {
    const now = this.clock.ms;
    this.clock.ms = Math.min(now, at);
    run();
    this.clock.ms = now;
  }

  /** Everything that is pending happens now. */
  finish(): void {
    const all = this.pending.splice(0).sort((a, b) => a.at - b.at);
    for (const each of all) this.runAt(each);
  }

  /** Writes of the gateway, as asked; the remote's own spelling. */
  write(row: Row, body: Readonly<Record<string, unknown>>, write: number): void {
    for (const [column, value] of Object.entries(body)) {
      if (!(column in row.cells) || this.options.ignores.has(column)) continue;
      this.set(row, column, this.options.render(column, asCell(value)), "us", write);
    }
    row.version += 1;
    row.changedAt = this.clock.ms + this.skewMs;
    this.onChange(row);
  }

  renumber(row: Row): void {
    const old = row.id;
    row.id = this.newId();
    row.version += 1;
    this.replaced.set(old, row.id);
    this.onChange(row);
  }

  /** `loser` is the same customer as `winner` and goes. */
  merge(winner: Row, loser: Row): void {
    loser.gone = true;
    loser.replacedBy = winner.id;
    this.replaced.set(loser.id, winner.id);
    this.onGone(loser);
  }

  remove(row: Row): void {
    row.gone = true;
    this.onGone(row);
  }

  /** A remote that pushes tells of it. */
  onChange: (row: Row) => void = () => undefined;
  onGone: (row: Row) => void = () => undefined;

  private set(row: Row, column: string, to: Cell, by: "person" | "us", write?: number): void {
    const from = row.cells[column] ?? null;
    if (from === to) return;
    row.cells[column] = to;
    this.changes.push({
      at: this.clock.ms,
      place: this.order.next(),
      row: row.uid,
      column,
      from,
      to,
      by,
      ...(write === undefined ? {} : { write }),
    });
  }
}

export const asCell = (value: unknown): Cell => {
  if (value === "" || value === null || value === undefined) return null;
  return typeof value === "boolean" ? value : String(value);
};

import type { Receipt } from "../../src/pipelines/receipts.ts";
import type { Envelope } from "../../src/pipelines/receive.ts";
import type { VirtualClock } from "../clock.ts";
import type { Order } from "./log.ts";
import { asCell, type RemoteTable, type Row } from "./table.ts";

/** A delivery as it was handed out. */
export interface HandedOut {
  readonly delivery: number;
  readonly kind: "create" | "update" | "archive";
  readonly externalId?: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The step in which it was handed out. */
  readonly step: number;
}

/** A push, on its way. */
export interface Message {
  readonly row: number;
  readonly place: number;
  readonly envelope: Envelope;
}

/** What the ERP says of one object, in whatever message. */
export interface Saying {
  readonly row: number;
  readonly counter: number | undefined;
  readonly lastDelivery: number;
  /** Place in the log at which the object looked so. */
  readonly place: number;
}

/**
 * An ERP that pushes what changed, with a counter per object and the last delivery applied, and pulls what it is owed
 * (rule R21). Messages, deliveries and receipts lie in boxes, from which the history takes them in any order.
 */
export class PullingRemote {
  readonly table: RemoteTable;
  /** Told, not yet delivered. */
  readonly outbox: Message[] = [];
  /** Handed out, not yet applied. */
  readonly inbox: HandedOut[] = [];
  readonly receipts: Receipt[] = [];
  private readonly clock: VirtualClock;
  private readonly order: Order;
  private readonly applied = new Map<number, number>();
  private readonly rejected = new Set<number>();
  /** By row: the newest counter and delivery of any message that has left, whether or not it was acknowledged. */
  private readonly newest = new Map<number, { counter: number; delivery: number }>();
  private readonly told: (Saying & { readonly toldAt: number })[] = [];
  /** Of receipts: the object as it was when the delivery was applied. */
  readonly sayings = new Map<Receipt, Saying>();
  private events = 0;

  constructor(table: RemoteTable, clock: VirtualClock, order: Order) {
    this.table = table;
    this.clock = clock;
    this.order = order;
    table.onChange = (row) => this.tell(row);
    table.onGone = (row) => this.tell(row);
  }

  private tell(row: Row): void {
    this.events += 1;
    const envelope: Envelope = {
      externalId: row.id,
      eventId: `event-${this.events}`,
      counter: row.version,
      ...(row.lastDelivery === 0 ? {} : { lastDelivery: row.lastDelivery }),
      ...(row.gone ? { deleted: true } : { data: this.image(row) }),
    };
    this.outbox.push({ row: row.uid, place: this.order.place, envelope });
  }

  /** A message leaves. In its turn: no newer one has left before it, so what it says is to be believed (rule R21). */
  says({ row, counter, lastDelivery }: Saying): boolean {
    const before = this.newest.get(row) ?? { counter: 0, delivery: 0 };
    this.newest.set(row, {
      counter: Math.max(before.counter, counter ?? 0),
      delivery: Math.max(before.delivery, lastDelivery),
    });
    return counter !== undefined && counter >= before.counter && lastDelivery >= before.delivery;
  }

  /** It was acknowledged, having left in its turn. */
  wasTold(saying: Saying): void {
    this.told.push({ ...saying, toldAt: this.order.place });
  }

  /** When a message first showed how the row looked between two places of the log; undefined: none did. */
  toldAt(row: number, from: number, to: number): number | undefined {
    return this.told.find((each) => each.row === row && each.place >= from && each.place < to)?.toldAt;
  }

  /** Has a message shown, in its turn, how the row looked between two places of the log? */
  hasTold(row: number, from: number, to: number): boolean {
    return this.told.some((each) => each.row === row && each.place >= from && each.place < to);
  }

  sayingOf(row: Row): Saying {
    return { row: row.uid, counter: row.version, lastDelivery: row.lastDelivery, place: this.order.place };
  }

  image(row: Row): Record<string, unknown> {
    return { id: row.id, ...row.cells };
  }

  /** Applies a delivery: an id once, and none below the last of the object. */
  apply(handed: HandedOut, how: "once" | "reject" | "retry" | "bare"): void {
    const known = this.applied.get(handed.delivery);
    const row =
      known !== undefined
        ? this.table.rows[known]
        : handed.externalId === undefined
          ? undefined
          : this.table.rows.find((each) => each.id === handed.externalId && !each.gone);
    if (known !== undefined && row !== undefined) {
      this.see(handed, row, "known");
      if (row.lastDelivery === handed.delivery) this.receipt(handed, row, how);
      return;
    }
    // What it has refused it refuses again, though another copy lies there.
    const refuses = how === "reject" || this.rejected.has(handed.delivery);
    if (refuses || how === "retry" || (handed.kind !== "create" && row === undefined)) {
      if (refuses || how !== "retry") this.rejected.add(handed.delivery);
      this.see(handed, row, row === undefined && handed.kind !== "create" ? "gone" : "refused");
      this.receipts.push({ delivery: handed.delivery, outcome: how === "retry" && !refuses ? "retry" : "rejected" });
      return;
    }
    if (row !== undefined && handed.delivery < row.lastDelivery) {
      this.see(handed, row, "refused_stale");
      return;
    }
    if (row === undefined) {
      const cells = Object.fromEntries(Object.entries(handed.data).map(([column, value]) => [column, asCell(value)]));
      const made = this.table.insert(cells, "us");
      made.lastDelivery = handed.delivery;
      this.applied.set(handed.delivery, made.uid);
      this.see(handed, made, "done");
      this.outbox.splice(this.outbox.length - 1, 1);
      this.tell(made);
      this.receipt(handed, made, how);
      return;
    }
    row.lastDelivery = handed.delivery;
    this.applied.set(handed.delivery, row.uid);
    const write = this.see(handed, row, "done");
    this.table.write(row, handed.data, write);
    this.receipt(handed, row, how);
  }

  private receipt(handed: HandedOut, row: Row, how: string): void {
    const receipt: Receipt = {
      delivery: handed.delivery,
      outcome: "done",
      externalId: row.id,
      ...(how === "bare" ? {} : { counter: row.version, image: this.image(row) }),
    };
    this.sayings.set(receipt, { ...this.sayingOf(row), counter: receipt.counter });
    this.receipts.push(receipt);
  }

  private see(
    handed: HandedOut,
    row: Row | undefined,
    outcome: "done" | "known" | "gone" | "refused" | "refused_stale",
  ) {
    const id = this.table.writes.length + 1;
    this.table.writes.push({
      id,
      at: this.clock.ms,
      place: this.order.next(),
      step: handed.step,
      kind: handed.kind === "create" ? "create" : "update",
      row: row?.uid ?? null,
      body: handed.data,
      precondition: undefined,
      outcome,
      lastShown: row?.lastShown ?? 0,
      delivery: handed.delivery,
    });
    return id;
  }
}

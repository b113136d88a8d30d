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

/** A push that was not delivered in its turn, so its state may never have been known. */
export interface PushFate {
  readonly row: number;
  readonly counter: number;
  readonly fate: "dropped" | "late";
}

/**
 * An ERP that pushes what changed, with a counter per object and the last delivery applied, and pulls what it is owed
 * (rule R21). Messages, deliveries and receipts lie in boxes, from which the history takes them in any order.
 */
export class PullingRemote {
  readonly table: RemoteTable;
  /** Told, not yet delivered. */
  readonly outbox: { readonly row: number; readonly envelope: Envelope }[] = [];
  /** Handed out, not yet applied. */
  readonly inbox: HandedOut[] = [];
  readonly receipts: Receipt[] = [];
  readonly fates: PushFate[] = [];
  private readonly clock: VirtualClock;
  private readonly order: Order;
  private readonly applied = new Map<number, number>();
  private readonly newest = new Map<number, number>();
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
    this.outbox.push({ row: row.uid, envelope });
  }

  image(row: Row): Record<string, unknown> {
    return { id: row.id, ...row.cells };
  }

  /** Takes messages out of the outbox; none: they are lost on the way. */
  takeMessages(at: number, count: number, isLost: boolean): Envelope[] {
    const taken = this.outbox.splice(at, count);
    for (const { row, envelope } of taken) {
      const counter = envelope.counter ?? 0;
      if (isLost) this.fates.push({ row, counter, fate: "dropped" });
      else if (counter < (this.newest.get(row) ?? 0)) this.fates.push({ row, counter, fate: "late" });
      else this.newest.set(row, counter);
    }
    return isLost ? [] : taken.map(({ envelope }) => envelope);
  }

  /** A message that could not be handed over is sent again. */
  putBack(envelopes: readonly Envelope[]): void {
    for (const envelope of [...envelopes].reverse()) {
      const row = this.table.rows.find((each) => each.id === envelope.externalId)?.uid ?? -1;
      this.outbox.unshift({ row, envelope });
    }
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
    if (how === "reject" || how === "retry" || (handed.kind !== "create" && row === undefined)) {
      this.see(handed, row, row === undefined && handed.kind !== "create" ? "gone" : "refused");
      this.receipts.push({ delivery: handed.delivery, outcome: how === "retry" ? "retry" : "rejected" });
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
    this.receipts.push({
      delivery: handed.delivery,
      outcome: "done",
      externalId: row.id,
      ...(how === "bare" ? {} : { counter: row.version, image: this.image(row) }),
    });
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

import type { Client, Page, RemoteObject, WriteAnswer } from "../../src/connectors/connector.ts";
import { RejectedError, RetryableError, StaleError, UncertainError } from "../../src/lib/errors.ts";
import type { VirtualClock } from "../clock.ts";
import type { Fault } from "../steps.ts";
import type { Order, WriteSeen } from "./log.ts";
import { asCell, type RemoteTable, type Row } from "./table.ts";

export interface CalledOptions {
  readonly lock: "none" | "version" | "etag";
  readonly statesTimes: boolean;
  readonly idempotencyKey: boolean;
  readonly bareAnswers: boolean;
  readonly showsAfterMs: number;
  readonly quietMs: number;
  readonly pageSize: number;
}

/** What the step that is being played has planned for its calls. */
export interface Plan {
  /** Fault of the n-th call, if any. */
  fault(call: number): Fault | undefined;
  /** Other things that happen right before or after the n-th call. */
  meanwhile(call: number, when: "before" | "after"): Promise<void>;
  /** Time has moved: the database's clock follows. */
  moved(): Promise<void>;
}

/** Nothing happens beside the calls: what a step had planned ends with it. */
export const asPlanned: Plan = {
  fault: () => undefined,
  meanwhile: async () => undefined,
  moved: async () => undefined,
};

/** A remote that is called: the connector contract over a table, with the faults of the step. No HTTP in between. */
export class CalledRemote {
  readonly table: RemoteTable;
  readonly options: CalledOptions;
  private readonly clock: VirtualClock;
  private readonly order: Order;
  plan: Plan = asPlanned;
  calls = 0;
  private writes = 0;
  private readonly known = new Map<string, number>();

  constructor(table: RemoteTable, options: CalledOptions, clock: VirtualClock, order: Order) {
    this.table = table;
    this.options = options;
    this.clock = clock;
    this.order = order;
  }

  begin(plan: Plan): void {
    this.plan = plan;
    this.calls = 0;
  }

  client(): Client {
    return {
      discover: () => {
        throw new Error("Nobody asks for capabilities in a history");
      },
      list: () => this.list(),
      get: (_object, id) => this.call("read", () => this.get(id)),
      create: (_object, { body, idempotencyKey }) =>
        this.call(
          "write",
          (_, step) => this.create(body, idempotencyKey, step),
          (step) => this.landCreate(body, idempotencyKey, step),
        ),
      update: (_object, id, { body, precondition }) =>
        this.call(
          "write",
          (_, step) => this.update(id, body, precondition, step),
          (step) => this.landUpdate(id, body, precondition, step),
        ),
      remove: () => {
        throw new Error("The gateway never removes anything at a remote");
      },
      close: async () => undefined,
    };
  }

  private async *list(): AsyncGenerator<Page> {
    let after = -1;
    for (;;) {
      const page = await this.call("read", (beganAt) => {
        const rows = this.table.live.filter((row) => row.uid > after).slice(0, this.options.pageSize);
        for (const row of rows) row.lastShown = this.order.next();
        after = rows.at(-1)?.uid ?? after;
        const more = this.table.live.some((row) => row.uid > after);
        return {
          objects: rows.map((row) => this.show(row)),
          ...(more ? { cursor: String(after) } : {}),
          times: this.times(beganAt),
          whole: true,
        };
      });
      yield page;
      if (page.cursor === undefined) return;
    }
  }

  /** One request: what happens before it, its fault, what it does, what happens after it and before the gateway goes on. */
  private async call<T>(
    kind: "read" | "write",
    act: (beganAt: Date, step: number) => T,
    late?: (step: number) => void,
  ): Promise<T> {
    const call = this.calls;
    const { step } = this.order;
    this.calls += 1;
    const { plan } = this;
    await plan.meanwhile(call, "before");
    const beganAt = this.clock.processTime();
    this.clock.tick(15);
    this.table.catchUp();
    const fault = plan.fault(call);
    try {
      if (fault !== undefined)
        return this.fail(
          fault,
          kind,
          () => act(beganAt, step),
          () => late?.(step),
        );
      return act(beganAt, step);
    } finally {
      this.clock.tick(15);
      await plan.moved();
      await plan.meanwhile(call, "after");
      await plan.moved();
    }
  }

  private fail<T>(fault: Fault, kind: "read" | "write", act: () => T, late: () => void): never {
    switch (fault.kind) {
      case "unavailable":
        throw new RetryableError("unavailable", "The remote is away");
      case "slow_down":
        throw new RetryableError("rate_limited", "The remote asks to wait", { retryAfterMs: 5_000 });
      case "page_fails":
        throw new RetryableError("connection_lost", "The answer broke off");
      case "rejected":
        if (kind === "read") throw new RetryableError("unavailable", "The remote is away");
        throw new RejectedError("refused_by_remote", "The remote refuses this one");
      case "lost_after":
        act();
        break;
      case "lands_late":
        this.table.later(this.options.quietMs - 1_000, -2, late);
        break;
      case "lost_before":
        break;
    }
    if (kind === "read") throw new RetryableError("timeout", "No answer in time");
    throw new UncertainError("timeout", "No answer in time");
  }

  private get(id: string) {
    const row = this.table.byId(id);
    const times = this.times(this.clock.processTime());
    if (row !== undefined && row.shownFrom <= this.clock.ms) {
      row.lastShown = this.order.next();
      return { object: this.show(row), times };
    }
    const replacedBy = this.table.replaced.get(id);
    return { gone: true as const, ...(replacedBy === undefined ? {} : { replacedBy }), times };
  }

  private create(body: Readonly<Record<string, unknown>>, key: string | undefined, step: number): WriteAnswer {
    const row = this.landCreate(body, key, step);
    return this.answer(row);
  }

  private landCreate(body: Readonly<Record<string, unknown>>, key: string | undefined, step: number): Row {
    const known = key === undefined || !this.options.idempotencyKey ? undefined : this.known.get(key);
    const before = known === undefined ? undefined : this.table.rows[known];
    if (before !== undefined) {
      this.see("create", before, body, undefined, "known", step);
      return before;
    }
    const cells = Object.fromEntries(Object.entries(body).map(([column, value]) => [column, asCell(value)]));
    const row = this.table.insert(cells, "us", this.options.showsAfterMs);
    if (key !== undefined) this.known.set(key, row.uid);
    this.see("create", row, body, undefined, "done", step);
    return row;
  }

  private update(
    id: string,
    body: Readonly<Record<string, unknown>>,
    precondition: string | undefined,
    step: number,
  ): WriteAnswer {
    const row = this.landUpdate(id, body, precondition, step, true);
    if (row === undefined) throw new StaleError("precondition_failed", "The object has another version by now");
    return this.answer(row);
  }

  /** The write itself; a lost one obeys the lock too. */
  private landUpdate(
    id: string,
    body: Readonly<Record<string, unknown>>,
    precondition: string | undefined,
    step: number,
    answered = false,
  ): Row | undefined {
    const row = this.table.byId(id);
    if (row === undefined) {
      this.see("update", undefined, body, precondition, "gone", step);
      if (answered) throw new RejectedError("not_found", "There is no such object");
      return undefined;
    }
    this.table.catchUp(row.uid); // a person's transaction holds the row: we wait for it
    if (this.options.lock !== "none" && precondition !== undefined && precondition !== this.versionOf(row)) {
      this.see("update", row, body, precondition, "refused_stale", step);
      return undefined;
    }
    const write = this.see("update", row, body, precondition, "done", step);
    this.table.write(row, body, write.id);
    return row;
  }

  private see(
    kind: "create" | "update",
    row: Row | undefined,
    body: Readonly<Record<string, unknown>>,
    precondition: string | undefined,
    outcome: WriteSeen["outcome"],
    step: number,
  ): WriteSeen {
    this.writes += 1;
    const seen: WriteSeen = {
      id: this.writes,
      at: this.clock.ms,
      place: this.order.next(),
      step,
      kind,
      row: row?.uid ?? null,
      body,
      precondition,
      outcome,
      lastShown: row?.lastShown ?? 0,
    };
    this.table.writes.push(seen);
    return seen;
  }

  private answer(row: Row): WriteAnswer {
    const times = this.times(this.clock.processTime());
    if (this.options.bareAnswers) return { externalId: row.id, times };
    row.lastShown = this.order.next();
    return { externalId: row.id, object: this.show(row), times };
  }

  private versionOf(row: Row): string | undefined {
    if (this.options.lock === "none") return undefined;
    return this.options.lock === "etag" ? `w${row.uid}-${(row.version * 7919) % 10007}` : String(row.version);
  }

  private show(row: Row): RemoteObject {
    const version = this.versionOf(row);
    return {
      externalId: row.id,
      image: { id: row.id, ...row.cells },
      ...(version === undefined ? {} : { version }),
      ...(this.options.statesTimes ? { changedAt: new Date(row.changedAt).toISOString() } : {}),
    };
  }

  private times(beganAt: Date) {
    const endedAt = this.clock.processTime();
    const remoteDate = new Date(Math.floor((this.clock.ms + this.table.skewMs) / 1000) * 1000);
    return { beganAt, endedAt, remoteDate };
  }
}

import { request } from "undici";
import { type Fields, fromCrm, toCrm } from "./companies.ts";

interface Row {
  readonly data: Record<string, unknown>;
  counter: number;
  lastDelivery: number | undefined;
}

interface Handed {
  readonly delivery: number;
  readonly kind: "create" | "update" | "archive";
  readonly externalId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Receipt {
  /** Of the object, for ourselves. */
  readonly id: string;
  readonly delivery: number;
  readonly outcome: "done";
  readonly externalId?: string;
  readonly counter: number;
  readonly image: Readonly<Record<string, unknown>>;
}

export interface CrmOptions {
  readonly url: string;
  readonly key: string;
  /** Objects of one push, at the most. */
  readonly batch: number;
  /** Of the deliveries that it applies it pushes this part back, as many systems do with all. */
  readonly echoes: () => boolean;
}

const OBJECT = "kundeemne";
const PAUSE_MS = 100;
const LONGEST_MS = 60_000;

/**
 * A CRM that pushes its Kundeemner and pulls what is owed to it (rule R21), written from the rules and not from the
 * gateway: a counter per object, an id of a delivery applied once and none below the last, receipts until they are taken.
 */
export class Crm {
  readonly rows = new Map<string, Row>();
  /** Counters that were answered 202, by object. */
  readonly acknowledged = new Map<string, number[]>();
  /** Counters that an accepted receipt has told, by object: a push of the same state is a repeat of it. */
  readonly receipted = new Map<string, Set<number>>();
  /** Every create that was applied, in order. */
  readonly creates: { readonly delivery: number; readonly externalId: string; readonly number: string }[] = [];
  readonly faults: string[] = [];
  readonly #options: CrmOptions;
  readonly #dirty = new Set<string>();
  readonly #receipts = new Map<number, Receipt>();
  readonly #applied = new Map<number, Receipt>();
  #onApplied: (() => Promise<void>) | undefined;
  #stopped = false;
  #loops: Promise<unknown> = Promise.resolve();
  #lastId = 0;

  constructor(options: CrmOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loops = Promise.all([this.#pushOn(), this.#pullOn()]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loops;
  }

  /** Nothing is to be pushed or acknowledged. */
  isCalm(): boolean {
    return this.#dirty.size === 0 && this.#receipts.size === 0;
  }

  add(fields: Fields): string {
    const id = this.#nextId();
    this.rows.set(id, { data: toCrm(fields), counter: 1, lastDelivery: undefined });
    this.#dirty.add(id);
    return id;
  }

  edit(id: string, fields: Fields): void {
    const row = this.rows.get(id);
    if (row === undefined) throw new Error(`The CRM has no ${id}`);
    Object.assign(row.data, toCrm(fields));
    row.counter += 1;
    this.#dirty.add(id);
  }

  /** All objects as they stand, under the ledger's names. */
  read(): (Fields & { readonly Kontonr: string })[] {
    return [...this.rows].map(([Kontonr, { data }]) => ({ ...fromCrm(data), Kontonr }));
  }

  /** Deliveries are applied and their receipts kept back: `sprung` when there are some, `release` sends them. */
  holdReceipts(): { readonly sprung: Promise<void>; release(): void } {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sprung = new Promise<void>((resolve) => {
      this.#onApplied = () => {
        resolve();
        return released;
      };
    });
    return {
      sprung,
      release: () => {
        this.#onApplied = undefined;
        release();
      },
    };
  }

  async #pushOn(): Promise<void> {
    while (!this.#stopped) {
      const ids = [...this.#dirty].slice(0, this.#options.batch);
      if (ids.length === 0 || !(await this.#push(ids))) await pause();
    }
  }

  /** Pushes the newest state of objects; what is not answered 202 is pushed again. */
  async #push(ids: readonly string[]): Promise<boolean> {
    const told = ids.flatMap((externalId) => {
      const row = this.rows.get(externalId);
      return row === undefined ? [] : [{ externalId, ...row, data: { ...row.data } }];
    });
    const lines = told.map((each) => `${JSON.stringify(each)}\n`).join("");
    const answer = await this.#call(`inbound/${OBJECT}`, lines, "application/x-ndjson");
    if (answer?.status !== 202) return false;
    const { rejectedCount } = answer.body as { rejectedCount: number }; // as /openapi.json says
    if (rejectedCount > 0) this.faults.push(`${rejectedCount} lines of a push were refused`);
    for (const { externalId, counter } of told) {
      const known = this.acknowledged.get(externalId);
      if (known === undefined) this.acknowledged.set(externalId, [counter]);
      else known.push(counter);
      if (this.rows.get(externalId)?.counter === counter) this.#dirty.delete(externalId);
    }
    return true;
  }

  async #pullOn(): Promise<void> {
    while (!this.#stopped) {
      if (this.#receipts.size > 0 && !(await this.#acknowledge())) {
        await pause();
        continue;
      }
      const answer = await this.#call(`outbound/${OBJECT}/lease`, JSON.stringify({ limit: 250, wait: 1 }));
      if (answer?.status !== 200) {
        await pause();
        continue;
      }
      const { deliveries } = answer.body as { deliveries: Handed[] }; // as /openapi.json says
      for (const each of deliveries) this.#apply(each);
      if (deliveries.length > 0) await this.#onApplied?.();
    }
  }

  #apply({ delivery, kind, externalId, data }: Handed): void {
    const known = this.#applied.get(delivery);
    if (known !== undefined) {
      this.#receipts.set(delivery, known);
      return;
    }
    const id = kind === "create" ? this.#nextId() : (externalId ?? "");
    const row = kind === "create" ? { data: {}, counter: 0, lastDelivery: undefined } : this.rows.get(id);
    if (row === undefined || kind === "archive") {
      this.faults.push(`delivery ${delivery} is a ${kind} of ${id}, which the CRM does not have`);
      return;
    }
    if (row.lastDelivery !== undefined && delivery < row.lastDelivery) {
      this.faults.push(`delivery ${delivery} of ${id} came after ${row.lastDelivery}`);
      return;
    }
    Object.assign(row.data, data);
    row.counter += 1;
    row.lastDelivery = delivery;
    this.rows.set(id, row);
    if (kind === "create") this.creates.push({ delivery, externalId: id, number: fromCrm(row.data).SE_Nr ?? "" });
    if (this.#options.echoes()) this.#dirty.add(id);
    const named = kind === "create" ? { externalId: id } : {};
    const receipt = { id, delivery, outcome: "done", ...named, counter: row.counter, image: { ...row.data } } as const;
    this.#applied.set(delivery, receipt);
    this.#receipts.set(delivery, receipt);
  }

  async #acknowledge(): Promise<boolean> {
    const sent = [...this.#receipts.values()].slice(0, 500);
    const answer = await this.#call("outbound/receipts", JSON.stringify(sent.map(({ id: _, ...receipt }) => receipt)));
    if (answer?.status !== 200) return false;
    const { refused } = answer.body as { refused: { code: string }[] }; // as /openapi.json says
    if (refused.length > 0) this.faults.push(`${refused.length} receipts were refused (${refused[0]?.code})`);
    for (const { delivery, id, counter } of sent) {
      this.#receipts.delete(delivery);
      this.receipted.set(id, (this.receipted.get(id) ?? new Set()).add(counter));
    }
    return true;
  }

  /** Undefined when nobody answers: it is asked again. */
  async #call(
    path: string,
    body: string,
    type = "application/json",
  ): Promise<{ status: number; body: unknown } | undefined> {
    const { url, key } = this.#options;
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    try {
      const answer = await request(`${url}/v1/connections/crm/${path}`, {
        ...{ method: "POST", headers, body },
        ...{ headersTimeout: LONGEST_MS, bodyTimeout: LONGEST_MS },
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, body: text === "" ? undefined : JSON.parse(text) };
    } catch {
      return undefined; // the gateway is not there, or was killed in the middle of its answer
    }
  }

  #nextId(): string {
    this.#lastId += 1;
    return `K${this.#lastId}`;
  }
}

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, PAUSE_MS));

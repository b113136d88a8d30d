import type { Ledger } from "../rig/ledger.ts";
import { company, crmEdit, type Fields, ledgerEdit } from "./companies.ts";
import type { Crm } from "./crm.ts";

interface Create {
  readonly n: number;
  readonly id: string;
  readonly body: { readonly SE_Nr?: string } | null;
  readonly applied: boolean;
}

const ROWS_AT_ONCE = 500;
const TICK_MS = 200;

/** The people of both systems: companies come into being on either side, and both sides edit, until they are told to stop. */
export class Load {
  /** What each company shall look like in the end, by registration number. */
  readonly truth = new Map<string, Fields>();
  /** Companies that came into being in the ledger. */
  readonly bornInLedger = new Set<string>();
  edits = 0;
  readonly #ledger: Ledger;
  readonly #crm: Crm;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #perTick: number;
  readonly #ledgerIds: { readonly id: string; readonly number: string }[] = [];
  readonly #crmIds: string[] = [];
  #fed = 0;
  #wanted = 0;
  #known = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(of: { ledger: Ledger; crm: Crm; seed: number; random: () => number; editsPerSecond: number }) {
    this.#ledger = of.ledger;
    this.#crm = of.crm;
    this.#seed = of.seed;
    this.#random = of.random;
    this.#perTick = Math.max(1, Math.round((of.editsPerSecond * TICK_MS) / 1000));
  }

  start(): void {
    this.#loop = this.#goOn();
    this.#loop.catch(() => undefined); // told by stop()
  }

  /** From now on there shall be so many companies; they come in the next moments. */
  feedTo(count: number): void {
    this.#wanted = count;
  }

  /** Feeds what is missing and ends the edits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    while (this.#fed < this.#wanted) await this.#feed();
  }

  async #goOn(): Promise<void> {
    while (!this.#stopped) {
      if (this.#fed < this.#wanted) await this.#feed();
      await this.#learnNewRows();
      for (let n = 0; n < this.#perTick; n += 1) {
        await this.#editInLedger();
        this.#editInCrm();
      }
      await new Promise((done) => setTimeout(done, TICK_MS));
    }
  }

  /** Every other company is born in the ledger, the others in the CRM. */
  async #feed(): Promise<void> {
    const rows: Fields[] = [];
    const until = Math.min(this.#wanted, this.#fed + ROWS_AT_ONCE);
    for (; this.#fed < until; this.#fed += 1) {
      const fields = company(this.#seed, this.#fed);
      const number = fields.SE_Nr ?? "";
      this.truth.set(number, { ...fields });
      if (this.#fed % 2 === 0) this.#crmIds.push(this.#crm.add(fields));
      else {
        this.bornInLedger.add(number);
        rows.push(fields);
      }
    }
    const made = await this.#ledger.control<Fields[]>("POST", "rows/Debitorer", rows);
    for (const { Kontonr = "", SE_Nr = "" } of made) this.#ledgerIds.push({ id: Kontonr, number: SE_Nr });
  }

  /** What the gateway has made in the ledger is edited there too, from the moment that it stands there. */
  async #learnNewRows(): Promise<void> {
    const made = await this.#ledger.control<Create[]>("GET", `log?method=POST&since=${this.#known}`);
    for (const { n, id, body, applied } of made) {
      this.#known = n;
      const number = body?.SE_Nr?.replace(/\D/g, "") ?? "";
      if (applied && this.truth.has(number)) this.#ledgerIds.push({ id, number });
    }
  }

  async #editInLedger(): Promise<void> {
    const row = this.#one(this.#ledgerIds);
    const fields = this.truth.get(row?.number ?? "");
    if (row === undefined || fields === undefined) return;
    this.edits += 1;
    const edit = ledgerEdit(fields, this.edits);
    await this.#ledger.control("PUT", `rows/Debitorer/${row.id}`, edit);
    Object.assign(fields, edit);
  }

  #editInCrm(): void {
    const id = this.#one(this.#crmIds);
    const number = String(this.#crm.rows.get(id ?? "")?.data.cvrNr ?? "");
    const fields = this.truth.get(number);
    if (id === undefined || fields === undefined) return;
    this.edits += 1;
    const edit = crmEdit(fields, this.edits);
    this.#crm.edit(id, edit);
    Object.assign(fields, edit);
    // What the gateway has made in the CRM is edited there too.
    const made = this.#crm.creates[this.#crmIds.length - Math.ceil(this.#fed / 2)];
    if (made !== undefined) this.#crmIds.push(made.externalId);
  }

  #one<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#random() * of.length)];
  }
}

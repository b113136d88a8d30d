/** One request as it was met. The token is nowhere in it, nor is a password. */
export interface LogEntry {
  /** Counts from 1, in the order of arrival. */
  readonly n: number;
  /** Arrival, ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** `Debitorer`, or `Login`, or empty for the list of functions. */
  readonly function: string;
  /** As asked for; of a POST the id that the object was given. */
  readonly id: string;
  /** Parsed; text that is not JSON stays text. */
  readonly body: unknown;
  /** Null as long as nothing was answered, and for ever when nothing is. */
  readonly status: number | null;
  /** The ledger was changed, whether or not anybody was told. */
  readonly applied: boolean;
  /** Kinds of the faults that struck, joined by "+". */
  readonly fault?: string;
}

export type OpenEntry = { -readonly [Key in keyof LogEntry]: LogEntry[Key] };

export interface LogQuery {
  /** Entries after this number. */
  readonly since?: number;
  readonly function?: string;
  readonly method?: string;
  readonly id?: string;
}

/** Requests in memory, the oldest dropped first when there are more than `limit`. */
export class RequestLog {
  #entries: OpenEntry[] = [];
  #counts: Record<string, number> = {};
  #last = 0;
  #waiting: { matches: (entry: LogEntry) => boolean; resolve: (entry: LogEntry) => void }[] = [];
  readonly #limit: number;
  readonly #now: () => number;

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  open(method: string, name: string, id: string): OpenEntry {
    this.#last += 1;
    const at = new Date(this.#now()).toISOString();
    const entry = { n: this.#last, at, method, function: name, id, body: null, status: null, applied: false };
    this.#counts[method] = (this.#counts[method] ?? 0) + 1;
    this.#entries.push(entry);
    if (this.#entries.length > 2 * this.#limit)
      this.#entries = this.#limit > 0 ? this.#entries.slice(-this.#limit) : [];
    return entry;
  }

  /** An entry has got its body, its status or its effect: whoever waits for such a one is told. */
  changed(entry: LogEntry): void {
    if (this.#waiting.length === 0) return;
    const met = this.#waiting.filter((waiter) => waiter.matches(entry));
    this.#waiting = this.#waiting.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve(entry);
  }

  entries(query: LogQuery = {}): readonly LogEntry[] {
    return this.#entries.slice(-this.#limit || this.#entries.length).filter((entry) => matchesQuery(entry, query));
  }

  /** Requests by method since the start or the last `clear`, also those that the limit has dropped. */
  counts(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  /** The requests that changed this object. */
  writes(name: string, id?: string): readonly LogEntry[] {
    return this.entries({ function: name, ...(id === undefined ? {} : { id }) }).filter((entry) => entry.applied);
  }

  /** The first entry, kept or still to come, for which this holds. */
  until(matches: (entry: LogEntry) => boolean): Promise<LogEntry> {
    const known = this.entries().find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  clear(): void {
    this.#entries = [];
    this.#counts = {};
  }
}

const matchesQuery = (entry: LogEntry, query: LogQuery): boolean =>
  entry.n > (query.since ?? 0) &&
  (query.function === undefined || entry.function === query.function) &&
  (query.method === undefined || entry.method === query.method) &&
  (query.id === undefined || entry.id === query.id);

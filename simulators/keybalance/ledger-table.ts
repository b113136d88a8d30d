import type { Row, TableDefinition } from "./tables.ts";

interface Stored {
  row: Row;
  /** The row as it goes out, made when first asked for. */
  json: string | null;
}

/** Until when a new row is kept from readers: a time, a number of reads, or both. */
interface Hidden {
  until: number;
  reads: number;
}

/** One table in memory, by key in the order of creation. No version and no time of change is kept or shown: the real one has none. */
export class LedgerTable {
  readonly name: string;
  definition: TableDefinition;
  /** Old key to new, after renumbering or merging. */
  readonly moved = new Map<string, string>();
  /** Keys that a person has said are in use; those with a balance or with children are so by themselves. */
  readonly inUse = new Set<string>();
  #rows = new Map<string, Stored>();
  #hidden = new Map<string, Hidden>();
  #next: number;
  readonly #now: () => number;

  constructor(name: string, definition: TableDefinition, now: () => number) {
    this.name = name;
    this.definition = definition;
    this.#next = definition.series.first;
    this.#now = now;
  }

  get size(): number {
    return this.#rows.size;
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  /** The row as it is, hidden or not. */
  find(id: string): Row | undefined {
    return this.#rows.get(id)?.row;
  }

  rows(): Row[] {
    return [...this.#rows.values()].map((stored) => stored.row);
  }

  /** The row as a reader sees it, which counts as a read of it while it is hidden. */
  read(id: string): Row | undefined {
    return this.#isHidden(id) ? undefined : this.find(id);
  }

  readAll(): Row[] {
    return [...this.#rows].filter(([id]) => !this.#isHidden(id)).map(([, stored]) => stored.row);
  }

  /** The rows a reader sees, each as JSON text: one moment's picture, however slowly it is sent. */
  readAllJson(): string[] {
    const texts: string[] = [];
    for (const [id, stored] of this.#rows) {
      if (this.#hidden.size > 0 && this.#isHidden(id)) continue;
      stored.json ??= JSON.stringify(stored.row);
      texts.push(stored.json);
    }
    return texts;
  }

  json(id: string): string {
    const stored = this.#rows.get(id);
    if (stored === undefined) throw new Error(`${this.name} has no ${id}`);
    stored.json ??= JSON.stringify(stored.row);
    return stored.json;
  }

  /** Puts fields over the row; only fields of the table are kept. Returns the row after it. */
  change(id: string, fields: Row): Row {
    const stored = this.#rows.get(id);
    if (stored === undefined) throw new Error(`${this.name} has no ${id}`);
    const known = Object.entries(fields).filter(([name]) => this.definition.fields.includes(name));
    stored.row = { ...stored.row, ...Object.fromEntries(known) };
    stored.json = null;
    return stored.row;
  }

  /** A new row with every field of the table, under this key or the next free one of the series. */
  insert(fields: Row, id: string = this.nextKey()): { id: string; row: Row } {
    if (this.#rows.has(id)) throw new Error(`${this.name} has a ${id} already`);
    const { key, fields: names, defaults } = this.definition;
    const row: Record<string, string> = { [key]: id };
    for (const name of names) row[name] = fields[name] ?? defaults[name] ?? "";
    this.#rows.set(id, { row, json: null });
    this.moved.delete(id);
    return { id, row };
  }

  remove(id: string): void {
    this.#rows.delete(id);
    this.#hidden.delete(id);
    this.inUse.delete(id);
  }

  /** The row gets another key and keeps all else. */
  rekey(from: string, to: string): void {
    const row = this.find(from);
    if (row === undefined) throw new Error(`${this.name} has no ${from}`);
    const isInUse = this.inUse.has(from);
    this.insert(row, to);
    this.remove(from);
    if (isInUse) this.inUse.add(to);
    this.moved.set(from, to);
  }

  hide(id: string, ms: number, reads: number): void {
    this.#hidden.set(id, { until: this.#now() + ms, reads });
  }

  nextKey(): string {
    const { width } = this.definition.series;
    let key: string;
    do {
      key = String(this.#next).padStart(width, "0");
      this.#next += 1;
    } while (this.#rows.has(key));
    return key;
  }

  #isHidden(id: string): boolean {
    const hidden = this.#hidden.get(id);
    if (hidden === undefined) return false;
    if (hidden.reads > 0) {
      hidden.reads -= 1;
      return true;
    }
    if (hidden.until > this.#now()) return true;
    this.#hidden.delete(id);
    return false;
  }
}

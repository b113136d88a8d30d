/**
 * Rows as this process last read or wrote them. Each has the stamp of its version (`xmin`, the transaction that wrote
 * it): a row that still has the stamp stands as it is known, and need not be read whole again. Kept for moments, from one
 * transaction to the next that takes the same rows up.
 */
export class KnownRows<T> {
  readonly #rows = new Map<string, { readonly stamp: string; readonly row: T }>();

  /** `stamp` undefined: it was written since, by which transaction is not known. */
  note(id: string, stamp: string | undefined, row: T): void {
    if (stamp === undefined) this.#rows.delete(id);
    else this.#rows.set(id, { stamp, row });
  }

  /** From now on what is known is asked for by its stamp first; until then rows are read whole and noted. */
  isAsked = false;

  find(id: string, stamp: string): T | undefined {
    const known = this.#rows.get(id);
    return known?.stamp === stamp ? known.row : undefined;
  }
}

type Row = Record<string, unknown>;

/** The rows of these `id` and `stamp`, in their order; only what has moved since it was known is read whole. */
export async function readMoved<T extends { readonly id: string }>(
  known: KnownRows<T>,
  stamped: readonly Row[],
  readWhole: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const found = stamped.map((row) => known.find(String(row.id), String(row.stamp)));
  const moved = stamped.flatMap((row, n) => (found[n] === undefined ? [String(row.id)] : []));
  const read = new Map((moved.length === 0 ? [] : await readWhole(moved)).map((row) => [row.id, row]));
  return stamped.flatMap((row, n) => found[n] ?? read.get(String(row.id)) ?? []);
}

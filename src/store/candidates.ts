import type { Db, Tx } from "./database.ts";

export interface CandidateKeys {
  readonly cvrNr: readonly string[];
  readonly gln: readonly string[];
  readonly krakId: readonly string[];
  readonly kobId: readonly string[];
  readonly tdcId: readonly string[];
  readonly placeId: readonly string[];
  readonly matchKey: readonly string[];
  readonly kontonummer: readonly string[];
}

const columnOf: Record<keyof CandidateKeys, string> = {
  cvrNr: "cvr_nr",
  gln: "ean_lokationsnr",
  krakId: "krak_id",
  kobId: "kob_id",
  tdcId: "tdc_id",
  placeId: "google_place_id",
  matchKey: "match_key",
  kontonummer: "kontonummer",
};

/** Records that share a key: one indexed look-up a kind of key that occurs, never all with all. */
export async function findCandidates(tx: Db, keys: CandidateKeys): Promise<string[]> {
  const parts: string[] = [];
  const values: string[][] = [];
  for (const kind of Object.keys(columnOf) as (keyof CandidateKeys)[]) {
    const wanted = keys[kind];
    if (wanted.length === 0) continue;
    values.push([...new Set(wanted)]);
    // Value by value (offset 0): before there are statistics the planner would read the whole table.
    parts.push(
      `select found.id from unnest($${values.length}::text[]) wanted(key) cross join lateral
         (select id from kundeemner where ${columnOf[kind]} = wanted.key and erased_at is null and merged_into is null offset 0) found`,
    );
  }
  if (parts.length === 0) return [];
  const rows = await tx.unsafe(parts.join(" union "), values, { prepare: true });
  return rows.map((row) => String(row.id));
}

/** Takes transaction locks on match keys in one order, so that no two batches make the same company (rule R7). */
export async function lockMatchKeys(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.unsafe(
    "select pg_advisory_xact_lock(k) from (select distinct hashtextextended(key, 7) as k from unnest($1::text[]) key order by 1) keys",
    [[...new Set(keys)]],
    { prepare: true },
  );
}

import type { Db, Tx } from "./database.ts";

export type Pair = readonly [string, string];

/** Notes that these pairs are two companies each; said again, it stands as it did. */
export async function addDistinct(tx: Tx, pairs: readonly Pair[], by: string, at: string): Promise<void> {
  const rows = pairs.map(([a, b]) => ({ a, b }));
  await tx.unsafe(
    `insert into distinct_pairs (low_id, high_id, by, at)
     select least(a, b), greatest(a, b), $2, $3::timestamptz from json_to_recordset($1::text::json) as x(a uuid, b uuid) where a <> b
     on conflict do nothing`,
    [JSON.stringify(rows), by, at],
  );
}

/** For each of these records, those that a person has told apart from it. */
export async function loadDistinct(sql: Db, ids: readonly string[]): Promise<Map<string, Set<string>>> {
  const rows = await sql.unsafe(
    `select low_id as id, high_id as other from distinct_pairs where low_id = any($1::uuid[])
     union all select high_id, low_id from distinct_pairs where high_id = any($1::uuid[])`,
    [[...ids]],
  );
  const apart = new Map<string, Set<string>>();
  for (const { id, other } of rows) apart.set(String(id), (apart.get(String(id)) ?? new Set()).add(String(other)));
  return apart;
}

import type { Db } from "./database.ts";

/** Keyed outside the database: the hash of a person's id tells nothing without the key (rule R34). */
export interface Keyed {
  mac(text: string): string;
}

const hashesOf = (
  keyed: Keyed,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Map<string, string> => new Map(externalIds.map((id) => [keyed.mac(`${connection}\u0000${object}\u0000${id}`), id]));

/** External ids that were erased: asked before a body is kept. One statement; none while nothing was ever erased. */
export async function findTombstones(
  sql: Db,
  keyed: Keyed,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Promise<Set<string>> {
  const [any] = await sql.unsafe("select exists (select 1 from tombstones) as any", [], { prepare: true });
  if (any?.any !== true) return new Set();
  const hashes = hashesOf(keyed, connection, object, externalIds);
  const rows = await sql.unsafe("select hash from tombstones where hash = any($1::text[])", [[...hashes.keys()]], {
    prepare: true,
  });
  return new Set(rows.map((row) => hashes.get(String(row.hash)) ?? ""));
}

export async function countTombstoneHits(
  sql: Db,
  keyed: Keyed,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Promise<void> {
  const hashes = hashesOf(keyed, connection, object, externalIds);
  await sql.unsafe("update tombstones set hits = hits + 1 where hash = any($1::text[])", [[...hashes.keys()]]);
}

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
): Map<string, string> => new Map(externalIds.map((id) => [tombstoneOf(keyed, connection, object, id), id]));

/** External ids that were erased: asked before a body is kept. One statement; none while nothing was ever erased. */
export async function findTombstones(
  sql: Db,
  keyed: Keyed,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Promise<Set<string>> {
  if (!(await anyTombstones(sql))) return new Set();
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

export interface Tombstone {
  readonly hash: string;
  readonly kind: string;
  readonly entityId: string | null;
}

/** What must not come back: hashes by kind (`external_id`, `address`, `cvr`, `lead`). Again: they stay as they are. */
export async function addTombstones(sql: Db, hashes: readonly Tombstone[]): Promise<void> {
  if (hashes.length === 0) return;
  await sql.unsafe(
    `insert into tombstones (hash, kind, entity_id, at) select x.hash, x.kind, x.entity_id, kobling_now()
     from json_to_recordset($1::text::json) as x(hash text, kind text, entity_id uuid) on conflict do nothing`,
    [JSON.stringify(hashes.map(({ hash, kind, entityId }) => ({ hash, kind, entity_id: entityId })))],
  );
}

export const tombstoneOf = (keyed: Keyed, connection: string, object: string, externalId: string): string =>
  keyed.mac(`${connection}\u0000${object}\u0000${externalId}`);

/** Whether anything was ever erased: nothing else need be asked until then. */
export async function anyTombstones(sql: Db): Promise<boolean> {
  const [any] = await sql.unsafe("select exists (select 1 from tombstones) as any", [], { prepare: true });
  return any?.any === true;
}

/** Those of these hashes that stand there; each is counted as a hit. */
export async function hitTombstones(sql: Db, hashes: readonly string[]): Promise<Set<string>> {
  if (hashes.length === 0) return new Set();
  const rows = await sql.unsafe("update tombstones set hits = hits + 1 where hash = any($1::text[]) returning hash", [
    [...hashes],
  ]);
  return new Set(rows.map((row) => String(row.hash)));
}

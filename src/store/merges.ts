import type { FieldChanges } from "../rules/apply.ts";
import type { PastVersion } from "../rules/undo.ts";
import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";
import { markEntities } from "./segment-marks.ts";

/** A link as it stood before a merge moved it, or made it an extra one. */
export interface KeptLink {
  readonly id: string;
  readonly entityId: string;
  readonly state: string;
  /** State after the merge: another one since is a person's, or the remote's. */
  readonly became: string;
  readonly base: Readonly<Record<string, unknown>>;
  readonly decidedVersion: number;
  readonly decided: Readonly<Record<string, number>>;
}

/** What a merge moved, by id: an undo takes back those that are still where it put them. */
export interface KeptOfMerge {
  readonly links: readonly KeptLink[];
  readonly contacts: readonly { readonly id: string; readonly primaer: boolean }[];
  /** Rows by table, whose `kundeemne_id` or `entity_id` was the other record's. */
  readonly rows: Readonly<Record<string, readonly (string | number)[]>>;
  readonly holds: Readonly<Record<string, number>>;
  /** Objects at which the other record was blocked as a whole, and the survivor was not. */
  readonly blocks: readonly { readonly connection: string; readonly object: string }[];
  /** Policies and pins that came with the other record. */
  readonly policies: readonly unknown[];
}

export interface Merge {
  readonly id: number;
  readonly survivorId: string;
  readonly otherId: string;
  readonly survivorVersion: number;
  readonly at: string;
  readonly by: string;
  readonly undoneAt: string | null;
  readonly undoneBy: string | null;
}

const columns = `id::float8 as id, survivor_id, other_id, survivor_version::float8 as survivor_version, ${instantText("at")} as at, by,
  ${instantText("undone_at")} as undone_at, undone_by`;

const readMerge = (row: Record<string, unknown>): Merge => ({
  id: Number(row.id),
  survivorId: String(row.survivor_id),
  otherId: String(row.other_id),
  survivorVersion: Number(row.survivor_version),
  at: String(row.at),
  by: String(row.by),
  undoneAt: row.undone_at as string | null,
  undoneBy: row.undone_by as string | null,
});

export async function findMerge(sql: Db, id: number): Promise<Merge | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from merges where id = $1::bigint`, [id]);
  return row && readMerge(row);
}

/** The merge that stands, of a record that went up in another. */
export async function findStanding(sql: Db, survivorId: string, otherId: string): Promise<Merge | undefined> {
  const [row] = await sql.unsafe(
    `select ${columns} from merges where other_id = $2 and survivor_id = $1 and undone_at is null order by id desc limit 1`,
    [survivorId, otherId],
  );
  return row && readMerge(row);
}

/** Merges of a record, as the one that stayed or the one that went, newest first. */
export async function listMerges(sql: Sql, kundeemneId: string): Promise<Merge[]> {
  const rows = await sql.unsafe(
    `select ${columns} from merges where survivor_id = $1 or other_id = $1 order by id desc limit 500`,
    [kundeemneId],
  );
  return rows.map(readMerge);
}

/** A merge with what it kept, locked until the transaction ends. */
export async function lockMerge(tx: Tx, id: number): Promise<(Merge & { kept: KeptOfMerge }) | undefined> {
  const [row] = await tx.unsafe(`select ${columns}, kept from merges where id = $1::bigint for update`, [id]);
  // Written by `insertMerge` from the same type.
  return row && { ...readMerge(row), kept: row.kept as KeptOfMerge };
}

export async function insertMerge(
  tx: Tx,
  at: string,
  merge: Pick<Merge, "survivorId" | "otherId" | "survivorVersion" | "by"> & { kept: KeptOfMerge },
): Promise<number> {
  const [row] = await tx.unsafe(
    `insert into merges (survivor_id, other_id, survivor_version, kept, at, by) values ($1, $2, $3, $4::text::json, $5::timestamptz, $6)
     returning id::float8 as id`,
    [merge.survivorId, merge.otherId, merge.survivorVersion, JSON.stringify(merge.kept), at, merge.by],
  );
  return Number(row?.id);
}

/** It is taken back. What it kept of both is not needed any more. */
export async function endMerge(tx: Tx, id: number, at: string, by: string): Promise<void> {
  await tx.unsafe("update merges set undone_at = $2::timestamptz, undone_by = $3, kept = '{}' where id = $1::bigint", [
    id,
    at,
    by,
  ]);
}

/** Says where a record went; null: it stands for itself again. */
export async function markMerged(tx: Tx, id: string, into: string | null): Promise<void> {
  await tx.unsafe("update kundeemner set merged_into = $2 where id = $1", [id, into]);
  await markEntities(tx, "kundeemne", [id]);
}

/** Where a record that was merged is now, along the merges that followed; itself when it was not. */
export async function findSurvivor(sql: Sql, id: string): Promise<string> {
  const [row] = await sql.unsafe(
    `with recursive way(id, next, step) as (
       select id, merged_into, 0 from kundeemner where id = $1
       union all
       select k.id, k.merged_into, way.step + 1 from way join kundeemner k on k.id = way.next)
     cycle id set seen using path
     select id from way where not seen order by step desc limit 1`,
    [id],
  );
  return row === undefined ? id : String(row.id);
}

/** What a record went through since a merge, oldest first, as an undo of that version reads it. */
export async function loadSince(tx: Tx, id: string, version: number): Promise<PastVersion[]> {
  const rows = await tx.unsafe(
    `select version::float8 as version, kind, fields, by->>'connection' as connection, by->>'object' as object
     from history where entity_id = $1 and version >= $2::bigint order by version`,
    [id, version],
  );
  return rows.map((row) => ({
    version: Number(row.version),
    kind: String(row.kind),
    mine: Number(row.version) === version,
    undoing: false,
    fields: row.fields as FieldChanges, // as `appendHistory` wrote them
    from:
      row.connection === null || row.object === null
        ? null
        : { connection: String(row.connection), object: String(row.object) },
  }));
}

/** Of these records the one that most remote objects stand for, the oldest of them; undefined: none of them stands for itself. */
export async function findOldest(sql: Sql, ids: readonly string[]): Promise<string | undefined> {
  const [row] = await sql.unsafe(
    `select k.id from kundeemner k where k.id = any($1::text[]::uuid[]) and k.merged_into is null and k.erased_at is null
     order by (select count(*) from links l where l.entity_id = k.id and l.state = 'linked') desc, k.created_at, k.id limit 1`,
    [[...ids]],
  );
  return row === undefined ? undefined : String(row.id);
}

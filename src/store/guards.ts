import type { Bucket, GuardRange, Tally } from "../rules/guards.ts";
import type { Tx } from "./database.ts";

export type Direction = "in" | "out";

export interface GuardKey {
  readonly connection: string;
  readonly object: string;
  readonly direction: Direction;
}

/** What guards know of one direction of an object (rule R30). */
export interface GuardRow extends GuardKey {
  readonly counts: readonly Bucket[];
  readonly approved: readonly GuardRange[];
  readonly dismissed: readonly GuardRange[];
  /** Null: nothing is granted any more. */
  readonly granted: Tally | null;
}

/**
 * The rows of these objects, made where there are none, locked until the transaction ends: whoever counts next sees what
 * was counted here. Taken after every other lock, so that batches wait for each other's commit and nothing else.
 */
export async function lockGuards(tx: Tx, keys: readonly GuardKey[]): Promise<GuardRow[]> {
  const unique = new Map(keys.map((key) => [`${key.connection} ${key.object} ${key.direction}`, key]));
  const rows = await tx.unsafe(
    `insert into guards (connection, object, direction, updated_at)
     select connection, object, direction, kobling_now() from json_to_recordset($1::text::json) as x(connection text, object text, direction text)
     order by 1, 2, 3
     on conflict (connection, object, direction) do update set updated_at = excluded.updated_at
     returning connection, object, direction, counts, approved, dismissed,  case when granted_until > kobling_now() then granted end as granted`,
    [
      JSON.stringify(
        [...unique.values()].map(({ connection, object, direction }) => ({ connection, object, direction })),
      ),
    ],
    { prepare: true },
  );
  // The casts read what this file wrote from the same types.
  return rows.map((row) => ({
    connection: String(row.connection),
    object: String(row.object),
    direction: row.direction as Direction,
    counts: (row.counts as Bucket[] | null) ?? [],
    approved: (row.approved as GuardRange[] | null) ?? [],
    dismissed: (row.dismissed as GuardRange[] | null) ?? [],
    granted: row.granted as Tally | null,
  }));
}

/** Writes rows that are locked, one statement for all. */
export async function writeGuards(tx: Tx, rows: readonly GuardRow[]): Promise<void> {
  if (rows.length === 0) return;
  const written = rows.map((row) => ({
    connection: row.connection,
    object: row.object,
    direction: row.direction,
    counts: row.counts,
    approved: row.approved.length === 0 ? null : row.approved,
    dismissed: row.dismissed.length === 0 ? null : row.dismissed,
    granted: row.granted,
  }));
  await tx.unsafe(
    `update guards g set counts = x.counts, approved = x.approved, dismissed = x.dismissed, granted = x.granted
     from json_to_recordset($1::text::json) as x(connection text, object text, direction text, counts json, approved json, dismissed json, granted json)
     where g.connection = x.connection and g.object = x.object and g.direction = x.direction`,
    [JSON.stringify(written)],
    { prepare: true },
  );
}

/** Linked objects of a lane; counts to `atMost` and no further. */
export async function countLinked(tx: Tx, connection: string, object: string, atMost: number): Promise<number> {
  const [row] = await tx.unsafe(
    `select count(*)::float8 as n from
       (select 1 from links where connection = $1 and object = $2 and state = 'linked' and entity_id is not null limit $3) linked`,
    [connection, object, atMost],
    { prepare: true },
  );
  return Number(row?.n ?? 0);
}

/** Effects on this direction that an accepted preview has named: they are done without being counted, until then (ms from now). */
export async function grant(tx: Tx, grants: readonly (GuardKey & { granted: Tally })[], forMs: number): Promise<void> {
  if (grants.length === 0) return;
  await tx.unsafe(
    `insert into guards (connection, object, direction, granted, granted_until, updated_at)
     select connection, object, direction, granted, kobling_now() + $2::float8 * interval '1 millisecond', kobling_now()
     from json_to_recordset($1::text::json) as x(connection text, object text, direction text, granted json) order by 1, 2, 3
     on conflict (connection, object, direction) do update set granted = excluded.granted, granted_until = excluded.granted_until,
       updated_at = excluded.updated_at`,
    [JSON.stringify(grants), forMs],
  );
}

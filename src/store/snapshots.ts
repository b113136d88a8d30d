import type { Db, Tx } from "./database.ts";

export interface Snapshot {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly runId: number;
  readonly state: "open" | "complete" | "abandoned";
  /** In ms. */
  readonly openedAt: number;
}

/** Opens a snapshot; the ones of the object that were still open are abandoned, with their runs. */
export async function insertSnapshot(
  tx: Tx,
  snapshot: { id: string; connection: string; object: string; runId: number },
): Promise<void> {
  await tx.unsafe(
    `with left_open as (
       update snapshots set state = 'abandoned' where connection = $1 and object = $2 and state = 'open' returning run_id),
     ended as (
       update runs set state = 'failed', ended_at = kobling_now() where id in (select run_id from left_open))
     delete from run_items where run_id in (select run_id from left_open)`,
    [snapshot.connection, snapshot.object],
  );
  await tx.unsafe(
    "insert into snapshots (id, connection, object, run_id, state, opened_at) values ($1, $2, $3, $4, 'open', kobling_now())",
    [snapshot.id, snapshot.connection, snapshot.object, snapshot.runId],
  );
}

/** A snapshot, locked until the transaction ends. */
export async function lockSnapshot(tx: Tx, id: string): Promise<Snapshot | undefined> {
  const [row] = await tx.unsafe(
    `select id, connection, object, run_id::float8 as run_id, state, (extract(epoch from opened_at) * 1000)::float8 as opened_at
     from snapshots where id = $1 for update`,
    [id],
  );
  if (row === undefined) return undefined;
  return {
    id: String(row.id),
    connection: String(row.connection),
    object: String(row.object),
    runId: Number(row.run_id),
    // Written by this file only.
    state: row.state as Snapshot["state"],
    openedAt: Number(row.opened_at),
  };
}

export async function closeSnapshot(tx: Tx, id: string): Promise<void> {
  await tx.unsafe("update snapshots set state = 'complete', completed_at = kobling_now() where id = $1", [id]);
}

/** When the open snapshot of a run began, in ms; undefined when it is none, or is closed by now. */
export async function snapshotBegan(sql: Db, runId: number): Promise<number | undefined> {
  const [row] = await sql.unsafe(
    "select (extract(epoch from opened_at) * 1000)::float8 as opened_at from snapshots where run_id = $1 and state = 'open'",
    [runId],
  );
  return row === undefined ? undefined : Number(row.opened_at);
}

/** How many objects a run has seen. */
export async function countRunItems(sql: Db, runId: number, object: string): Promise<number> {
  const [row] = await sql.unsafe("select count(*)::float8 as n from run_items where run_id = $1 and object = $2", [
    runId,
    object,
  ]);
  return Number(row?.n ?? 0);
}

/** What the lane holds was told whole: it is verified as of now (rule R21). */
export async function markVerified(sql: Db, connection: string, object: string): Promise<void> {
  await sql.unsafe("update lanes set unverifiable_since = null where connection = $1 and object = $2", [
    connection,
    object,
  ]);
}

/** What a run has seen is not missing any more (rule R9). */
export async function clearMissing(sql: Db, connection: string, object: string, runId: number): Promise<void> {
  await sql.unsafe(
    `update links l set missing_since = null from run_items i where i.run_id = $3 and i.object = $2 and l.connection = $1
       and l.object = $2 and l.external_id = i.external_id and l.missing_since is not null`,
    [connection, object, runId],
  );
}

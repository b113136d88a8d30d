import type { GuardRange } from "../rules/guards.ts";
import type { Sql, Tx } from "./database.ts";

/** Release and standing of one object of a connection, and of the connection itself. */
export interface LaneRow {
  readonly connection: string;
  readonly object: string;
  readonly connectionState: string;
  readonly clockOffsetMs: number;
  readonly releasedIn: boolean;
  readonly releasedOut: boolean;
  readonly previewId: number | null;
  readonly firstMeetings: number;
  readonly stopped: boolean;
  /** The review that waits while it is stopped. */
  readonly stoppedBy: number | null;
  /** What a person has said of what a guard stopped, approved or dismissed, by direction (rule R30). */
  readonly ranges: { readonly in: readonly GuardRange[]; readonly out: readonly GuardRange[] };
  readonly mappingVersion: string | null;
}

const readLane = (row: Record<string, unknown>): LaneRow => ({
  connection: String(row.connection),
  object: String(row.object),
  connectionState: String(row.state),
  clockOffsetMs: Number(row.clock_offset_ms ?? 0),
  releasedIn: row.released_in === true,
  releasedOut: row.released_out === true,
  previewId: row.preview_id as number | null,
  firstMeetings: Number(row.first_meetings),
  stopped: row.stopped === true,
  stoppedBy: row.stopped_by as number | null,
  ranges: { in: [], out: [], ...(row.ranges as Partial<LaneRow["ranges"]> | null) },
  mappingVersion: row.mapping_version as string | null,
});

/** All lanes of the installation: a handful of rows, read once a batch. */
export async function loadLanes(sql: Sql | Tx): Promise<LaneRow[]> {
  const rows = await sql.unsafe(
    `select l.connection, l.object, c.state, c.clock_offset_ms, l.released_in, l.released_out, l.preview_id::float8 as preview_id, l.first_meetings,
       (l.stopped_by is not null or l.stopped_reason is not null) as stopped, l.stopped_by::float8 as stopped_by, l.mapping_version,
       (select json_object_agg(g.direction, coalesce(g.approved::jsonb, '[]') || coalesce(g.dismissed::jsonb, '[]')) from guards g
         where g.connection = l.connection and g.object = l.object and (g.approved is not null or g.dismissed is not null)) as ranges
     from lanes l join connections c on c.name = l.connection`,
    [],
    { prepare: true },
  );
  return rows.map(readLane);
}

/**
 * Rows for what the configuration names; what it no longer names is paused and keeps its links. A direction that is no
 * longer wished is not released any more: wished again, it waits for a preview (rule R27).
 */
export async function registerLanes(
  sql: Sql,
  wished: readonly {
    connection: string;
    connector: string;
    objects: readonly { object: string; mappingVersion: string; direction: "off" | "in" | "out" | "both" }[];
  }[],
): Promise<void> {
  await sql.begin(async (tx) => {
    const names = wished.map((each) => each.connection);
    await tx.unsafe(
      `insert into connections (name, connector, state, configured, updated_at)
       select x.connection, x.connector, 'active', true, kobling_now() from json_to_recordset($1::text::json) as x(connection text, connector text)
       on conflict (name) do update set connector = excluded.connector, configured = true, updated_at = kobling_now(),
         state = case when connections.configured then connections.state else 'active' end,
         reason = case when connections.configured then connections.reason end`,
      [JSON.stringify(wished.map(({ connection, connector }) => ({ connection, connector })))],
    );
    await tx.unsafe(
      `update connections set configured = false, state = 'paused', reason = 'not_configured', updated_at = kobling_now()
       where configured and name <> all($1::text[])`,
      [names],
    );
    const lanes = wished.flatMap((each) =>
      each.objects.map(({ object, mappingVersion, direction }) => ({
        connection: each.connection,
        object,
        mapping_version: mappingVersion,
        wishes_in: direction === "in" || direction === "both",
        wishes_out: direction === "out" || direction === "both",
      })),
    );
    // A new mapping may read more of the same content: what stands at the remote is looked at once more (rule R10).
    await tx.unsafe(
      `update links k set newest_hash = null from lanes l, json_to_recordset($1::text::json) as x(connection text, object text, mapping_version text)
       where l.connection = x.connection and l.object = x.object and l.mapping_version <> x.mapping_version
         and k.connection = l.connection and k.object = l.object`,
      [JSON.stringify(lanes)],
    );
    await tx.unsafe(
      `insert into lanes (connection, object, mapping_version, updated_at)
       select x.connection, x.object, x.mapping_version, kobling_now()
       from json_to_recordset($1::text::json) as x(connection text, object text, mapping_version text)
       on conflict (connection, object) do update set mapping_version = excluded.mapping_version, updated_at = kobling_now()`,
      [JSON.stringify(lanes)],
    );
    await tx.unsafe(
      `update lanes l set released_in = l.released_in and x.wishes_in, released_out = l.released_out and x.wishes_out
       from json_to_recordset($1::text::json) as x(connection text, object text, wishes_in boolean, wishes_out boolean)
       where l.connection = x.connection and l.object = x.object
         and (l.released_in and not x.wishes_in or l.released_out and not x.wishes_out)`,
      [JSON.stringify(lanes)],
    );
  });
}

/** Which of these remote objects an accepted preview has named. */
export async function namedByPreview(
  sql: Sql | Tx,
  previewId: number,
  object: string,
  externalIds: readonly string[],
): Promise<string[]> {
  const rows = await sql.unsafe(
    "select external_id from run_items where run_id = $1 and object = $2 and external_id = any($3::text[])",
    [previewId, object, [...externalIds]],
  );
  return rows.map((row) => String(row.external_id));
}

export async function addMeetings(tx: Tx, connection: string, object: string, more: number): Promise<void> {
  await tx.unsafe("update lanes set first_meetings = first_meetings + $3 where connection = $1 and object = $2", [
    connection,
    object,
    more,
  ]);
}

/** The review that a lane is stopped by, locked until the transaction ends; null: it is not stopped. */
export async function lockStopped(tx: Tx, connection: string, object: string): Promise<number | null> {
  const [row] = await tx.unsafe(
    "select stopped_by::float8 as stopped_by from lanes where connection = $1 and object = $2 for update",
    [connection, object],
  );
  return (row?.stopped_by as number | null | undefined) ?? null;
}

/** Stops a lane before the batch that would go too far; the rest waits (rules R26, R30). */
export async function stopLane(
  sql: Sql | Tx,
  connection: string,
  object: string,
  reason: string,
  review: number,
): Promise<void> {
  await sql.unsafe(
    "update lanes set stopped_by = $4, stopped_reason = $3, updated_at = kobling_now() where connection = $1 and object = $2",
    [connection, object, reason, review],
  );
}

/** A stopped lane goes on: a person has decided on all that waited. */
export async function resumeLane(tx: Tx, connection: string, object: string): Promise<void> {
  await tx.unsafe(
    "update lanes set stopped_by = null, stopped_reason = null, updated_at = kobling_now() where connection = $1 and object = $2",
    [connection, object],
  );
}

/** Frees a lane after a preview; a stopped lane goes on (rule R27). */
export async function releaseLane(
  tx: Tx,
  lane: {
    connection: string;
    object: string;
    releasedIn: boolean;
    releasedOut: boolean;
    previewId: number;
    by: string;
  },
): Promise<void> {
  await tx.unsafe(
    `update lanes set released_in = released_in or $3, released_out = released_out or $4, preview_id = $5, released_at = kobling_now(), released_by = $6,
       first_meetings = 0, stopped_by = null, stopped_reason = null, updated_at = kobling_now() where connection = $1 and object = $2`,
    [lane.connection, lane.object, lane.releasedIn, lane.releasedOut, lane.previewId, lane.by],
  );
  // What was only looked at so far is decided now, though its content is known.
  await tx.unsafe("update links set newest_hash = null where connection = $1 and object = $2", [
    lane.connection,
    lane.object,
  ]);
}

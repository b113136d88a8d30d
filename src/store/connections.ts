import type { Db } from "./database.ts";

const WINDOWS_KEPT = 200;

/** Adds times from the read before a write to the write, in ms; a bounded sample for p50 and p99 in status (rule R20). */
export async function recordWindows(sql: Db, connection: string, windowsMs: readonly number[]): Promise<void> {
  if (windowsMs.length === 0) return;
  const newest = windowsMs.slice(-WINDOWS_KEPT);
  await sql.unsafe(
    `update connections set last_answer_at = kobling_now(), windows_ms = (
       select json_agg(v) from (
         select v from (
           select value::float8 as v, ordinality as n from json_array_elements_text($2::text::json) with ordinality
           union all
           select value::float8, ordinality + 100000 from json_array_elements_text(coalesce(windows_ms, '[]'::json)) with ordinality) merged
         order by n limit ${WINDOWS_KEPT}) kept)
     where name = $1`,
    [connection, JSON.stringify(newest)],
  );
}

/** Sets the state of a connection: `active`, `paused` by a person, `stopped` by what it answered. */
export async function setConnectionState(
  sql: Db,
  name: string,
  state: "active" | "paused" | "stopped",
  reason: string | null,
): Promise<boolean> {
  const rows = await sql.unsafe(
    "update connections set state = $2, reason = $3, updated_at = kobling_now() where name = $1 returning name",
    [name, state, reason],
  );
  return rows.length > 0;
}

/** Notes the newest fault of a connection by its code; never what it said. */
export async function noteFault(sql: Db, name: string, code: string): Promise<void> {
  await sql.unsafe("update connections set last_error = $2, last_error_at = kobling_now() where name = $1", [
    name,
    code,
  ]);
}

/** Notes an answer and the offset of the remote's clock, from its Date header (rule R3). */
export async function noteAnswer(sql: Db, name: string, clockOffsetMs: number | null): Promise<void> {
  await sql.unsafe(
    "update connections set last_answer_at = kobling_now(), clock_offset_ms = coalesce($2, clock_offset_ms) where name = $1",
    [name, clockOffsetMs],
  );
}

/** Notes that the circuit of a connection opened, with how long it rests in ms, or with null that it closed. */
export async function noteCircuit(sql: Db, name: string, restsMs: number | null): Promise<void> {
  await sql.unsafe(
    "update connections set circuit_open_until = kobling_now() + $2::float8 * interval '1 millisecond' where name = $1",
    [name, restsMs],
  );
}

/** Neither paused nor stopped. */
export async function isActive(sql: Db, name: string): Promise<boolean> {
  const [row] = await sql.unsafe("select 1 from connections where name = $1 and state = 'active'", [name]);
  return row !== undefined;
}

import type { Db } from "./database.ts";

/** Write counts of an object's links from before a request (rule R6), by external id; only those that were ever written. */
export async function loadWriteCountsOf(
  sql: Db,
  connection: string,
  object: string,
  externalIds?: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sql.unsafe(
    `select external_id, write_count from links where connection = $1 and object = $2 and write_count > 0
       ${externalIds === undefined ? "" : "and external_id = any($3::text[])"}`,
    externalIds === undefined ? [connection, object] : [connection, object, [...externalIds]],
  );
  return new Map(rows.map((row) => [String(row.external_id), Number(row.write_count)]));
}

/**
 * What a whole listing did not show: `first` for the first time, `second` again, in a listing that began after the first
 * suspicion (rule R9); `first` are link ids, `suspects` and `second` external ids. Objects that came after the listing began are not missed.
 */
export async function findMissing(
  sql: Db,
  connection: string,
  object: string,
  runId: number,
  began: string,
): Promise<{ first: string[]; second: string[]; suspects: string[] }> {
  const rows = await sql.unsafe(
    `select l.id, l.external_id, l.missing_since is not null and l.missing_since < $4::timestamptz as again from links l
     where l.connection = $1 and l.object = $2 and l.state in ('linked', 'extra', 'suggested', 'unlinked')
       and coalesce(l.decided_began_at, l.updated_at) < $4::timestamptz
       -- Row by row through the whole key (offset 0): without statistics the planner would pair each link with each item.
       and not exists (select 1 from run_items i where i.run_id = $3 and i.object = $2 and i.external_id = l.external_id offset 0)

       -- That it is gone waits for a person already, or one has said no to it (rule R30).
       and not exists (select 1 from changes c where c.connection = $1 and c.object = $2 and c.external_id = l.external_id
         and c.deleted and c.state in ('received', 'quarantined') and c.id > coalesce(l.newest_change_id, 0))`,
    [connection, object, runId, began],
  );
  const first: string[] = [];
  const second: string[] = [];
  const suspects: string[] = [];
  for (const row of rows) {
    if (row.again === true) second.push(String(row.external_id));
    else {
      first.push(String(row.id));
      suspects.push(String(row.external_id));
    }
  }
  return { first, second, suspects };
}

export async function markMissing(sql: Db, linkIds: readonly string[], at: string): Promise<void> {
  await sql.unsafe(
    "update links set missing_since = $2::timestamptz where id = any($1::uuid[]) and missing_since is null",
    [[...linkIds], at],
  );
}

/** Objects of a lane that a listing is to show: those that `findMissing` looks for. */
export async function countListed(sql: Db, connection: string, object: string, began: string): Promise<number> {
  const [row] = await sql.unsafe(
    `select count(*)::float8 as n from links l where l.connection = $1 and l.object = $2
       and l.state in ('linked', 'extra', 'suggested', 'unlinked') and coalesce(l.decided_began_at, l.updated_at) < $3::timestamptz`,
    [connection, object, began],
  );
  return Number(row?.n ?? 0);
}

/** Notes that a listing was suddenly short; true: an earlier one had been already (rule R9). */
export async function noteShort(sql: Db, connection: string, object: string, began: string): Promise<boolean> {
  const [row] = await sql.unsafe(
    `with before as (select short_since from lanes where connection = $1 and object = $2 for update)
     update lanes l set short_since = coalesce(before.short_since, $3::timestamptz) from before
     where l.connection = $1 and l.object = $2 returning coalesce(before.short_since < $3::timestamptz, false) as again`,
    [connection, object, began],
  );
  return row?.again === true;
}

/** A listing is whole again, or its absences were believed: what was suspected is over, and so is the alert of it. */
export async function endShort(sql: Db, connection: string, object: string): Promise<void> {
  await sql.unsafe(
    `with ended as (update lanes set short_since = null where connection = $1 and object = $2 and short_since is not null returning 1)
     update reviews set state = 'closed', decision = 'listed_again', decided_by = 'kobling', decided_at = kobling_now(), updated_at = kobling_now()
     where state = 'open' and kind = 'alert' and reason = 'R9:short_listing' and connection = $1 and object = $2 and exists (select 1 from ended)`,
    [connection, object],
  );
}

/** Reads, and with `began` writes, what listings know of a lane. */
export async function asLanes(
  sql: Db,
  connection: string,
  object: string,
  began?: string,
  fields?: readonly string[],
): Promise<{ fieldsSeen: readonly string[]; lastFullAt: number | null }> {
  const [row] =
    began === undefined
      ? await sql.unsafe(
          "select fields_seen, (extract(epoch from last_full_at) * 1000)::float8 as last_full_at from lanes where connection = $1 and object = $2",
          [connection, object],
        )
      : await sql.unsafe(
          `update lanes set last_full_at = $3::timestamptz, fields_seen = case when cardinality($4::text[]) > 0 then $4::text[] else fields_seen end
           where connection = $1 and object = $2 returning fields_seen, (extract(epoch from last_full_at) * 1000)::float8 as last_full_at`,
          [connection, object, began, [...(fields ?? [])]],
        );
  return {
    fieldsSeen: (row?.fields_seen as string[] | null | undefined) ?? [],
    lastFullAt: (row?.last_full_at as number | null | undefined) ?? null,
  };
}

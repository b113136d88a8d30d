import type { Tx } from "./database.ts";
import type { KeptOfMerge } from "./merges.ts";

/** Tables whose rows hang on a Kundeemne, and by which column. */
const HANGING = {
  aktiviteter: "kundeemne_id",
  opgaver: "kundeemne_id",
  tilbud: "kundeemne_id",
  noter: "kundeemne_id",
  leads: "kundeemne_id",
} as const;
const VERSIONED: ReadonlySet<string> = new Set(["aktiviteter", "opgaver", "tilbud", "noter"]);

/** Moves what hangs on one record to another, one statement a table; gives the ids. */
export async function moveRows(tx: Tx, at: string, from: string, to: string): Promise<Record<string, string[]>> {
  const moved: Record<string, string[]> = {};
  for (const [table, column] of Object.entries(HANGING)) {
    const touched = VERSIONED.has(table) ? ", version = version + 1, updated_at = $3::timestamptz" : "";
    const values = VERSIONED.has(table) ? [from, to, at] : [from, to];
    const rows = await tx.unsafe(
      `update ${table} set ${column} = $2${touched} where ${column} = $1 returning id`,
      values,
    );
    moved[table] = rows.map((row) => String(row.id));
  }
  return moved;
}

/** Moves these rows back, as far as they still hang where they were put; gives how many of each table. */
export async function moveRowsBack(
  tx: Tx,
  at: string,
  from: string,
  to: string,
  rows: KeptOfMerge["rows"],
): Promise<Record<string, number>> {
  const moved: Record<string, number> = {};
  for (const [table, column] of Object.entries(HANGING)) {
    const ids = (rows[table] ?? []).map(String);
    if (ids.length === 0) continue;
    const touched = VERSIONED.has(table) ? ", version = version + 1, updated_at = $4::timestamptz" : "";
    const values = VERSIONED.has(table) ? [from, to, ids, at] : [from, to, ids];
    const { count } = await tx.unsafe(
      `update ${table} set ${column} = $2${touched} where ${column} = $1 and id = any($3::uuid[])`,
      values,
    );
    moved[table] = count;
  }
  return moved;
}

/** How much hangs on a record, by table. */
export async function countRows(tx: Tx, id: string): Promise<Record<string, number>> {
  const counts = Object.entries(HANGING).map(
    ([table, column]) => `(select count(*)::int from ${table} where ${column} = $1) as ${table}`,
  );
  const [row] = await tx.unsafe(`select ${counts.join(", ")}`, [id]);
  return Object.fromEntries(Object.keys(HANGING).map((table) => [table, Number(row?.[table] ?? 0)]));
}

/**
 * Conversions that are over, and creates that came to nothing but may yet be receipted, belong to the record that stays.
 * One of which that record has its own stays where it was.
 */
export async function moveWork(tx: Tx, from: string, to: string): Promise<Record<string, number[]>> {
  const conversions = await tx.unsafe(
    `update conversions c set entity_id = $2 where entity_id = $1 and not exists (select from conversions o
       where o.entity_id = $2 and o.connection = c.connection and o.target = c.target and o.reference = c.reference)
     returning id::float8 as id`,
    [from, to],
  );
  const deliveries = await tx.unsafe(
    `update deliveries set entity_id = $2 where entity_id = $1 and link_id is null and state in ('rejected', 'withdrawn')
     returning id::float8 as id`,
    [from, to],
  );
  return { conversions: conversions.map((row) => Number(row.id)), deliveries: deliveries.map((row) => Number(row.id)) };
}

export async function moveWorkBack(tx: Tx, from: string, to: string, rows: KeptOfMerge["rows"]): Promise<void> {
  for (const table of ["conversions", "deliveries"]) {
    const guard =
      table === "conversions" ? "state <> 'open'" : "link_id is null and state in ('rejected', 'withdrawn')";
    await tx.unsafe(`update ${table} set entity_id = $2 where entity_id = $1 and id = any($3::bigint[]) and ${guard}`, [
      from,
      to,
      (rows[table] ?? []).map(Number),
    ]);
  }
}

/** Ends open deliveries of a record that is no longer written to, and creates of objects that another link stands for now. */
export async function withdrawMerged(
  tx: Tx,
  other: string,
  survivor: string,
  taken: readonly { readonly connection: string; readonly object: string }[],
): Promise<void> {
  await tx.unsafe(
    `update deliveries d set state = 'withdrawn', reason = 'merged', lease_until = null
     where d.state in ('due', 'withheld') and (d.entity_id = $1 or (d.entity_id = $2 and d.link_id is null
       and exists (select from json_to_recordset($3::text::json) as x(connection text, object text)
         where x.connection = d.connection and x.object = d.object)))`,
    [other, survivor, JSON.stringify(taken)],
  );
}

/** Something of which nobody knows yet how it ends. */
export interface Unsettled {
  readonly what: "delivery" | "create" | "conversion";
  readonly id: number;
  readonly connection: string;
  readonly object: string;
  readonly state: string;
}

/** Writes of these records that are under way or of unknown outcome, and conversions that are open (rule R28). */
export async function findUnsettled(tx: Tx, entityIds: readonly string[]): Promise<Unsettled[]> {
  const rows = await tx.unsafe(
    `select case when link_id is null then 'create' else 'delivery' end as what, id::float8 as id, connection, object, state from deliveries
     where entity_id = any($1::uuid[]) and (state in ('leased', 'uncertain') or (state = 'due' and (body is not null or attempt_id is not null)))
     union all
     select 'conversion', id::float8, connection, target, state from conversions where entity_id = any($1::uuid[]) and state = 'open'
     order by 1, 2`,
    [[...entityIds]],
  );
  return rows.map((row) => ({
    what: row.what as Unsettled["what"], // one of the three literals above
    id: Number(row.id),
    connection: String(row.connection),
    object: String(row.object),
    state: String(row.state),
  }));
}

/** What a person has refused of one record is refused of the other too (rules R25, R28). Gives what is new of whole objects. */
export async function uniteBlocks(tx: Tx, from: string, to: string): Promise<{ connection: string; object: string }[]> {
  const rows = await tx.unsafe(
    `insert into link_blocks (connection, object, entity_id, external_id, kind, by, at)
     select connection, object, $2, external_id, kind, by, at from link_blocks b where entity_id = $1
       -- That the other one has no object there any more says nothing of one that has.
       and not (external_id = '' and exists (select from links l where l.entity_id = $2 and l.connection = b.connection
         and l.object = b.object and l.state = 'linked'))
     on conflict (connection, object, entity_id, external_id) do nothing
     returning connection, object, external_id`,
    [from, to],
  );
  return rows.flatMap(({ connection, object, external_id }) =>
    external_id === "" ? [{ connection: String(connection), object: String(object) }] : [],
  );
}

/** That the other record was unlinked, or gone, at these objects speaks of that one again. A refused pair stays refused. */
export async function partBlocks(
  tx: Tx,
  id: string,
  objects: readonly { readonly connection: string; readonly object: string }[],
): Promise<void> {
  await tx.unsafe(
    `delete from link_blocks b using json_to_recordset($2::text::json) as x(connection text, object text)
     where b.entity_id = $1 and b.external_id = '' and b.connection = x.connection and b.object = x.object`,
    [id, JSON.stringify(objects)],
  );
}

/** Open reviews about a record go with it; those that are joined to another case are closed. Gives the ids that moved. */
export async function moveReviews(
  tx: Tx,
  at: string,
  from: string,
  to: string,
  joined: readonly number[],
): Promise<number[]> {
  await tx.unsafe(
    `update reviews set state = 'closed', decision = 'merged', decided_by = 'kobling', decided_at = $1::timestamptz, updated_at = $1::timestamptz
     where id = any($2::bigint[]) and state = 'open'`,
    [at, [...joined]],
  );
  const rows = await tx.unsafe(
    `update reviews set entity_id = $3, revision = revision + 1, updated_at = $1::timestamptz
     where entity_id = $2 and state = 'open' returning id::float8 as id`,
    [at, from, to],
  );
  // Who may be meant by a remote object, or be one company, is one record fewer.
  await tx.unsafe(
    `update reviews r set revision = r.revision + 1, updated_at = $1::timestamptz, detail = (r.detail::jsonb || jsonb_build_object('candidates',
       (select jsonb_agg(id order by place) from (select case when c.id = $2 then $3 else c.id end as id, min(c.place) as place
          from jsonb_array_elements_text(r.detail::jsonb->'candidates') with ordinality c(id, place) group by 1) candidates)))::json
     where r.kind in ('match_case', 'duplicate') and r.state = 'open' and r.detail::jsonb->'candidates' ? $2`,
    [at, from, to],
  );
  await tx.unsafe(
    `update reviews set state = 'closed', decision = 'merged', decided_by = 'kobling', decided_at = $1::timestamptz, updated_at = $1::timestamptz
     where kind = 'duplicate' and state = 'open' and entity_id = $2 and json_array_length(detail->'candidates') < 2`,
    [at, to],
  );
  return rows.map((row) => Number(row.id));
}

/** Reviews that a merge moved and nobody has decided since go back. Gives those that did. */
export async function moveReviewsBack(
  tx: Tx,
  at: string,
  from: string,
  to: string,
  ids: readonly number[],
): Promise<Set<number>> {
  const rows = await tx.unsafe(
    `update reviews set entity_id = $3, revision = revision + 1, updated_at = $1::timestamptz
     where entity_id = $2 and id = any($4::bigint[]) and state = 'open' returning id::float8 as id`,
    [at, from, to, [...ids]],
  );
  return new Set(rows.map((row) => Number(row.id)));
}

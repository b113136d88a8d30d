import type { Tx } from "./database.ts";

interface Step {
  readonly table: string;
  readonly sql: string;
}

const own = "(select id from erasing)";
const remote = (row: string) =>
  `exists (select from erasing_remotes m where m.connection = ${row}.connection and m.object = ${row}.object and m.external_id = ${row}.external_id)`;
/** A JSON column names somebody in hand, or shows what they are known by. */
const names = (column: string) =>
  `(${column}::text ilike any(select '%' || id || '%' from erasing) or ${column}::text ilike any($1::text[]))`;
const dealing = (table: string): Step[] => [
  { table, sql: `delete from ${table} where kundeemne_id in ${own}` },
  { table, sql: `update ${table} set kontaktperson_id = null where kontaktperson_id in ${own}` },
];

/**
 * What leaves the database, in this order, a statement each; every table of `personalData` (src/model/personal-data.ts) that is
 * neither hashed nor sealed is here. `$1`: patterns of what the person is known by.
 */
export const eraseSteps: readonly Step[] = [
  // A stranger that was held because it may have been the person is decided anew.
  {
    table: "changes",
    sql: `with held as (select r.change_id, r.link_id from reviews r where r.kind = 'match_case' and r.state = 'open'
        and r.detail::text ilike any(select '%' || id || '%' from erasing) and not ${remote("r")}),
      anew as (update links set newest_hash = null where id in (select link_id from held))
      update changes set state = 'received', outcome = null where id in (select change_id from held)`,
  },
  {
    table: "reviews",
    sql: `with gone as (
        delete from reviews r where r.kind <> 'stopped_run' and (r.entity_id in ${own} or ${remote("r")}
          or r.link_id in (select id from links where entity_id in ${own}) or ${names("r.sides")} or ${names("r.detail")}) returning id),
      freed as (
        update kundeemner k set holds = (select json_object_agg(h.key, h.value) from json_each(k.holds) h where h.value::text::bigint not in (select id from gone))
        where k.holds is not null and exists (select from json_each(k.holds) h where h.value::text::bigint in (select id from gone)))
      select id from gone`,
  },
  {
    table: "exchange_rows",
    sql: `delete from exchange_rows where delivery_id in (select id from deliveries where entity_id in ${own})`,
  },
  {
    table: "attempts",
    sql: `delete from attempts where delivery_id in (select id from deliveries where entity_id in ${own})`,
  },
  { table: "deliveries", sql: `delete from deliveries where entity_id in ${own}` },
  // A file in which the person stands, or may stand: what cannot be read as text has not been looked at.
  {
    table: "import_chunks",
    sql: `with files as (
        select i.id from imports i where i.settings->>'format' <> 'csv' and i.run is null
        union select r.import_id from import_rows r join imports i on i.id = r.import_id join erasing_remotes m
          on m.connection = i.connection and m.object = i.object and m.external_id = r.external_id
        union select i.id from imports i join run_items t on t.run_id in (i.preview_run, i.run)
          where t.entity_id in ${own} or ${names("t.detail")}
            or exists (select from erasing_remotes m where m.connection = i.connection and m.object = t.object and m.external_id = t.external_id)
        union select c.import_id from import_chunks c
          where exists (select from unnest($1::text[]) p where position(convert_to(trim(both '%"' from p), 'UTF8') in c.bytes) > 0)),
      shown as (update imports set found = jsonb_set(found::jsonb, '{samples}', '{}')::json where id in (select id from files))
      delete from import_chunks where import_id in (select id from files)`,
  },
  {
    table: "imports",
    sql: `update imports i set found = jsonb_set(found::jsonb, '{samples}', '{}')::json where ${names("i.found")}`,
  },
  {
    table: "import_rows",
    sql: `delete from import_rows r using imports i, erasing_remotes m
      where i.id = r.import_id and m.connection = i.connection and m.object = i.object and m.external_id = r.external_id`,
  },
  {
    table: "run_items",
    sql: `delete from run_items t using runs r where r.id = t.run_id and (t.entity_id in ${own} or ${names("t.detail")}
      or exists (select from erasing_remotes m where m.connection = r.connection and m.object = t.object and m.external_id = t.external_id))`,
  },
  { table: "changes", sql: `delete from changes c where ${remote("c")}` },
  {
    table: "link_blocks",
    sql: `delete from link_blocks b where b.entity_id in ${own} or ${remote("b")}`,
  },
  { table: "links", sql: `delete from links l where l.entity_id in ${own} or ${remote("l")}` },
  { table: "history", sql: `update history set fields = '{}' where entity_id in ${own}` },
  ...["aktiviteter", "opgaver", "tilbud", "noter"].flatMap(dealing),
  {
    table: "leads",
    sql: `update leads set submission_id = 'erased:' || id, fingerprint = 'erased', detalje = null where kundeemne_id in ${own} or kontaktperson_id in ${own}`,
  },
  {
    table: "domain_contacts",
    sql: `update domain_contacts set state = 'ignored', message_id = '', domain = '' where kontaktperson_id in ${own}`,
  },
  {
    table: "gdpr_requests",
    sql: `update gdpr_requests set note = null, outcome = null, extended_why = null where kundeemne_id in ${own} or kontaktperson_id in ${own}`,
  },
  { table: "match_blocks", sql: `delete from match_blocks where kundeemne_id in ${own}` },
  { table: "conversions", sql: `delete from conversions where entity_id in ${own}` },
  { table: "merges", sql: `update merges set kept = '{}' where survivor_id in ${own} or other_id in ${own}` },
  { table: "distinct_pairs", sql: `delete from distinct_pairs where low_id in ${own} or high_id in ${own}` },
  {
    table: "segment_members",
    sql: `with gone as (delete from segment_members where entity_id in ${own} or kundeemne_id in ${own} returning segment_id, entity_id)
      insert into segment_events (segment_id, entity_id, change, reason, at) select segment_id, entity_id, 'removed', 'erased', kobling_now() from gone`,
  },
  { table: "segment_wishes", sql: `delete from segment_wishes where entity_id in ${own}` },
  {
    table: "hand_overs",
    sql: `delete from hand_overs where (entity_id in ${own} or kundeemne_id in ${own}) and has = 'no' and batch_id is null`,
  },
  {
    table: "hand_overs",
    sql: `update hand_overs set wanted = false, reason = 'erased', changed_at = kobling_now(), owed = case when batch_id is null then 'remove' else owed end
      where entity_id in ${own} or kundeemne_id in ${own}`,
  },
  { table: "audit_salts", sql: `delete from audit_salts where entity_id in ${own}` },
];

/** Carries the steps out; gives the rows by table. */
export async function eraseRows(tx: Tx, patterns: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { table, sql } of eraseSteps) {
    const rows = await tx.unsafe(sql, sql.includes("$1") ? [[...patterns]] : []);
    counts[table] = (counts[table] ?? 0) + rows.count;
  }
  return counts;
}

/** What goes on without the person keeps its place; in what it shows, the person's values are struck out. */
export async function strikeOut(
  tx: Tx,
  patterns: readonly string[],
  values: readonly string[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [table, column, where] of [
    ["reviews", "sides", "r.kind = 'stopped_run'"],
    ["reviews", "detail", "r.kind = 'stopped_run'"],
    ["runs", "detail", "true"],
  ] as const) {
    const rows = await tx.unsafe(
      `select r.id, r.${column}::text as said from ${table} r where ${where} and ${names(`r.${column}`)}`,
      [[...patterns]],
    );
    const struck = rows.map((row) => {
      let said = String(row.said);
      for (const value of values) said = said.replaceAll(JSON.stringify(value).slice(1, -1), STRUCK);
      return { id: row.id, said };
    });
    await tx.unsafe(
      `update ${table} r set ${column} = x.said::json from json_to_recordset($1::text::json) as x(id bigint, said text) where x.id = r.id`,
      [JSON.stringify(struck)],
    );
    counts[table] = (counts[table] ?? 0) + struck.length;
  }
  return counts;
}

/** Every text that stands on the records in hand and is long enough to mean somebody. */
export async function valuesOf(
  tx: Tx,
  columns: Readonly<Record<"kundeemner" | "kontaktpersoner", readonly string[]>>,
): Promise<string[]> {
  const values = new Set<string>();
  for (const table of ["kundeemner", "kontaktpersoner"] as const) {
    const rows = await tx.unsafe(`select ${columns[table].join(", ")} from ${table} where id in ${own}`);
    for (const row of rows)
      for (const value of Object.values(row).flat())
        if (typeof value === "string" && value.length >= SHORTEST_STRUCK) values.add(value);
  }
  return [...values].sort((one, other) => other.length - one.length);
}

const STRUCK = "[erased]";
const SHORTEST_STRUCK = 5;

/** Makes tombstones of the records: ids and versions stay, every value goes. */
export async function blankRecords(
  tx: Tx,
  columns: Readonly<Record<"kundeemner" | "kontaktpersoner", readonly string[]>>,
): Promise<{ id: string; entity: "kundeemne" | "kontaktperson"; version: number }[]> {
  const meta = `version = version + 1, provenance = '{"s":[],"u":{}}', policies = null, holds = null, erased_at = kobling_now(), updated_at = kobling_now()`;
  const made: { id: string; entity: "kundeemne" | "kontaktperson"; version: number }[] = [];
  for (const [table, entity] of [
    ["kundeemner", "kundeemne"],
    ["kontaktpersoner", "kontaktperson"],
  ] as const) {
    const values = columns[table].map((column) => `${column} = null`).join(", ");
    const rows = await tx.unsafe(
      `update ${table} set ${meta}, ${values} where id in ${own} and erased_at is null returning id, version::float8 as version`,
    );
    made.push(...rows.map((row) => ({ id: String(row.id), entity, version: Number(row.version) })));
  }
  return made;
}

/** Puts keyed hashes in the place of addresses, so that a no is known again and the address is not. */
export async function hashAddresses(tx: Tx, hashes: ReadonlyMap<string, string>): Promise<void> {
  if (hashes.size === 0) return;
  const pairs = JSON.stringify([...hashes].map(([address, hash]) => ({ address, hash })));
  const x = "json_to_recordset($1::text::json) as x(address text, hash text)";
  await tx.unsafe(
    `update consents c set address = x.hash, evidence = null, source = null from ${x} where c.address = x.address
       and (c.kundeemne_id in ${own} or c.kontaktperson_id in ${own})`,
    [pairs],
  );
  const living = `not exists (select from kontaktpersoner p where p.email_key = x.address and p.erased_at is null)`;
  await tx.unsafe(
    `update hand_over_receipts r set address = x.hash from ${x} where r.address = x.address and (r.kundeemne_id in ${own} or r.entity_id in ${own})`,
    [pairs],
  );
  await tx.unsafe(`update opt_outs o set address = x.hash from ${x} where o.address = x.address and ${living}`, [
    pairs,
  ]);
}

/** Of the erased, what has been told to its tool by now: the address goes, the receipt keeps its hash. Gives addresses left. */
export async function dropToldAddresses(tx: Tx): Promise<{ kundeemneId: string; address: string }[]> {
  await tx.unsafe(
    `delete from hand_overs h using kundeemner k where k.id = h.kundeemne_id and h.reason = 'erased' and h.has = 'no' and h.batch_id is null and h.owed is null`,
  );
  const rows = await tx.unsafe(
    `select distinct r.kundeemne_id, r.address from hand_over_receipts r join erasures e on r.kundeemne_id = any(e.entity_ids) or r.entity_id = any(e.entity_ids)
     where r.address not like 'mac:%' and not exists (select from hand_overs h where h.address = r.address and h.kundeemne_id = r.kundeemne_id)`,
  );
  return rows.map((row) => ({ kundeemneId: String(row.kundeemne_id), address: String(row.address) }));
}

export async function hashReceipts(
  tx: Tx,
  told: readonly { readonly kundeemneId: string; readonly address: string; readonly hash: string }[],
): Promise<void> {
  await tx.unsafe(
    `update hand_over_receipts r set address = x.hash from json_to_recordset($1::text::json) as x("kundeemneId" uuid, address text, hash text)
     where r.kundeemne_id = x."kundeemneId" and r.address = x.address`,
    [JSON.stringify(told)],
  );
}

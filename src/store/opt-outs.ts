import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface StoredOptOut {
  readonly address: string;
  readonly channel: string;
  readonly kind: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * Keeps what was said at a tool; gives what was not known yet. A time ahead of ours is now. What only stands so is nothing new
 * where the same was said before.
 */
export async function addOptOuts(
  tx: Tx,
  connection: string,
  said: readonly (StoredOptOut & { readonly isStanding?: boolean })[],
): Promise<StoredOptOut[]> {
  if (said.length === 0) return [];
  const rows = await tx.unsafe(
    `insert into opt_outs as o (connection, address, channel, kind, at, noted_at)
     select distinct $1, x.address, x.channel, x.kind, least(x.at, kobling_now()), kobling_now()
     from json_to_recordset($2::text::json) as x(address text, channel text, kind text, at timestamptz, "isStanding" bool)
     where x."isStanding" is not true or not exists (select 1 from opt_outs k where k.connection = $1 and k.address = x.address
       and k.channel = x.channel and k.kind = x.kind)
     on conflict do nothing returning o.address, o.channel, o.kind, ${instantText("o.at")} as at`,
    [connection, JSON.stringify(said)],
  );
  return rows.map((row) => ({
    address: String(row.address),
    channel: String(row.channel),
    kind: String(row.kind),
    at: String(row.at),
  }));
}

/**
 * Notes ends of consent, at every Kundeemne that has the address, and once at nobody where none has. Facts are added and never
 * changed.
 */
export async function endConsents(
  tx: Tx,
  ends: readonly StoredOptOut[],
  from: { readonly source: string; readonly by: string },
): Promise<void> {
  if (ends.length === 0) return;
  await tx.unsafe(
    `with ends as (select * from json_to_recordset($1::text::json) as x(address text, channel text, kind text, at timestamptz)),
     owners as (
       select distinct e.address, e.channel, h.kundeemne_id, case when h.entity_id <> h.kundeemne_id then h.entity_id end as contact
       from ends e join hand_overs h on h.address = e.address and h.channel = e.channel
       union
       select distinct e.address, e.channel, p.kundeemne_id, p.id from ends e join kontaktpersoner p on p.email_key = e.address
       where e.channel = 'email' and p.erased_at is null),
     noted as (insert into consents (address, channel, purpose, kind, at, evidence, opt_out_offered, source, kundeemne_id, kontaktperson_id, by, noted_at)
     select e.address, e.channel, 'markedsfoering', e.kind, e.at, null, null, $2, o.kundeemne_id, o.contact, $3, kobling_now()
     from ends e left join owners o on o.address = e.address and o.channel = e.channel order by e.address, e.at returning id)
     insert into segment_marks (consent) select id from noted`,
    [JSON.stringify(ends), from.source, from.by],
  );
}

/** The tool itself holds the person's no: nothing more is owed there. What is on its way is judged when it is answered. */
export async function markOptedOut(tx: Tx, connection: string, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return;
  await tx.unsafe(
    `update hand_overs h set state = 'opted_out', has = 'no', owed = null, changed_at = kobling_now()
     where h.connection = $1 and h.address = any($2::text[]) and h.batch_id is null and h.state <> 'opted_out'
       and exists (select 1 from opt_outs o where o.connection = h.connection and o.address = h.address and o.channel = h.channel)`,
    [connection, [...addresses]],
  );
}

export async function readCursor(sql: Db, connection: string): Promise<string | null> {
  const [row] = await sql.unsafe("select cursor from opt_out_cursors where connection = $1", [connection]);
  return row === undefined ? null : String(row.cursor);
}

export async function saveCursor(sql: Sql | Tx, connection: string, cursor: string): Promise<void> {
  await sql.unsafe(
    `insert into opt_out_cursors (connection, cursor, read_at) values ($1, $2, kobling_now())
     on conflict (connection) do update set cursor = excluded.cursor, read_at = excluded.read_at`,
    [connection, cursor],
  );
}

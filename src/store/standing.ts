import type { EntityKind } from "../model/catalogue.ts";
import type { Db, Tx } from "./database.ts";
import { lockLinksById, type StoredLink } from "./links.ts";

/** Before every id. */
export const firstId = "00000000-0000-0000-0000-000000000000";

/** Linked objects in id order, page by page; locked while their page is looked at. */
export async function pageLinks(
  tx: Tx,
  connection: string,
  object: string,
  after: string,
  limit: number,
): Promise<StoredLink[]> {
  const rows = await tx.unsafe(
    `select id from links where connection = $1 and object = $2 and state = 'linked' and entity_id is not null
       and id > $3::uuid order by id limit $4`,
    [connection, object, after, limit],
    { prepare: true },
  );
  const links = await lockLinksById(
    tx,
    rows.map((row) => String(row.id)),
  );
  return [...links.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Records in id order that have no object of a kind at a connection, and may have one. */
export async function unlinkedRecords(
  sql: Db,
  kind: EntityKind,
  connection: string,
  object: string,
  parentObject: string | null,
  after: string,
  limit: number,
): Promise<string[]> {
  const from =
    kind === "kundeemne"
      ? "kundeemner e join kundeemner k on k.id = e.id"
      : "kontaktpersoner e join kundeemner k on k.id = e.kundeemne_id";
  const parent =
    parentObject === null
      ? ""
      : "and exists (select 1 from links p where p.entity_id = k.id and p.connection = $1 and p.object = $5 and p.state = 'linked')";
  const rows = await sql.unsafe(
    `select e.id from ${from}
     where e.id > $3::uuid and k.erased_at is null and k.orphaned_at is null and k.merged_into is null
       and not coalesce(k.arkiveret_vaerdi, false) and not coalesce(k.begraenset_vaerdi, false)
       and not exists (select 1 from links l where l.entity_id = e.id and l.connection = $1 and l.object = $2)
       and not exists (select 1 from link_blocks b where b.entity_id = e.id and b.connection = $1 and b.object = $2 and b.external_id = '')
       and not exists (select 1 from reviews r, json_array_elements_text(r.detail->'candidates') candidate
         where r.kind = 'match_case' and r.state = 'open' and r.connection = $1 and r.object = $2 and candidate = e.id::text)
       and not exists (select 1 from deliveries d where d.entity_id = e.id and d.connection = $1 and d.object = $2
         and d.state in ('due', 'leased', 'uncertain', 'withheld', 'rejected'))
       ${parent}
     order by e.id limit $4`,
    parentObject === null ? [connection, object, after, limit] : [connection, object, after, limit, parentObject],
  );
  return rows.map((row) => String(row.id));
}

export async function setStanding(sql: Db, connection: string, object: string, standing: object): Promise<void> {
  await sql.unsafe(
    "update lanes set standing = ($3::text::jsonb || jsonb_build_object('at', kobling_now()))::json where connection = $1 and object = $2",
    [connection, object, JSON.stringify(standing)],
  );
}

export interface KeptStanding {
  readonly connection: string;
  readonly object: string;
  readonly drift: number;
  readonly held: number;
  readonly differing: number;
  readonly oldest: string | null;
  readonly at: string | null;
}

/** What the last sweep counted, by connection and object; zero where none has been yet. */
export async function loadStandings(sql: Db): Promise<KeptStanding[]> {
  const rows = await sql.unsafe("select connection, object, standing from lanes order by connection, object");
  return rows.map((row) => {
    const standing = row.standing as Partial<KeptStanding> | null; // as setStanding wrote it
    return {
      connection: String(row.connection),
      object: String(row.object),
      drift: standing?.drift ?? 0,
      held: standing?.held ?? 0,
      differing: standing?.differing ?? 0,
      oldest: standing?.oldest ?? null,
      at: standing?.at == null ? null : new Date(standing.at).toISOString(),
    };
  });
}

/** Since when links have something open: a delivery, or a case of their record. The oldest of them; null: none has. */
export async function oldestOpen(sql: Db, linkIds: readonly string[]): Promise<string | null> {
  if (linkIds.length === 0) return null;
  const [row] = await sql.unsafe(
    `select least(
       (select min(created_at) from deliveries where link_id = any($1::uuid[]) and state not in ('settled', 'withdrawn')),
       (select min(r.opened_at) from links l join reviews r on r.entity_id = l.entity_id and r.state = 'open'
          and r.kind in ('conflict', 'proposal', 'primary_contact') where l.id = any($1::uuid[])),
       (select min(opened_at) from reviews where link_id = any($1::uuid[]) and state = 'open' and kind = 'ignored_write')
     )::text as oldest`,
    [[...linkIds]],
  );
  return row?.oldest == null ? null : new Date(String(row.oldest)).toISOString();
}

import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface NotInformed {
  readonly entity: "kundeemne" | "kontaktperson";
  readonly id: string;
  readonly kundeemneId: string;
  readonly name: string | null;
  /** Where the data come from: a directory's connection, `domaene` (an address that wrote to us) or `import`. */
  readonly from: string;
  readonly since: string;
  /** A day: a month after the data came. */
  readonly dueOn: string;
}

/** Forms of company that are one person (domain notes, d.11). */
const ONE_PERSON = ["10", "15"];

/**
 * People whose data came from elsewhere and who have not been told, the oldest first: contacts made of addresses and files, and
 * one-person companies made from a directory. `after`: the place of the page before.
 */
export async function listNotInformed(
  sql: Db,
  query: { readonly after: readonly [string, string] | undefined; readonly limit: number },
): Promise<NotInformed[]> {
  const rows = await sql.unsafe(
    `select f.entity, f.id, f.kundeemne_id, f.name, f.source, ${instantText("f.created_at")} as since,
       ((f.created_at at time zone 'Europe/Copenhagen')::date + interval '1 month')::date::text as due_on
     from (
       select 'kontaktperson' as entity, p.id, p.kundeemne_id, p.navn as name, p.oprettet_via as source, p.created_at
       from kontaktpersoner p where p.erased_at is null and p.oprettet_via in ('domaene', 'import')
       union all
       select 'kundeemne', k.id, k.id, k.firmanavn, h.by->>'connection', k.created_at
       from kundeemner k join history h on h.entity_id = k.id and h.version = 1 and h.by->>'side' = 'directory'
       where k.erased_at is null and k.merged_into is null and k.virksomhedsform = any($3::text[])) f
     where not exists (select from informed i where i.entity_id = f.id)
       and ($1::timestamptz is null or (date_trunc('milliseconds', f.created_at), f.id) > ($1::timestamptz, $2::uuid))
     order by date_trunc('milliseconds', f.created_at), f.id limit $4`,
    [query.after?.[0] ?? null, query.after?.[1] ?? null, ONE_PERSON, query.limit],
  );
  return rows.map((row) => ({
    entity: row.entity as NotInformed["entity"], // one of the two above
    id: String(row.id),
    kundeemneId: String(row.kundeemne_id),
    name: row.name as string | null,
    from: String(row.source),
    since: String(row.since),
    dueOn: String(row.due_on),
  }));
}

/** Notes who was told; who had been told before stays as noted. Ids of nobody are left out. Gives how many are new. */
export async function noteInformed(
  sql: Db,
  told: {
    readonly entityIds: readonly string[];
    readonly informedOn: string;
    readonly how: string;
    readonly by: string;
  },
): Promise<number> {
  const rows = await sql.unsafe(
    `insert into informed (entity_id, informed_on, how, by, at)
     select id, $2::date, $3, $4, kobling_now() from (
       select id from kundeemner where id = any($1::uuid[]) and erased_at is null
       union select id from kontaktpersoner where id = any($1::uuid[]) and erased_at is null) found
     on conflict (entity_id) do nothing`,
    [[...told.entityIds], told.informedOn, told.how, told.by],
  );
  return rows.count;
}

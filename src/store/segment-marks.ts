import type { EntityKind } from "../model/catalogue.ts";
import type { Channel } from "../rules/consent-facts.ts";
import type { Db, Tx } from "./database.ts";

/** The channel on which marks wake whoever follows segments, told at commit by a trigger of the table. */
export const WAKE_CHANNEL = "kobling_segments";

/** Marks records or contacts that moved without a new version. */
export async function markEntities(tx: Tx, entity: EntityKind, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.unsafe("insert into segment_marks (entity_id, entity) select unnest($1::uuid[]), $2", [[...ids], entity]);
}

/** Marks contacts that share the accounts address of whoever is about to be erased (`erasing`): it holds for them no more. */
export async function markSharersOfAccounts(tx: Tx): Promise<void> {
  await tx.unsafe(
    `insert into segment_marks (entity_id, entity) select p.id, 'kontaktperson' from kundeemner k
     join kontaktpersoner p on p.email_key = lower(k.bogholderi_email) where k.id in (select id from erasing) and k.bogholderi_email is not null`,
  );
}

export interface MovedEntity {
  readonly entity: EntityKind;
  readonly id: string;
  /** Kind of the entry of history; `marked` where there is none. */
  readonly kind: string;
  readonly fields: readonly string[];
}

export interface Moved {
  /** Marks that were taken; 0: none was left. */
  readonly marks: number;
  readonly entities: readonly MovedEntity[];
  /** E-mail addresses that have become, or are no more, those of an accounts office. */
  readonly accounts: readonly string[];
  readonly consents: readonly {
    readonly channel: Channel;
    readonly address: string;
    readonly ids: readonly string[];
  }[];
}

/**
 * Takes the oldest marks with what they stand for; they are gone when the transaction commits. One statement. Where no segment
 * is followed nothing is told of them: one that is from now on reads, in its run, all that they stand for.
 */
export async function takeMarks(tx: Tx, limit: number): Promise<Moved> {
  const rows = await tx.unsafe(
    `with taken as (delete from segment_marks m using (select id from segment_marks order by id limit $1) d where m.id = d.id
       returning m.batch, m.consent, m.entity_id, m.entity),
     told as (select * from taken where exists (select 1 from segments where followed_version is not null))
     select 'taken' as sort, count(*)::text as entity, null::uuid as id, null as kind, null::text[] as fields, null as was, null as now from taken
     union all
     -- Batch by batch (offset 0): without statistics the planner would read the whole history.
     select 'entity', h.entity, h.entity_id, h.kind, array(select json_object_keys(h.fields)), h.fields->'bogholderiEmail'->>0, h.fields->'bogholderiEmail'->>1
     from told t cross join lateral (select * from history where batch = t.batch offset 0) h
     union all
     select 'consent', c.channel, coalesce(c.kontaktperson_id, c.kundeemne_id), null, null, c.address, null
     from told t join consents c on c.id = t.consent
     union all
     select 'entity', t.entity, t.entity_id, 'marked', '{}', null, null from told t where t.entity_id is not null`,
    [limit],
    { prepare: true },
  );
  const entities = rows.flatMap((row) =>
    row.sort !== "entity"
      ? []
      : [{ entity: row.entity as EntityKind, id: String(row.id), kind: String(row.kind), fields: row.fields ?? [] }],
  );
  const consents = rows.flatMap((row) =>
    row.sort !== "consent"
      ? []
      : [{ channel: row.entity as Channel, address: String(row.was), ids: row.id === null ? [] : [String(row.id)] }],
  );
  const accounts = rows.flatMap((row) =>
    row.sort === "entity" ? [row.was, row.now].filter((each): each is string => typeof each === "string") : [],
  );
  return { marks: Number(rows.find(({ sort }) => sort === "taken")?.entity ?? 0), entities, accounts, consents };
}

/** Contacts that have one of these e-mail addresses, in compared form. */
export async function contactsAt(sql: Db, addresses: readonly string[]): Promise<string[]> {
  if (addresses.length === 0) return [];
  const rows = await sql.unsafe("select id from kontaktpersoner where email_key = any($1::text[])", [[...addresses]], {
    prepare: true,
  });
  return rows.map((row) => String(row.id));
}

import type { Db } from "./database.ts";

/** A Kundeemne that may be a natural person, and whom the list may name there. */
export interface PossiblePerson {
  readonly id: string;
  /** The record's name, who is written to the attention of, and its contacts. */
  readonly names: readonly string[];
  readonly adresse1: string | null;
  readonly postnr: string | null;
  readonly landekode: string | null;
  readonly kundetype: string | null;
  readonly virksomhedsform: string | null;
}

/** The next Kundeemner after `after` that are no public bodies, in the order of their ids; archived, merged and erased ones are none. */
export async function pageOfPersons(sql: Db, after: string, limit: number): Promise<PossiblePerson[]> {
  const rows = await sql<
    {
      id: string;
      firmanavn: string | null;
      attention: string | null;
      contacts: string[] | null;
      adresse1: string | null;
      postnr: string | null;
      landekode: string | null;
      kundetype: string | null;
      virksomhedsform: string | null;
    }[]
  >`
    select e.id, e.firmanavn, e.attention, e.adresse1, e.postnr, e.landekode, e.kundetype, e.virksomhedsform,
      (select array_agg(k.navn) from kontaktpersoner k where k.kundeemne_id = e.id and k.navn is not null and k.erased_at is null) as contacts
    from kundeemner e
    where e.id > ${after}::text::uuid and e.erased_at is null and e.merged_into is null
      and not coalesce(e.arkiveret_vaerdi, false) and e.kundetype is distinct from 'BTG'
    order by e.id limit ${limit}`;
  return rows.map(({ firmanavn, attention, contacts, ...row }) => ({
    ...row,
    names: [firmanavn, attention, ...(contacts ?? [])].filter((name): name is string => name !== null),
  }));
}

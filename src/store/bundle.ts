import type { Sql } from "./database.ts";

type Row = Record<string, unknown>;

/** Everything that is kept of somebody, table by table, as it stands; what names other contacts is not in it. */
export interface PersonBundle {
  readonly record: Row;
  readonly contact: Row | null;
  /** Other contacts of the Kundeemne: their texts are struck out of what follows. */
  readonly others: readonly Row[];
  readonly activities: Readonly<Record<string, readonly Row[]>>;
  readonly consents: readonly Row[];
  readonly leads: readonly Row[];
  readonly fromAddresses: readonly Row[];
  readonly links: readonly Row[];
  readonly passedOn: readonly Row[];
  readonly files: readonly Row[];
}

const KINDS = ["aktiviteter", "opgaver", "tilbud", "noter"];

/**
 * Of a Kundeemne itself, or of one contact of it. Of the Kundeemne, what is about a contact is left out; of a contact, only what
 * is about it. Undefined where there is no such record.
 */
export async function readBundle(
  sql: Sql,
  { kundeemneId, kontaktpersonId }: { readonly kundeemneId: string; readonly kontaktpersonId: string | null },
): Promise<PersonBundle | undefined> {
  const ask = async (from: string, values: readonly (string | null)[]): Promise<Row[]> =>
    (await sql.unsafe(`select to_json(x) as row from (${from}) x`, [...values])).map(({ row }) => row as Row);
  const [record] = await ask("select * from kundeemner where id = $1::uuid and erased_at is null", [kundeemneId]);
  const contacts = await ask("select * from kontaktpersoner where kundeemne_id = $1::uuid and erased_at is null", [
    kundeemneId,
  ]);
  const contact = contacts.find(({ id }) => id === kontaktpersonId) ?? null;
  if (record === undefined || (kontaktpersonId !== null && contact === null)) return undefined;
  const whose = [kundeemneId, kontaktpersonId];
  const own = "kundeemne_id = $1::uuid and kontaktperson_id is not distinct from $2::uuid";
  const entity = [kontaktpersonId ?? kundeemneId];
  const activities: Record<string, readonly Row[]> = {};
  for (const kind of KINDS) activities[kind] = await ask(`select * from ${kind} where ${own} order by id`, whose);
  return {
    ...{ record, contact, others: contacts.filter((each) => each !== contact), activities },
    consents: await ask(`select * from consents where ${own} order by id`, whose),
    leads: await ask(
      `select id, kilde, submission_id, detalje, dato, received_at, by from leads where ${own} order by id`,
      whose,
    ),
    fromAddresses: await ask(
      "select state, domain, connection, message_id, sent_at, at from domain_contacts where kontaktperson_id = $1::uuid order by id",
      entity,
    ),
    links: await ask(
      "select connection, object, external_id, state, linked_at, last_read_at from links where entity_id = $1::uuid order by 1, 2, 3",
      entity,
    ),
    passedOn: await ask(
      `select r.connection, r.address, r.act, r.outcome, r.at, c.name as campaign, c.purpose from hand_over_receipts r join campaigns c on c.id = r.campaign_id
       where r.entity_id = $1::uuid order by r.id`,
      entity,
    ),
    files: await ask(
      `select e.recipient, e.why, e.purpose, e.fields, e.at from exports e join export_records r on r.export_id = e.id where r.entity_id = $1::uuid order by e.at`,
      entity,
    ),
  };
}

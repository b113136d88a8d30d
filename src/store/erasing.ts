import type { Tx } from "./database.ts";

export interface ErasingRemote {
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  /** It stood for the person, and not only mentions it. */
  readonly linked: boolean;
}

/**
 * Takes whoever is to be erased into hand: the record, those merged into it, their contacts. Links are locked before records,
 * as everywhere. Until the transaction ends `erasing` and `erasing_remotes` name them for the statements of src/store/erase-rows.ts.
 * Gives the ids; none when there is no such record.
 */
export async function takeForErasing(tx: Tx, entity: "kundeemne" | "kontaktperson", id: string): Promise<string[]> {
  const contact = entity === "kontaktperson";
  await tx.unsafe(
    contact
      ? `create temp table erasing on commit drop as select id, 'kontaktperson' as entity from kontaktpersoner where id = '${id}'::uuid
         union select entity_id, 'kontaktperson' from history where entity_id = '${id}'::uuid and entity = 'kontaktperson'`
      : `create temp table erasing on commit drop as
         with recursive emner as (select id from kundeemner where id = '${id}'::uuid
           union select k.id from kundeemner k join emner e on k.merged_into = e.id)
         select id, 'kundeemne' as entity from emner
         union select p.id, 'kontaktperson' from kontaktpersoner p join emner e on p.kundeemne_id = e.id`,
  );
  await tx.unsafe("select from links where entity_id in (select id from erasing) order by id for update");
  await tx.unsafe("select from kundeemner where id in (select id from erasing) order by id for update");
  await tx.unsafe("select from kontaktpersoner where id in (select id from erasing) order by id for update");
  const rows = await tx.unsafe("select id from erasing order by id");
  return rows.map((row) => String(row.id));
}

export interface PersonFacts {
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  readonly cvr: readonly string[];
}

/** By what the person would be known again, without what somebody living has too. */
export async function readPersonFacts(tx: Tx): Promise<PersonFacts> {
  const own = "(select id from erasing)";
  const facts = (emne: readonly string[], contact: readonly string[]) => {
    const part = (table: string, columns: readonly string[], which: string): string[] =>
      columns.map((column) => `select ${column} as value from ${table} where ${column} is not null and ${which}`);
    const mine = [...part("kundeemner", emne, `id in ${own}`), ...part("kontaktpersoner", contact, `id in ${own}`)];
    const alive = `id not in ${own} and erased_at is null`;
    const others = [
      ...part("kundeemner", emne, `${alive} and merged_into is null`),
      ...part("kontaktpersoner", contact, alive),
    ];
    return `select distinct m.value from (${mine.join(" union ")}) m
      where not exists (select from (${others.join(" union all ")}) o where lower(o.value) = lower(m.value))`;
  };
  const ask = async (text: string) => (await tx.unsafe(text)).map((row) => String(row.value));
  return {
    emails: await ask(facts(["bogholderi_email"], ["email"])),
    phones: await ask(facts(["telefon"], ["telefon", "mobil", "fax"])),
    cvr: await ask(facts(["cvr_nr"], [])),
  };
}

/** Remote objects that stand for the person, and objects that stand for nobody but show what the person is known by. */
export async function findRemotes(tx: Tx, patterns: readonly string[]): Promise<ErasingRemote[]> {
  await tx.unsafe(
    "create temp table erasing_remotes (connection text, object text, external_id text, linked boolean, primary key (connection, object, external_id)) on commit drop",
  );
  await tx.unsafe(
    `insert into erasing_remotes select connection, object, external_id, state in ('linked', 'extra') from links where entity_id in (select id from erasing)`,
  );
  if (patterns.length > 0) {
    await tx.unsafe(
      `insert into erasing_remotes
       select connection, object, external_id, false from links where entity_id is null and (image::text ilike any($1::text[]) or base::text ilike any($1::text[]))
       union
       select c.connection, c.object, c.external_id, false from changes c
       where c.body::text ilike any($1::text[]) and not exists (select from links l
         where l.connection = c.connection and l.object = c.object and l.external_id = c.external_id and l.entity_id is not null)
       on conflict do nothing`,
      [[...patterns]],
    );
  }
  const rows = await tx.unsafe("select connection, object, external_id, linked from erasing_remotes order by 1, 2, 3");
  return rows.map((row) => ({
    connection: String(row.connection),
    object: String(row.object),
    externalId: String(row.external_id),
    linked: row.linked === true,
  }));
}

/** Addresses that were spoken of at the person, wherever they stand by now. */
export async function addressesOf(tx: Tx): Promise<string[]> {
  const rows = await tx.unsafe(
    `select address from consents where kundeemne_id in (select id from erasing) and (kontaktperson_id is null or kontaktperson_id in (select id from erasing))
       or kontaktperson_id in (select id from erasing)
     union select address from hand_overs where entity_id in (select id from erasing) or kundeemne_id in (select id from erasing)
     union select address from hand_over_receipts where entity_id in (select id from erasing) or kundeemne_id in (select id from erasing)`,
  );
  return rows.map((row) => String(row.address)).filter((address) => !address.startsWith("mac:"));
}

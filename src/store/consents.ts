import type { Channel, ConsentFact, ConsentPurpose } from "../rules/consent-facts.ts";
import type { Db, Sql, Tx } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";
import type { Keyed } from "./tombstones.ts";

export interface NewConsent extends Omit<ConsentFact, "lastUsedAt"> {
  /** Null: at nobody we know. */
  readonly kundeemneId: string | null;
  readonly kontaktpersonId: string | null;
  readonly source: string | null;
  readonly by: string;
}

export interface StoredConsent extends NewConsent {
  readonly id: number;
  readonly notedAt: string;
}

const columns = `c.id::float8 as id, c.address, c.channel, c.purpose, c.kind, ${instantText("c.at")} as at, c.evidence,
  c.opt_out_offered, c.source, c.kundeemne_id, c.kontaktperson_id, c.by, ${instantText("c.noted_at")} as noted_at`;

// The casts read what `addConsent` wrote from the same types.
const readConsent = (row: Record<string, unknown>): StoredConsent => ({
  id: Number(row.id),
  address: String(row.address),
  channel: row.channel as Channel,
  purpose: row.purpose as ConsentPurpose,
  kind: row.kind as ConsentFact["kind"],
  at: String(row.at),
  evidence: row.evidence as string | null,
  optOutOffered: row.opt_out_offered as boolean | null,
  source: row.source as string | null,
  kundeemneId: row.kundeemne_id as string | null,
  kontaktpersonId: row.kontaktperson_id as string | null,
  by: String(row.by),
  notedAt: String(row.noted_at),
});

/** Adds a fact; none is ever changed. */
export async function addConsent(sql: Sql | Tx, consent: NewConsent): Promise<StoredConsent> {
  const [row] = await sql.unsafe(
    `with c as (insert into consents (address, channel, purpose, kind, at, evidence, opt_out_offered, source, kundeemne_id, kontaktperson_id, by, noted_at)
       values ($1, $2, $3, $4, $5::timestamptz, $6, $7::boolean, $8, $9::uuid, $10::uuid, $11, kobling_now()) returning *),
     mark as (insert into segment_marks (consent) select id from c)
     select ${columns} from c`,
    [
      ...[consent.address, consent.channel, consent.purpose, consent.kind, consent.at, consent.evidence],
      ...[consent.optOutOffered, consent.source, consent.kundeemneId, consent.kontaktpersonId, consent.by],
    ],
  );
  if (row === undefined) throw new Error("A consent was not written");
  return readConsent(row);
}

/** What was said at a record, newest first; of those that were merged into it too. */
export async function listConsents(
  sql: Db,
  query: { readonly kundeemneId: string; readonly before: number | undefined; readonly limit: number },
): Promise<IdPage<StoredConsent>> {
  const rows = await sql.unsafe(
    `select ${columns} from consents c
     where (c.kundeemne_id = $1::uuid or c.kundeemne_id in (select id from kundeemner where merged_into = $1::uuid)) and c.id < $2::bigint
     order by c.id desc limit $3`,
    [query.kundeemneId, query.before ?? Number.MAX_SAFE_INTEGER, query.limit + 1],
  );
  return pageOf(rows.map(readConsent), query.limit);
}

/** What stands in the place of an address whose person was erased (rule R34): a no is known again by it. */
export const hashedAddress = (keyed: Keyed, address: string): string => `mac:${keyed.mac(`address:${address}`)}`;

/** Everything that was said of these addresses, whatever record it was said at, by address; one statement. */
export async function loadConsentFacts(
  sql: Sql | Tx,
  keyed: Keyed,
  addresses: readonly string[],
): Promise<Map<string, ConsentFact[]>> {
  const facts = new Map<string, ConsentFact[]>();
  if (addresses.length === 0) return facts;
  const hashed = new Map(addresses.map((address) => [hashedAddress(keyed, address), address]));
  const rows = await sql
    .unsafe(
      `select address, channel, purpose, kind, ${instantText("at")}, evidence, opt_out_offered from consents c
       where c.address = any($1::text[]) order by c.id`,
      [[...new Set([...addresses, ...hashed.keys()])]],
      { prepare: true },
    )
    .values();
  for (const [stored, channel, purpose, kind, at, evidence, optOutOffered] of rows) {
    const address = hashed.get(String(stored)) ?? String(stored);
    const known = facts.get(address) ?? [];
    // Nothing has been sent on a consent yet: nothing can have been used.
    known.push({ address, channel, purpose, kind, at, evidence, optOutOffered, lastUsedAt: null });
    facts.set(address, known);
  }
  return facts;
}

/** Which of these addresses are some record's accounts e-mail. */
export async function findAccountsAddresses(sql: Db, addresses: readonly string[]): Promise<Set<string>> {
  if (addresses.length === 0) return new Set();
  const rows = await sql.unsafe(
    "select distinct lower(bogholderi_email) as address from kundeemner where lower(bogholderi_email) = any($1::text[])",
    [[...new Set(addresses)]],
    { prepare: true },
  );
  return new Set(rows.map(({ address }) => String(address)));
}

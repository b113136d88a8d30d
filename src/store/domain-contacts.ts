import type { Db, Tx } from "./database.ts";
import { type IdPage, pageOf } from "./paging.ts";
import { instantText } from "./read-columns.ts";

export type DomainContactState = "made" | "asked" | "ignored" | "undone";

/** What became of an address (S25), with its evidence. */
export interface DomainContact {
  readonly id: number;
  readonly state: DomainContactState;
  readonly kontaktpersonId: string | null;
  /** Null: there is no contact, or not any more. */
  readonly kundeemneId: string | null;
  readonly domain: string;
  readonly connection: string;
  readonly messageId: string;
  readonly sentAt: string | null;
  readonly at: string;
  readonly by: string;
  readonly undoneAt: string | null;
  readonly undoneBy: string | null;
}

const columns = `d.id::float8 as id, d.state, d.kontaktperson_id, k.kundeemne_id, d.domain, d.connection, d.message_id,
  ${instantText("d.sent_at")} as sent_at, ${instantText("d.at")} as at, d.by, ${instantText("d.undone_at")} as undone_at, d.undone_by`;
const source = "domain_contacts d left join kontaktpersoner k on k.id = d.kontaktperson_id";

const readRow = (row: Record<string, unknown>): DomainContact => ({
  id: Number(row.id),
  state: row.state as DomainContactState, // written by this file from the same type
  kontaktpersonId: row.kontaktperson_id as string | null,
  kundeemneId: row.kundeemne_id as string | null,
  domain: String(row.domain),
  connection: String(row.connection),
  messageId: String(row.message_id),
  sentAt: row.sent_at as string | null,
  at: String(row.at),
  by: String(row.by),
  undoneAt: row.undone_at as string | null,
  undoneBy: row.undone_by as string | null,
});

export async function findAddress(tx: Db, addressHash: string): Promise<DomainContact | undefined> {
  const [row] = await tx.unsafe(`select ${columns} from ${source} where d.address_hash = $1`, [addressHash]);
  return row && readRow(row);
}

export async function findDomainContact(sql: Db, id: number): Promise<DomainContact | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from ${source} where d.id = $1::bigint`, [id]);
  return row && readRow(row);
}

/** Notes what became of an address; said again, the newer word stands and the evidence stays that of the first. */
export async function noteAddress(
  tx: Tx,
  note: Pick<
    DomainContact,
    "state" | "kontaktpersonId" | "domain" | "connection" | "messageId" | "sentAt" | "at" | "by"
  > & {
    readonly addressHash: string;
  },
): Promise<number> {
  const [row] = await tx.unsafe(
    `insert into domain_contacts (address_hash, state, kontaktperson_id, domain, connection, message_id, sent_at, at, by)
     values ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8::timestamptz, $9)
     on conflict (address_hash) do update set state = excluded.state, kontaktperson_id = excluded.kontaktperson_id, by = excluded.by
     returning id::float8 as id`,
    [
      note.addressHash,
      note.state,
      note.kontaktpersonId,
      note.domain,
      note.connection,
      note.messageId,
      note.sentAt,
      note.at,
      note.by,
    ],
  );
  return Number(row?.id);
}

export async function markUndone(tx: Tx, id: number, at: string, by: string): Promise<void> {
  await tx.unsafe(
    "update domain_contacts set state = 'undone', undone_at = $2::timestamptz, undone_by = $3 where id = $1::bigint",
    [id, at, by],
  );
}

export interface DomainContactFilter {
  readonly state?: DomainContactState | undefined;
  readonly connection?: string | undefined;
  readonly domain?: string | undefined;
  readonly kundeemne?: string | undefined;
}

/** Newest first. */
export async function listDomainContacts(
  sql: Db,
  {
    state,
    connection,
    domain,
    kundeemne,
    before,
    limit,
  }: DomainContactFilter & { before?: number | undefined; limit: number },
): Promise<IdPage<DomainContact>> {
  const rows = await sql.unsafe(
    `select ${columns} from ${source}
     where ($1::bigint is null or d.id < $1) and ($2::text is null or d.state = $2) and ($3::text is null or d.connection = $3)
       and ($4::text is null or d.domain = $4) and ($5::uuid is null or k.kundeemne_id = $5)
     order by d.id desc limit $6::int`,
    [before ?? null, state ?? null, connection ?? null, domain ?? null, kundeemne ?? null, limit + 1],
  );
  return pageOf(rows.map(readRow), limit);
}

/** Living Kundeemner that have this e-mail domain, the oldest twenty: two are too many already. */
export async function findByDomain(tx: Db, domain: string): Promise<string[]> {
  const rows = await tx.unsafe(
    `select id from kundeemner where domain_keys is not null and domain_keys @> array[$1::text] and erased_at is null and merged_into is null
       and coalesce(arkiveret_vaerdi, false) = false and coalesce(begraenset_vaerdi, false) = false order by id limit 20`,
    [domain],
  );
  return rows.map((row) => String(row.id));
}

/** Does anything hang on this contact that was done since it was made? */
export async function isContactUsed(tx: Db, id: string): Promise<boolean> {
  const [row] = await tx.unsafe(
    `select exists (select from aktiviteter where kontaktperson_id = $1) or exists (select from opgaver where kontaktperson_id = $1)
       or exists (select from tilbud where kontaktperson_id = $1) or exists (select from noter where kontaktperson_id = $1) as used`,
    [id],
  );
  return row?.used === true;
}

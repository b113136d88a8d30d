import type { Db, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface Lead {
  readonly id: string;
  readonly kilde: string;
  readonly submissionId: string;
  readonly fingerprint: string;
  readonly detalje: string | null;
  readonly dato: string;
  readonly receivedAt: string;
  readonly keyId: string;
  readonly by: string;
  readonly outcome: "made" | "matched";
  readonly kundeemneId: string;
  readonly kontaktpersonId: string | null;
  readonly aktivitetId: string;
  readonly duplicates: readonly string[];
}

/** Only one transaction at a time takes in a submission, or counts those of a key. */
export async function lockLead(tx: Tx, submission: { kilde: string; submissionId: string; keyId: string }) {
  const keys = [`lead:${submission.kilde}:${submission.submissionId}`, `leads:${submission.keyId}`];
  await tx.unsafe(
    "select pg_advisory_xact_lock(k) from (select distinct hashtextextended(key, 11) as k from unnest($1::text[]) key order by 1) keys",
    [keys],
  );
}

export async function findLead(sql: Db, kilde: string, submissionId: string): Promise<Lead | undefined> {
  const rows = await sql.unsafe(`select ${COLUMNS} from leads where kilde = $1 and submission_id = $2`, [
    kilde,
    submissionId,
  ]);
  return rows[0] && readLead(rows[0]);
}

/** When the key may send again, in ms from now; null: now. Counts what was taken in within `perMs`. */
export async function waitOfKey(
  tx: Tx,
  keyId: string,
  { requests, perMs }: { readonly requests: number; readonly perMs: number },
): Promise<number | null> {
  // The oldest of the newest so many: when it leaves the window there is room again.
  const [row] = await tx.unsafe(
    `select greatest(1, extract(epoch from received_at - kobling_now()) * 1000 + $2::float8)::float8 as wait from leads
     where key_id = $1 and received_at > kobling_now() - $2::float8 * interval '1 millisecond'
     order by received_at desc offset $3::int limit 1`,
    [keyId, perMs, requests - 1],
  );
  return row === undefined ? null : Number(row.wait);
}

export async function insertLead(tx: Tx, lead: Lead): Promise<void> {
  await tx.unsafe(
    `insert into leads (id, kilde, submission_id, fingerprint, detalje, dato, received_at, key_id, by, outcome, kundeemne_id,
       kontaktperson_id, aktivitet_id, duplicates)
     select id, kilde, submission_id, fingerprint, detalje, dato, received_at, key_id, by, outcome, kundeemne_id,
       kontaktperson_id, aktivitet_id, duplicates from json_populate_record(null::leads, $1::text::json)`,
    [
      JSON.stringify({
        ...{ id: lead.id, kilde: lead.kilde, submission_id: lead.submissionId, fingerprint: lead.fingerprint },
        ...{ detalje: lead.detalje, dato: lead.dato, received_at: lead.receivedAt, key_id: lead.keyId, by: lead.by },
        ...{ outcome: lead.outcome, kundeemne_id: lead.kundeemneId, kontaktperson_id: lead.kontaktpersonId },
        ...{ aktivitet_id: lead.aktivitetId, duplicates: lead.duplicates },
      }),
    ],
  );
}

export interface LeadFilter {
  readonly kilde?: string | undefined;
  readonly kundeemneId?: string | undefined;
}

/** Leads, newest first, from after a place on. */
export async function listLeads(
  sql: Db,
  filter: LeadFilter,
  after: { readonly receivedAt: string; readonly id: string } | undefined,
  limit: number,
): Promise<{ leads: Lead[]; next: { receivedAt: string; id: string } | undefined }> {
  const rows = await sql.unsafe(
    `select ${COLUMNS}, received_at::text as place from leads
     where ($1::text is null or kilde = $1) and ($2::text is null or kundeemne_id = $2::text::uuid)
       and ($3::text is null or (received_at, id) < ($3::text::timestamptz, $4::text::uuid))
     order by received_at desc, id desc limit $5::int`,
    [filter.kilde ?? null, filter.kundeemneId ?? null, after?.receivedAt ?? null, after?.id ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? { receivedAt: String(last.place), id: String(last.id) } : undefined;
  return { leads: page.map(readLead), next };
}

const COLUMNS = `id, kilde, submission_id, fingerprint, detalje, dato::text as dato, ${instantText("received_at")} as received_at,
  key_id, by, outcome, kundeemne_id, kontaktperson_id, aktivitet_id, duplicates`;

const readLead = (row: Record<string, unknown>): Lead => ({
  id: String(row.id),
  kilde: String(row.kilde),
  submissionId: String(row.submission_id),
  fingerprint: String(row.fingerprint),
  detalje: row.detalje as string | null,
  dato: String(row.dato),
  receivedAt: String(row.received_at),
  keyId: String(row.key_id),
  by: String(row.by),
  outcome: row.outcome as Lead["outcome"], // as insertLead wrote it
  kundeemneId: String(row.kundeemne_id),
  kontaktpersonId: row.kontaktperson_id as string | null,
  aktivitetId: String(row.aktivitet_id),
  duplicates: row.duplicates as string[],
});

import type { Db } from "./database.ts";

/** How long a key is remembered; the API publishes it. */
export const IDEMPOTENCY_HOURS = 24;

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As the API handed it in: sealed, since it may hold personal data or a new secret. */
  readonly answer: string;
}

export type Claim =
  | { readonly kind: "mine" }
  | { readonly kind: "running" }
  | { readonly kind: "other_payload" }
  | { readonly kind: "answered"; readonly stored: StoredAnswer };

/**
 * Claims an idempotency key for one request, or says what became of the request that came with it before. A key older
 * than a day is a new one.
 */
export async function claimIdempotencyKey(
  sql: Db,
  request: { readonly keyId: string; readonly key: string; readonly fingerprint: string },
): Promise<Claim> {
  const { keyId, key, fingerprint } = request;
  const mine = await sql`
    insert into idempotency_keys as k (key_id, key, fingerprint, created_at)
    values (${keyId}, ${key}, ${fingerprint}, kobling_now())
    on conflict (key_id, key) do update
      set fingerprint = excluded.fingerprint, created_at = excluded.created_at, status = null, headers = null, answer = null
      where k.created_at < kobling_now() - make_interval(hours => ${IDEMPOTENCY_HOURS})
    returning key`;
  if (mine.length > 0) return { kind: "mine" };
  const [row] = await sql<Row[]>`
    select fingerprint, status, headers, answer from idempotency_keys where key_id = ${keyId} and key = ${key}`;
  // The first request gave the key back in between: whoever asks now may try again.
  if (row === undefined) return { kind: "running" };
  if (row.fingerprint !== fingerprint) return { kind: "other_payload" };
  if (row.status === null) return { kind: "running" };
  return { kind: "answered", stored: { status: row.status, headers: row.headers ?? {}, answer: row.answer ?? "" } };
}

/** Keeps the answer under its key; the same request gets it again for a day. */
export async function keepAnswer(sql: Db, keyId: string, key: string, stored: StoredAnswer): Promise<void> {
  await sql`
    update idempotency_keys
    set status = ${stored.status}, headers = ${JSON.stringify(stored.headers)}::text::json, answer = ${stored.answer}
    where key_id = ${keyId} and key = ${key}`;
}

/** Gives a key back: its request changed nothing and may be sent again. */
export async function releaseIdempotencyKey(sql: Db, keyId: string, key: string): Promise<void> {
  await sql`delete from idempotency_keys where key_id = ${keyId} and key = ${key} and status is null`;
}

/** Forgets keys past their time, which is at least the day that the API publishes. Returns how many. */
export async function forgetIdempotencyKeys(sql: Db, keptMs = 0): Promise<number> {
  const gone = await sql`
    delete from idempotency_keys
    where created_at < kobling_now() - greatest(make_interval(hours => ${IDEMPOTENCY_HOURS}), ${keptMs} * interval '1 millisecond')`;
  return gone.count;
}

interface Row {
  readonly fingerprint: string;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly answer: string | null;
}

/**
 * Empties kept answers that speak of somebody: the request stays done, and sent again it is told that its key was used. `open`
 * unseals an answer. Gives how many.
 */
export async function forgetAnswers(
  sql: Db,
  open: (sealed: string) => string,
  speaks: (answer: string) => boolean,
): Promise<number> {
  const rows = await sql.unsafe("select key_id, key, answer from idempotency_keys where answer is not null");
  const gone = rows.filter((row) => speaks(open(String(row.answer))));
  await sql.unsafe(
    `update idempotency_keys k set fingerprint = '', answer = null, headers = null
     from json_to_recordset($1::text::json) as x(key_id text, key text) where k.key_id = x.key_id and k.key = x.key`,
    [JSON.stringify(gone.map((row) => ({ key_id: row.key_id, key: row.key })))],
  );
  return gone.length;
}

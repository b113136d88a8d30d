import type { Db, Sql } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** An API key as it may be shown: never the key itself, nor its hash. */
export interface ApiKey {
  readonly id: string;
  readonly label: string;
  readonly scopes: string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface NewApiKey {
  readonly id: string;
  readonly label: string;
  /** `hashKey` of the key. */
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly expiresAt: string | null;
}

/**
 * The key that is in force now, found by its hash. Unknown, expired and revoked keys take the same way: no row. Use is
 * noted once a minute at most, so that a busy key is not a busy row.
 */
export async function useApiKey(sql: Db, hash: string): Promise<ApiKey | undefined> {
  const [row] = await sql<ApiKeyRow[]>`
    with found as (
      select * from api_keys k
      where k.hash = ${hash} and k.revoked_at is null and (k.expires_at is null or k.expires_at > kobling_now())
    ), used as (
      update api_keys k set last_used_at = kobling_now() from found
      where k.id = found.id and (k.last_used_at is null or k.last_used_at < kobling_now() - interval '1 minute')
    )
    select ${sql.unsafe(COLUMNS)} from found k`;
  return row && readApiKey(row);
}

/** Keeps a new key. Safe to run again: a hash that is there already stays as it is, with its label, scopes and end. */
export async function addApiKey(sql: Db, key: NewApiKey): Promise<ApiKey> {
  const [row] = await sql<ApiKeyRow[]>`
    insert into api_keys as k (id, label, hash, scopes, created_at, expires_at)
    values (${key.id}::text::uuid, ${key.label}, ${key.hash}, ${[...key.scopes]}::text[], kobling_now(), ${key.expiresAt}::text::timestamptz)
    on conflict (hash) do update set hash = excluded.hash
    returning ${sql.unsafe(COLUMNS)}`;
  if (row === undefined) throw new Error("An insert returned no row");
  return readApiKey(row);
}

const ADMIN_LABEL = "KOBLING_ADMIN_KEY";

/** Makes this the installation's admin key; an earlier one of the environment no longer works. Safe to run again. */
export async function setAdminKey(sql: Sql, key: { readonly id: string; readonly hash: string }): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`
      update api_keys set revoked_at = kobling_now()
      where label = ${ADMIN_LABEL} and hash <> ${key.hash} and revoked_at is null`;
    await tx`
      insert into api_keys (id, label, hash, scopes, created_at)
      values (${key.id}::text::uuid, ${ADMIN_LABEL}, ${key.hash}, '{admin}', kobling_now())
      on conflict (hash) do update set revoked_at = null, expires_at = null`;
  });
}

/** All keys, newest first, revoked and expired ones too. */
export async function listApiKeys(sql: Db): Promise<ApiKey[]> {
  const rows = await sql<ApiKeyRow[]>`select ${sql.unsafe(COLUMNS)} from api_keys k order by k.id desc`;
  return rows.map(readApiKey);
}

/** False when there is no such key. Revoking twice keeps the first time. */
export async function revokeApiKey(sql: Db, id: string): Promise<boolean> {
  const rows = await sql`
    update api_keys set revoked_at = coalesce(revoked_at, kobling_now()) where id = ${id}::text::uuid returning id`;
  return rows.length > 0;
}

interface ApiKeyRow {
  readonly id: string;
  readonly label: string;
  readonly scopes: string[];
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

const COLUMNS = `k.id, k.label, k.scopes, ${instantText("k.created_at")} as created_at,
  ${instantText("k.expires_at")} as expires_at, ${instantText("k.revoked_at")} as revoked_at,
  ${instantText("k.last_used_at")} as last_used_at`;

const readApiKey = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  label: row.label,
  scopes: row.scopes,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  lastUsedAt: row.last_used_at,
});

/** Is there a key of scope admin in force? */
export async function hasAdminKey(sql: Db): Promise<boolean> {
  const [row] = await sql.unsafe(
    "select 1 from api_keys where 'admin' = any(scopes) and revoked_at is null and (expires_at is null or expires_at > kobling_now()) limit 1",
  );
  return row !== undefined;
}

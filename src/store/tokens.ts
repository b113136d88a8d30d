import type { Db, Sql } from "./database.ts";

export interface SealedToken {
  readonly sealed: string;
  /** In ms; null: it does not run out by itself. */
  readonly expiresAt: number | null;
}

export async function loadSealedToken(sql: Db, connection: string): Promise<SealedToken | undefined> {
  const [row] = await sql.unsafe(
    "select sealed_token, (extract(epoch from token_expires_at) * 1000)::float8 as expires_at from connections where name = $1",
    [connection],
  );
  return typeof row?.sealed_token === "string"
    ? { sealed: row.sealed_token, expiresAt: row.expires_at as number | null }
    : undefined;
}

/**
 * Runs `act` while no other process renews the token of this connection. The lock is a session's, on a connection of its
 * own: the log-in it waits for is a vendor call and must not stand inside a transaction.
 */
export async function withTokenLock<T>(
  sql: Sql,
  connection: string,
  act: (
    current: SealedToken | undefined,
    save: (sealed: string, expiresAt: Date | null) => Promise<void>,
  ) => Promise<T>,
): Promise<T> {
  const session = await sql.reserve();
  try {
    await session.unsafe("select pg_advisory_lock(hashtextextended($1, 11))", [connection]);
    try {
      return await act(await loadSealedToken(session, connection), async (sealed, expiresAt) => {
        await session.unsafe("update connections set sealed_token = $2, token_expires_at = $3 where name = $1", [
          connection,
          sealed,
          expiresAt?.toISOString() ?? null,
        ]);
      });
    } finally {
      await session.unsafe("select pg_advisory_unlock(hashtextextended($1, 11))", [connection]);
    }
  } finally {
    session.release();
  }
}

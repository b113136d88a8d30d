import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as runMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

/** The plain client: raw SQL, JSON and arrays as `$1::text::json` and `$1::text[]::…[]`. */
export type Sql = postgres.Sql;
/** A transaction of the plain client. */
export type Tx = postgres.TransactionSql;
/** What a function of the store takes first: the client, or the transaction it shall run in. */
export type Db = Sql | Tx;

export interface Database {
  readonly url: string;
  readonly sql: Sql;
  /** On a client of its own: `drizzle()` changes the client it is given (Dates and objects no longer pass as parameters). */
  readonly drizzle: ReturnType<typeof openDrizzle>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Connections of the plain client. */
  readonly max?: number;
  readonly applicationName?: string;
}

const DRIZZLE_CONNECTIONS = 2;
const CLOSE_SECONDS = 5;
const MIGRATIONS = fileURLToPath(new URL("./migrations", import.meta.url));
/** Any number will do, as long as every version of Kobling takes the same. */
const MIGRATION_LOCK = 0x6b_6f_62_6c;

/** Opens nothing yet: connections are made at the first query and kept. */
export function openDatabase(url: string, { max = 10, applicationName = "kobling" }: DatabaseOptions = {}): Database {
  const options = {
    onnotice: () => undefined,
    connection: {
      application_name: applicationName,
      TimeZone: "UTC",
      // A plan kept from when a table was small reads it whole once it is large; planning costs less than that (docs/decisions).
      plan_cache_mode: "force_custom_plan",
    },
  };
  const sql = postgres(url, { ...options, max });
  const drizzleClient = postgres(url, { ...options, max: DRIZZLE_CONNECTIONS });
  return {
    url,
    sql,
    drizzle: openDrizzle(drizzleClient),
    close: async () => {
      await Promise.all([sql.end({ timeout: CLOSE_SECONDS }), drizzleClient.end({ timeout: CLOSE_SECONDS })]);
    },
  };
}

const openDrizzle = (client: Sql) => drizzle(client, { casing: "snake_case" });

/**
 * Brings the database to this version's tables; does nothing when it is there. Any number of processes may call it at
 * once: an advisory lock on the one connection lets them through one by one. Returns the number of migrations applied.
 */
export async function migrate(url: string): Promise<number> {
  if (!existsSync(`${MIGRATIONS}/meta/_journal.json`)) return 0;
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    const before = await countMigrations(client);
    await runMigrations(drizzle(client), { migrationsFolder: MIGRATIONS });
    return (await countMigrations(client)) - before;
  } finally {
    await client.end({ timeout: CLOSE_SECONDS }); // the lock goes with the connection
  }
}

async function countMigrations(client: Sql): Promise<number> {
  const [found] = await client<{ is: boolean }[]>`select to_regclass('drizzle.__drizzle_migrations') is not null as is`;
  if (!found?.is) return 0;
  const [counted] = await client<{ n: number }[]>`select count(*)::int as n from drizzle.__drizzle_migrations`;
  return counted?.n ?? 0;
}

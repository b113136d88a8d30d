import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { migrate } from "../src/store/database.ts";
import { startEmbedded } from "../src/store/embedded.ts";

/** A PostgreSQL of our own, ended by `stop`; or the one that is named. */
export async function startServer(url: string | undefined): Promise<{ url: string; stop(): Promise<void> }> {
  if (url !== undefined) return { url, stop: async () => undefined };
  const home = await mkdtemp(join(tmpdir(), "kobling-simulate-"));
  await chmod(home, 0o755);
  const embedded = await startEmbedded(home);
  const server = new URL(embedded.url);
  server.pathname = "/postgres";
  const admin = postgres(server.href, { max: 1, onnotice: () => undefined });
  // Nothing here must outlive the server.
  await admin.unsafe("alter system set fsync = off");
  await admin.unsafe("select pg_reload_conf()");
  await admin.end();
  return {
    url: server.href,
    stop: async () => {
      await embedded.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The database of one worker: emptied for each history, with the clock of the history. */
export interface Ground {
  readonly url: string;
  readonly sql: postgres.Sql;
  empty(): Promise<void>;
  setNow(ms: number): Promise<void>;
  /** Waits until a dead process is not connected any more: what it was at is rolled back. */
  gone(process: string): Promise<void>;
  close(): Promise<void>;
}

/** A new database at the server, migrated. */
export async function openGround(serverUrl: string, name: string): Promise<Ground> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name}`);
  // Nothing here must outlive the server: no commit waits for the disk.
  await admin.unsafe(`alter database ${name} set synchronous_commit = off`);
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return groundOn(url.href);
}

/** Ends a database of `openGround`, whoever is still connected to it. */
export async function dropGround(serverUrl: string, name: string): Promise<void> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  try {
    await admin.unsafe(`drop database if exists ${name} with (force)`);
  } finally {
    await admin.end();
  }
}

/** The same on a migrated database that stands already. */
export async function groundOn(url: string): Promise<Ground> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connection: { application_name: "ground" } });
  const [tables] = await sql.unsafe(
    "select string_agg(quote_ident(tablename), ', ') as names from pg_tables where schemaname = 'public' and tablename <> 'installation'",
  );
  const names = String(tables?.names);
  // A history begins with nothing; elsewhere what was done cannot be emptied out.
  for (const table of ["audit_entries", "audit_seals"])
    await sql.unsafe(`alter table ${table} disable trigger ${table}_not_emptied`);
  return {
    url,
    sql,
    empty: async () => {
      await sql.unsafe(`truncate ${names} restart identity`);
      await sql.unsafe("select setval('kontonummer_series', 100001, false)");
    },
    setNow: async (ms) => {
      await sql.unsafe(
        "insert into installation (key, value) values ('clock', $1) on conflict (key) do update set value = excluded.value",
        [new Date(ms).toISOString()],
        { prepare: true },
      );
    },
    gone: async (process) => {
      for (;;) {
        const [row] = await sql.unsafe(
          "select count(*)::int as n from pg_stat_activity where application_name = $1",
          [process],
          { prepare: true },
        );
        if (Number(row?.n) === 0) return;
        await new Promise((done) => setTimeout(done, 1));
      }
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

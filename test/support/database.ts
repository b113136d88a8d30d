import postgres from "postgres";
import { afterAll, inject } from "vitest";
import { type Database, openDatabase } from "../../src/store/database.ts";

let made = 0;

/**
 * A database of its own: a copy of the migrated template, closed and dropped after the file. Call it at the top of a test file
 * or in a beforeAll; several are possible.
 */
export async function createTestDatabase(options: { readonly max?: number } = {}): Promise<Database> {
  const { database, drop } = await copyDatabase(options);
  afterAll(drop);
  return database;
}

/** The same for a test that makes several: `drop` closes and drops it. */
export async function copyDatabase(
  options: { readonly max?: number } = {},
): Promise<{ database: Database; drop: () => Promise<void> }> {
  made += 1;
  const name = `kobling_test_${process.pid}_${process.hrtime.bigint()}_${made}`;
  const serverUrl = inject("serverUrl");
  await administer(serverUrl, `create database ${name} template ${inject("templateDatabase")}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, { max: options.max ?? 5, applicationName: name });
  const drop = async (): Promise<void> => {
    await database.close();
    await administer(serverUrl, `drop database ${name} with (force)`);
  };
  return { database, drop };
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  try {
    await admin.unsafe(statement);
  } finally {
    await admin.end();
  }
}

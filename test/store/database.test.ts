import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { migrate } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();

test("Danish letters are counted and sorted as Danes do", async () => {
  const [counted] = await database.sql`select length('æø') as n`;
  expect(counted?.n).toBe(2);
  const sorted = await database.sql`
    select name from unnest(${["Aa", "Å", "Ø", "Æ", "Z", "A"]}::text[]) name order by name collate "da-x-icu"`;
  expect(sorted.map((row) => row.name)).toEqual(["A", "Z", "Æ", "Ø", "Å", "Aa"]);
});

test("the plain client takes Dates though a drizzle client stands beside it", async () => {
  const at = new Date("2026-11-24T02:00:00Z");
  const [row] = await database.sql<{ at: Date }[]>`select ${at}::timestamptz as at`;
  expect(row?.at).toEqual(at);
});

test("many processes may migrate at once, and a database that is there is left alone", async () => {
  const serverUrl = inject("serverUrl");
  const name = `kobling_migrate_${process.pid}`;
  const admin = postgres(serverUrl, { max: 1 });
  await admin.unsafe(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(url.href)));
  expect(applied.filter((count) => count > 0)).toHaveLength(1);
  expect(await migrate(url.href)).toBe(0);
  await admin.unsafe(`drop database ${name} with (force)`);
  await admin.end();
});

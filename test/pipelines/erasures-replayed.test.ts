import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { appendFile } from "../../src/lib/append-file.ts";
import { createEntity } from "../../src/pipelines/edit.ts";
import { erase, replayErasures } from "../../src/pipelines/erasure.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { person, startEngine } from "../support/engine.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kobling-erasures-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const config = {
  connections: { shop: { connector: "api", settings: {}, objects: { debitor: { direction: "in", create: "in" } } } },
};

/** Restores a backup: the database as it was, under another name. */
async function copyOf(url: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  const name = new URL(url).pathname.slice(1);
  await admin.unsafe(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
  );
  await admin.unsafe(`create database ${name}_backup template ${name}`);
  const copy = new URL(url);
  copy.pathname = `/${name}_backup`;
  const drop = async () => {
    await admin.unsafe(`drop database ${name}_backup with (force)`);
    await admin.end();
  };
  return { url: copy.href, drop };
}

test("R34 a restored backup does not bring back whom it still has, nor whom it does not know yet", async () => {
  const first = await createTestDatabase();
  const engine = await startEngine(config, { database: first });
  const erasureLog = appendFile(join(folder, "erasures.ndjson"));
  const deps = { ...engine.deps, erasureLog };
  await first.sql.unsafe("update lanes set released_in = true");
  const told = (name: string, externalId: string) => [
    { externalId, data: { firmanavn: name, telefon: `2010203${externalId}` } },
  ];
  await receive(deps, { connection: "shop", object: "debitor", via: "push" }, told("Gammel Kunde", "1"));
  await engine.work();
  await first.close();
  const backup = await copyOf(first.url);

  const live = openDatabase(first.url, { max: 3 });
  const lively = await startEngine(config, { database: live });
  const now = { ...lively.deps, erasureLog };
  await receive(now, { connection: "shop", object: "debitor", via: "push" }, told("Ny Kunde", "2"));
  await lively.work();
  for (const { id } of await live.sql.unsafe("select id from kundeemner"))
    await erase(now, { entity: "kundeemne", id: String(id), ground: "request", by: person });
  await live.close();
  expect(await readFile(join(folder, "erasures.ndjson"), "utf8")).not.toMatch(/Kunde|2010203/);

  const restored = openDatabase(backup.url, { max: 3 });
  const back = await startEngine(config, { database: restored });
  const there = { ...back.deps, erasureLog };
  expect(await restored.sql.unsafe("select firmanavn from kundeemner")).toMatchObject([{ firmanavn: "Gammel Kunde" }]);
  expect(await replayErasures(there)).toBe(1);
  expect(await replayErasures(there)).toBe(0);
  await receive(there, { connection: "shop", object: "debitor", via: "push" }, [
    ...told("Gammel Kunde", "1"),
    ...told("Ny Kunde", "2"),
  ]);
  await back.work();
  expect(await restored.sql.unsafe("select firmanavn from kundeemner where erased_at is null")).toEqual([]);
  expect(await restored.sql.unsafe("select body from changes")).toEqual([]);
  // A neighbour is made as ever.
  await createEntity(there, { entity: "kundeemne", values: { firmanavn: "Nabo" }, by: person });
  expect(await restored.sql.unsafe("select firmanavn from kundeemner where erased_at is null")).toMatchObject([
    { firmanavn: "Nabo" },
  ]);
  await restored.close();
  await backup.drop();
});

import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/store/database.ts";
import { startEmbedded } from "../../src/store/embedded.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of the server's database `postgres`; the migrated template is `templateDatabase` beside it. */
    readonly serverUrl: string;
    readonly templateDatabase: string;
    /** Null where no Redis server is at hand (scripts/test.ts starts one). */
    readonly redisUrl: string | null;
  }
}

/** One PostgreSQL for the whole run, with a migrated template that every test file copies. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // As `npm ci` does; dependencies may have been installed before it did.
  execFileSync(process.execPath, ["scripts/mend-postgres.mjs"], { stdio: "inherit" });
  const server = await openServer(process.env.KOBLING_TEST_DATABASE_URL);
  const templateDatabase = `kobling_template_${process.pid}`;
  const admin = postgres(server.url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${templateDatabase}`);
  const template = new URL(server.url);
  template.pathname = `/${templateDatabase}`;
  await migrate(template.href);

  project.provide("serverUrl", server.url);
  project.provide("templateDatabase", templateDatabase);
  project.provide("redisUrl", process.env.KOBLING_TEST_REDIS_URL ?? null);
  return async () => {
    await admin.unsafe(`drop database ${templateDatabase} with (force)`);
    await admin.end();
    await server.stop();
  };
}

async function openServer(external: string | undefined): Promise<{ url: string; stop(): Promise<void> }> {
  if (external !== undefined) return { url: external, stop: async () => undefined };
  const home = await mkdtemp(join(tmpdir(), "kobling-test-"));
  await chmod(home, 0o755);
  const embedded = await startEmbedded(home);
  const url = new URL(embedded.url);
  url.pathname = "/postgres";
  return {
    url: url.href,
    stop: async () => {
      await embedded.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

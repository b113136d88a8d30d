import { inject } from "vitest";
import { createTestDatabase } from "./database.ts";

export interface QueueServer {
  readonly backend: "postgres" | "redis";
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
}

/** The homes of the queue that this machine has: PostgreSQL always, Redis where a server is at hand (scripts/test.ts). */
export async function openQueueServers(): Promise<readonly QueueServer[]> {
  const { url } = await createTestDatabase();
  const postgres: QueueServer = { backend: "postgres", databaseUrl: url, redisUrl: undefined };
  const redisUrl = inject("redisUrl");
  return redisUrl === null ? [postgres] : [postgres, { backend: "redis", databaseUrl: url, redisUrl }];
}

import { randomUUID } from "node:crypto";
import type { ApiDeps, ApiLimits, WishedConnection } from "../../src/api/api-deps.ts";
import { createApi } from "../../src/api/app.ts";
import type { Gateway } from "../../src/api/gateway.ts";
import { createMetrics } from "../../src/api/metrics.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { hashKey, newKey, redactor, sealer } from "../../src/lib/secrets.ts";
import type { Vocabularies } from "../../src/model/vocabularies.ts";
import type { DriftCount } from "../../src/pipelines/agreement.ts";
import { createFeedWatch } from "../../src/pipelines/feed.ts";
import { addApiKey } from "../../src/store/api-keys.ts";
import type { Database } from "../../src/store/database.ts";
import { type CheckedClient, checkedClient } from "./checked-client.ts";

export interface TestApi {
  readonly app: ReturnType<typeof createApi>;
  readonly deps: ApiDeps;
  /** A checked client with a key of these scopes. */
  as(...scopes: string[]): Promise<CheckedClient>;
  /** A checked client with this key, or none. */
  with(key: string | undefined): Promise<CheckedClient>;
  keyOf(scopes: readonly string[], options?: { expiresAt?: string }): Promise<{ id: string; key: string }>;
}

export interface TestApiOptions {
  readonly gateway?: Partial<Gateway>;
  readonly connections?: readonly WishedConnection[];
  readonly limits?: Partial<ApiLimits>;
  readonly log?: Log;
  readonly drift?: readonly DriftCount[];
  readonly countDrift?: ApiDeps["countDrift"];
  readonly now?: () => Date;
  readonly leadOrigins?: readonly string[];
  readonly vocabularies?: Vocabularies;
  readonly seal?: ApiDeps["seal"];
}

export const erp: WishedConnection = {
  name: "erp",
  connector: "api",
  mode: "queue",
  objects: [{ object: "debitor", side: "ledger", direction: "both", create: "in", firstMeeting: "remote" }],
};

/** An API on a real database. What a test does not give of the gateway must not be called. */
export function testApi(database: Database, options: TestApiOptions = {}): TestApi {
  const unforeseen: Gateway = new Proxy({} as Gateway, {
    get: (_, name) => () => {
      throw new Error(`The test did not foresee gateway.${String(name)}`);
    },
  });
  const given: Partial<Gateway> = options.gateway ?? {};
  // Asked by every reading of a record; a test without ledgers knows no lists.
  const known: Partial<Gateway> = { unknownCodes: async () => [] };
  const deps: ApiDeps = {
    sql: database.sql,
    log: options.log ?? createLog({ level: "silent", redactor: redactor() }),
    gateway: new Proxy(unforeseen, { get: (all, name: keyof Gateway) => given[name] ?? known[name] ?? all[name] }),
    seal: options.seal ?? sealer("a secret of this test", "answers"),
    newId: randomUUID,
    now: options.now ?? (() => new Date()),
    connections: () => options.connections ?? [erp],
    countDrift: options.countDrift ?? (async () => options.drift ?? []),
    feedWatch: createFeedWatch(database.sql, 10),
    metrics: createMetrics(),
    version: "0.0.0-test",
    limits: options.limits ?? {},
    leadOrigins: options.leadOrigins ?? [],
    vocabularies: options.vocabularies ?? {},
  };
  const app = createApi(deps);
  const keyOf: TestApi["keyOf"] = async (scopes, { expiresAt } = {}) => {
    const key = newKey();
    const id = randomUUID();
    await addApiKey(database.sql, {
      id,
      label: `test ${scopes.join(" ")}`,
      hash: hashKey(key),
      scopes,
      expiresAt: expiresAt ?? null,
    });
    return { id, key };
  };
  return {
    app,
    deps,
    keyOf,
    as: async (...scopes) => await checkedClient(app, (await keyOf(scopes)).key),
    with: async (key) => await checkedClient(app, key),
  };
}

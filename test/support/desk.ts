import { decideMany } from "../../src/pipelines/decide-many.ts";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { linkEntity, unlink } from "../../src/pipelines/linking.ts";
import { changePolicies } from "../../src/pipelines/policies.ts";
import { setNow } from "../../src/store/clock.ts";
import { testApi } from "./api.ts";
import type { CheckedAnswer, CheckedClient } from "./checked-client.ts";
import { type Pulled, startPulled } from "./pulled.ts";

/** A person at the API, in front of systems that push and pull. */
export interface Desk extends Pulled {
  readonly api: CheckedClient;
  /** The document that the API serves. */
  document(): Promise<CheckedAnswer["body"]>;
  /** The body of an answer; anything but a 2xx fails the test. */
  ok(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<CheckedAnswer["body"]>;
  /** Reviews that wait, of one kind or all, oldest first. */
  waiting(kind?: string): Promise<CheckedAnswer["body"][]>;
  /** Sets the clock of the database; it stands still from then on. */
  at(time: string): Promise<void>;
}

export async function startDesk(...given: Parameters<typeof startPulled>): Promise<Desk> {
  const stage = await startPulled(...given);
  const { deps } = stage.engine;
  const { as, app } = testApi(deps.db, {
    gateway: {
      createEntity: (act) => createEntity(deps, act),
      editEntity: (act) => editEntity(deps, act),
      linkEntity: (act) => linkEntity(deps, act),
      unlink: (act) => unlink(deps, act),
      decideMany: (act) => decideMany(deps, act),
      decideReview: (act) => decideReview(deps, act),
      changePolicies: (act) => changePolicies(deps, act),
    },
    connections: Object.keys(deps.config.connections).map((name) => ({
      name,
      connector: "api",
      mode: "queue",
      objects: [],
    })),
  });
  const api = await as("admin");
  const ok: Desk["ok"] = async (method, path, body, headers) => {
    const answer = await api(method, path, {
      ...(body === undefined ? {} : { body }),
      ...(headers === undefined ? {} : { headers }),
    });
    if (answer.status >= 300) throw new Error(`${method} ${path} answers ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  return {
    ...stage,
    api,
    document: async () => (await app.request("/openapi.json")).json(),
    ok,
    waiting: async (kind) => {
      const { items } = await ok("GET", `/v1/reviews?limit=500${kind === undefined ? "" : `&kind=${kind}`}`);
      return items.reverse();
    },
    at: (time) => setNow(deps.db.sql, new Date(time)),
  };
}

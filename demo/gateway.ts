import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { type Child, startChild } from "./child.ts";
import type { LinkOf } from "./oracle.ts";
import { until } from "./until.ts";

const READY_MS = 60_000;
const PAGE = 500;

export interface Run {
  readonly id: number;
  readonly connection: string;
  readonly object: string | null;
  readonly kind: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly detail: unknown;
}

export interface Review {
  readonly id: number;
  readonly kind: string;
  readonly entity: string | null;
  readonly entityId: string | null;
  readonly unit: string | null;
  readonly connection: string | null;
  readonly object: string | null;
  readonly externalId: string | null;
  readonly sides: unknown;
  readonly reason: string;
}

export interface Quarantined {
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly reason: { readonly code: string; readonly detail: string; readonly field?: string };
}

export interface ObjectStatus {
  readonly object: string;
  readonly armed: boolean;
  readonly linked: number;
  readonly waiting: number;
  readonly due: number;
  readonly leased: number;
  readonly withheld: number;
  readonly uncertain: number;
  readonly quarantined: number;
  readonly drift: number;
  readonly held: number;
}

export interface Status {
  readonly connections: readonly {
    readonly name: string;
    readonly state: string;
    readonly reason: string | null;
    readonly lastError: string | null;
    readonly objects: readonly ObjectStatus[];
  }[];
  readonly totals: Readonly<
    Record<"waiting" | "due" | "withheld" | "uncertain" | "quarantined" | "drift" | "held", number>
  >;
}

/** The gateway in a process of its own, spoken with over HTTP and no other way. */
export interface Gateway {
  readonly child: Child;
  readonly url: string;
  readonly adminKey: string;
  /** Any call; answers that are no 2xx are answers too. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  status(): Promise<Status>;
  startRun(connection: string, kind: string, object?: string): Promise<Run>;
  run(id: number): Promise<Run>;
  runs(): Promise<readonly Run[]>;
  reviews(query?: string): Promise<readonly Review[]>;
  quarantine(): Promise<readonly Quarantined[]>;
  links(connection: string, query?: string): Promise<readonly LinkOf[]>;
  /** What keeps a field of a record from going out, per field or group. */
  explain(entityId: string): Promise<Readonly<Record<string, unknown>>>;
}

export async function startGateway(
  folders: { readonly home: string; readonly config: string },
  secrets: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const port = await freePort();
  const adminKey = `kob_demo_${randomBytes(32).toString("base64url")}`;
  const url = `http://127.0.0.1:${port}`;
  const child = startChild("src/main.ts", [], {
    ...{ PORT: String(port), KOBLING_HOME: folders.home, KOBLING_CONFIG_DIR: folders.config },
    ...secrets,
    ...{ KOBLING_ADMIN_KEY: adminKey, DATABASE_URL: "", REDIS_URL: "", KOBLING_PROCESSES: "", LOG_LEVEL: "warn" },
  });
  try {
    await until("the gateway is ready", READY_MS, async () => {
      const ended = child.ended();
      if (ended !== null) throw new Error(`The gateway ended with ${ended}:\n${child.tail()}`);
      const answer = await fetch(`${url}/readyz`).catch(() => undefined); // not listening yet
      return answer?.ok === true ? true : undefined;
    });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { child, url, adminKey, ...client(url, adminKey, child) };
}

function client(url: string, adminKey: string, child: Child): Omit<Gateway, "child" | "url" | "adminKey"> {
  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = {
      authorization: `Bearer ${adminKey}`,
      "content-type": "application/json",
      "accept-language": "en",
    };
    const answer = await fetch(`${url}${path}`, { method, headers, ...sent }).catch((cause: unknown) => {
      throw new Error(`The gateway does not answer ${method} ${path}; it wrote last:\n${child.tail()}`, { cause });
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
  }
  /** The body is taken for what the API's own document says; anything but 2xx throws. */
  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await call(method, path, body);
    if (answer.status < 300) return answer.body as T;
    throw new Error(`The gateway answers ${answer.status} to ${method} ${path}: ${JSON.stringify(answer.body)}`);
  }
  async function all<T>(path: string, query: Readonly<Record<string, string>>): Promise<readonly T[]> {
    const items: T[] = [];
    for (let cursor: string | null = null; ; ) {
      const asked = new URLSearchParams({ ...query, limit: String(PAGE), ...(cursor === null ? {} : { cursor }) });
      const page: { items: T[]; next: string | null } = await ask("GET", `${path}?${asked}`);
      items.push(...page.items);
      if (page.next === null) return items;
      cursor = page.next;
    }
  }
  return {
    call,
    status: async () => await ask<Status>("GET", "/v1/status"),
    startRun: async (connection, kind, object) =>
      await ask<Run>("POST", `/v1/connections/${connection}/runs`, {
        kind,
        ...(object === undefined ? {} : { object }),
      }),
    run: async (id) => await ask<Run>("GET", `/v1/runs/${id}`),
    runs: async () => await all<Run>("/v1/runs", {}),
    reviews: async (query = "") => await all<Review>("/v1/reviews", Object.fromEntries(new URLSearchParams(query))),
    quarantine: async () => await all<Quarantined>("/v1/quarantine", {}),
    links: async (connection, query = "") =>
      await all<LinkOf>("/v1/links", { connection, ...Object.fromEntries(new URLSearchParams(query)) }),
    explain: async (entityId) => await ask("GET", `/v1/kundeemner/${entityId}/explain`),
  };
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free");
  return address.port;
}

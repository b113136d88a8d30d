import { z } from "zod";
import { CommandError, type Terminal } from "./terminal.ts";

const DEFAULT_PORT = "8080";
const TIMEOUT_MS = 60_000;
const PAGE = 500;

/** What the commands that steer a running gateway read of the environment; the reference page is made from it. */
export const commandEnvironmentSchema = z.object({
  KOBLING_URL: z
    .url({ protocol: /^https?$/, error: "This must be an http:// or https:// URL" })
    .optional()
    .describe("Where the gateway answers; without it http://localhost and PORT."),
  KOBLING_ADMIN_KEY: z.string().optional().describe("The API key that the commands send; --key goes before it."),
});

/** The options of every command that speaks with a gateway. */
export const gatewayArgs = {
  key: { type: "string", description: "API key; without it KOBLING_ADMIN_KEY", valueHint: "key" },
  url: { type: "string", description: "Address of the gateway; without it KOBLING_URL", valueHint: "url" },
} as const;

export const jsonArg = { json: { type: "boolean", description: "Print JSON instead of a table" } } as const;

export interface Query {
  readonly [name: string]: string | number | undefined;
}

/** A running gateway, spoken with over HTTP and no other way. */
export interface GatewayClient {
  /** The answer as the schema reads it. Anything but a 2xx is a CommandError in words. */
  ask<T>(schema: z.ZodType<T>, method: string, path: string, options?: { query?: Query; body?: unknown }): Promise<T>;
  /** A call that answers nothing. */
  act(method: string, path: string, options?: { query?: Query; body?: unknown }): Promise<void>;
  /** The items of a paged list, `limit` at most. */
  list<T>(item: z.ZodType<T>, path: string, query: Query, limit: number): Promise<{ items: T[]; more: boolean }>;
}

/** Does not call anything yet. Throws CommandError when there is no key or the address is none. */
export function openGateway(
  { env }: Terminal,
  given: { readonly key?: string | undefined; readonly url?: string | undefined },
): GatewayClient {
  const read = commandEnvironmentSchema.safeParse({
    KOBLING_URL: given.url || env.KOBLING_URL || `http://localhost:${env.PORT || DEFAULT_PORT}`,
    KOBLING_ADMIN_KEY: given.key || env.KOBLING_ADMIN_KEY || undefined,
  });
  if (!read.success) {
    throw new CommandError("The address of the gateway cannot be read.", "Write it as http://localhost:8080.");
  }
  const { KOBLING_URL: url = "", KOBLING_ADMIN_KEY: key } = read.data;
  if (key === undefined) {
    throw new CommandError(
      "There is no key to ask the gateway with.",
      "Set KOBLING_ADMIN_KEY or give --key; the first start of a gateway shows its admin key once.",
    );
  }
  const call = (method: string, path: string, options: { query?: Query; body?: unknown } = {}) =>
    send(new URL(path + queryText(options.query), url), method, key, options.body);
  return {
    async ask(schema, method, path, options) {
      return readAnswer(schema, await call(method, path, options));
    },
    async act(method, path, options) {
      await call(method, path, options);
    },
    async list(item, path, query, limit) {
      const items: z.output<typeof item>[] = [];
      const page = z.looseObject({ items: z.array(item), next: z.string().nullable() });
      let cursor: string | undefined;
      for (;;) {
        const asked = { ...query, cursor, limit: Math.min(PAGE, limit - items.length) };
        const read = readAnswer(page, await call("GET", path, { query: asked }));
        items.push(...read.items);
        if (read.next === null) return { items, more: false };
        if (items.length >= limit) return { items, more: true };
        cursor = read.next;
      }
    },
  };
}

function queryText(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] satisfies [string, string]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

async function send(url: URL, method: string, key: string, body: unknown): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${key}`,
    "accept-language": "en",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  let answer: Response;
  let text: string;
  try {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    answer = await fetch(url, { method, headers, ...sent, signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await answer.text();
  } catch (cause) {
    throw new CommandError(
      `No gateway answers at ${url.origin}.`,
      "Start one with `kobling start`, or name its address in KOBLING_URL or --url.",
      { cause },
    );
  }
  const read = parseJson(text);
  if (answer.ok) return read;
  throw problemInWords(answer.status, read, url);
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // no gateway of ours: told by whoever reads it
    throw error;
  }
}

const problemSchema = z.looseObject({
  title: z.string(),
  detail: z.string(),
  code: z.string(),
  traceId: z.string(),
  errors: z.array(z.looseObject({ pointer: z.string(), detail: z.string() })).optional(),
});

const WAYS_OUT: Readonly<Record<string, string>> = {
  unauthorized: "Give a valid key in KOBLING_ADMIN_KEY or --key.",
  not_fresh: "Take a new one with `kobling sync <connection> --preview`.",
  side_moved: "Look again with `kobling review list`.",
  not_found: "See what there is with `kobling status` or the command's own list.",
};

/** A problem (RFC 9457) as a person reads it: what, why, and every fault of the request with its place. */
function problemInWords(status: number, body: unknown, url: URL): CommandError {
  const read = problemSchema.safeParse(body);
  if (!read.success) {
    return new CommandError(
      `${url.origin} answers ${status}, but not as a Kobling gateway does.`,
      "Check KOBLING_URL.",
    );
  }
  const { title, detail, code, errors = [], traceId } = read.data;
  const faults = errors.map((fault) => `${fault.pointer === "" ? "" : `${fault.pointer}: `}${fault.detail}`);
  const why = faults.length > 0 ? faults.join(" ") : detail;
  return new CommandError(
    `${title}: ${why}`,
    WAYS_OUT[code] ?? (code === "internal" ? `Look for ${traceId} in the gateway's log.` : ""),
  );
}

function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  throw new CommandError(
    "The gateway answers in a shape that this command does not know.",
    "Use the command line of the same version as the gateway.",
    { cause: read.error },
  );
}

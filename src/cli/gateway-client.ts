import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
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
  /** The same with a file as the body, streamed. */
  bring<T>(schema: z.ZodType<T>, path: string, options: { query?: Query; file: string; type: string }): Promise<T>;
  /** Writes an answer that is a file to one here. */
  save(path: string, to: string): Promise<void>;
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
  const at = (path: string, query?: Query): URL => new URL(path + queryText(query), url);
  const call = (method: string, path: string, options: { query?: Query; body?: unknown } = {}) => {
    const body = options.body === undefined ? undefined : { json: options.body };
    return send(at(path, options.query), method, key, body);
  };
  return {
    async ask(schema, method, path, options) {
      return readAnswer(schema, await call(method, path, options));
    },
    async bring(schema, path, { query, file, type }) {
      return readAnswer(schema, await send(at(path, query), "POST", key, { file, type }));
    },
    async save(path, to) {
      const answer = await reach(at(path), { method: "GET", headers: headersOf(key) });
      if (!answer.ok || answer.body === null)
        throw problemInWords(answer.status, parseJson(await answer.text()), at(path));
      await writeFile(to, Readable.fromWeb(answer.body as never)); // the same stream, as two libraries name its type
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

type Body = { readonly json: unknown } | { readonly file: string; readonly type: string };

const headersOf = (key: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  "accept-language": "en",
});

async function send(url: URL, method: string, key: string, body?: Body): Promise<unknown> {
  const type = body === undefined ? undefined : "json" in body ? "application/json" : body.type;
  const headers = { ...headersOf(key), ...(type === undefined ? {} : { "content-type": type }) };
  const sent =
    body === undefined
      ? {}
      : "json" in body
        ? { body: JSON.stringify(body.json) }
        : { body: Readable.toWeb(createReadStream(body.file)) as never, duplex: "half" };
  // A file takes as long as it takes.
  const limit = body !== undefined && "file" in body ? {} : { signal: AbortSignal.timeout(TIMEOUT_MS) };
  const answer = await reach(url, { method, headers, ...sent, ...limit } as RequestInit);
  const read = parseJson(await answer.text());
  if (answer.ok) return read;
  throw problemInWords(answer.status, read, url);
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new CommandError(
      `No gateway answers at ${url.origin}.`,
      "Start one with `kobling start`, or name its address in KOBLING_URL or --url.",
      { cause },
    );
  }
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

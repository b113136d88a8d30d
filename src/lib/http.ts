import { Pool } from "undici";
import type { ErrorContext } from "./errors.ts";
import { ConnectionError, RejectedError, RetryableError, StaleError, UncertainError } from "./errors.ts";
import { withoutNul } from "./nul.ts";
import { type Clock, systemClock } from "./time.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** What errors and logs call this request, e.g. `PUT Debitorer/{id}`: the URL itself may hold a token or a value. */
  readonly template: string;
  /** Appended to the base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; name its type in `headers`. */
  readonly body?: string | Uint8Array;
  /** Statuses that come back as answers though they would be thrown. */
  readonly expect?: readonly number[];
  /** A write by its method that changes nothing at the remote (a log-in, a search by POST): judged like a GET. */
  readonly reads?: boolean;
  readonly timeoutMs?: number;
  /** Gives the request up from outside; judged like the time limit. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** When the request began and its answer was read whole, and the remote's `Date` header (rule R3). */
  readonly times: { readonly beganAt: Date; readonly endedAt: Date; readonly remoteDate?: Date };
  readonly text: string;
  /** The body as JSON. When it is none: RejectedError `bad_answer`, on a write UncertainError. */
  json(): unknown;
}

export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

export interface HttpOptions {
  readonly baseUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Total limit of one request, waiting for a free socket included; at the limit its socket is destroyed. 10,000. */
  readonly timeoutMs?: number;
  /** Largest answer, in bytes. 16 MiB. */
  readonly maxBytes?: number;
  /** Sockets to the remote at once. 8. */
  readonly connections?: number;
  readonly clock?: Clock;
}

export interface HttpClient {
  readonly request: Http;
  close(): Promise<void>;
}

/**
 * Calls to one origin. Nothing is retried inside: what happens next is in the type of the error that is thrown (the
 * queue waits, not the client). The URL never stands in an error.
 */
export function httpClient(options: HttpOptions): HttpClient {
  const { timeoutMs = 10_000, maxBytes = 16 * 1024 * 1024, connections = 8, clock = systemClock } = options;
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/$/, "");
  const pool = new Pool(base.origin, {
    connections,
    allowH2: false,
    maxResponseSize: maxBytes,
    connectTimeout: timeoutMs,
    headersTimeout: 0, // the total limit below covers them
    bodyTimeout: 0,
  });
  const tracked = pool.compose((dispatch) => (opts: TrackedOptions, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      opts.onSent?.();
      start?.(controller, context);
    };
    return dispatch(opts, handler);
  });

  const request: Http = async (call) => {
    const beganAt = clock.now();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), call.timeoutMs ?? timeoutMs);
    const signal = call.signal ? AbortSignal.any([limit.signal, call.signal]) : limit.signal;
    const state: CallState = { call, isSent: false, isLate: () => limit.signal.aborted, status: undefined };
    try {
      const tracking: TrackedOptions = {
        path: prefix + joinPath(call.path) + queryText(call.query),
        method: call.method,
        headers: {
          ...options.headers,
          ...(call.json === undefined ? {} : { "content-type": "application/json" }),
          ...call.headers,
        },
        body: call.json === undefined ? (call.body ?? null) : JSON.stringify(call.json),
        onSent: () => {
          state.isSent = !signal.aborted; // given up while it waited for a socket: undici drops it here, unsent
        },
      };
      const answer = await Promise.race([tracked.request({ ...tracking, signal }), givenUpUnsent(signal, state)]);
      state.status = answer.statusCode;
      const headers = flatten(answer.headers);
      const text = withoutNul(await readText(answer.body, headers["content-type"]));
      const times = { beganAt, endedAt: clock.now(), ...dateOf(headers.date) };
      if (answer.statusCode >= 300 && !call.expect?.includes(answer.statusCode)) {
        throw errorOfStatus(call, answer.statusCode, headers, clock);
      }
      return { status: answer.statusCode, headers, times, text, json: () => parseJson(call, answer.statusCode, text) };
    } catch (error) {
      throw classify(error, state);
    } finally {
      clearTimeout(timer);
    }
  };
  return { request, close: () => pool.destroy() };
}

type TrackedOptions = Parameters<Pool["dispatch"]>[0] & { readonly onSent?: () => void };

interface CallState {
  readonly call: HttpRequest;
  isSent: boolean;
  status: number | undefined;
  isLate(): boolean;
}

/** undici tells of a request that was given up while waiting for a socket only when its turn comes; we tell at once. */
const givenUpUnsent = (signal: AbortSignal, state: CallState) =>
  new Promise<never>((_, reject) => {
    const tell = () => state.isSent || reject(new DOMException("Given up before it was sent", "AbortError"));
    signal.addEventListener("abort", tell, { once: true });
  });

const isRead = (call: HttpRequest) => call.reads === true || call.method === "GET" || call.method === "HEAD";

const BAD_CERTIFICATE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER))/;

/** An error that undici threw, by what it means for the request. Our own pass. */
function classify(error: unknown, state: CallState): Error {
  if (!(error instanceof Error) || isOurs(error)) return error instanceof Error ? error : new Error(String(error));
  const { call } = state;
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  const context: ErrorContext = { request: call.template, reason: code, status: state.status };
  const options = { context, cause: error };
  if (BAD_CERTIFICATE.test(code)) {
    return new ConnectionError("bad_certificate", "The remote's certificate is not trusted", options);
  }
  if (code === "UND_ERR_INVALID_ARG" || code === "ERR_INVALID_URL") return error;
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
    const message = "The remote's answer is larger than allowed";
    if (isRead(call)) return new RejectedError("answer_too_large", message, options);
    return new UncertainError("answer_too_large", message, options);
  }
  if (!state.isSent) {
    if (state.isLate()) return new RetryableError("timeout", "No connection to the remote within the limit", options);
    return new RetryableError("unreachable", "The remote cannot be reached", options);
  }
  const [kind, message] = state.isLate()
    ? (["timeout", "The remote did not answer within the limit"] as const)
    : (["connection_lost", "The connection broke before the answer was whole"] as const);
  return isRead(call) ? new RetryableError(kind, message, options) : new UncertainError(kind, message, options);
}

const isOurs = (error: Error) =>
  [RetryableError, UncertainError, StaleError, RejectedError, ConnectionError].some((kind) => error instanceof kind);

function errorOfStatus(call: HttpRequest, status: number, headers: HttpAnswer["headers"], clock: Clock): Error {
  const options = { context: { request: call.template, status } };
  const wait = retryAfterMs(headers["retry-after"], clock.now());
  const later = { ...options, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  if (status === 429) return new RetryableError("rate_limited", "The remote asks us to slow down", later);
  if (status === 503) return new RetryableError("unavailable", "The remote is not available for now", later);
  if (status === 408 || status === 425)
    return new RetryableError("unavailable", "The remote asks to be asked again", later);
  if (status === 401) return new ConnectionError("unauthorized", "The remote does not accept our credentials", options);
  if (status === 403)
    return new ConnectionError("forbidden", "The remote does not allow this account to do that", options);
  if (status === 412) return new StaleError("precondition_failed", "The object has changed at the remote", options);
  if (status < 400) return new ConnectionError("redirected", "The remote answers from another address", options);
  if (status < 500)
    return new RejectedError("refused_by_remote", `The remote refused the request (${status})`, options);
  if (isRead(call)) return new RetryableError("remote_failure", `The remote failed (${status})`, later);
  return new UncertainError(
    "remote_failure",
    `The remote failed (${status}); the write may have gone through`,
    options,
  );
}

/** Retry-After in seconds or as an HTTP date; the wait is what the remote says, however long. */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.ceil(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

function parseJson(call: HttpRequest, status: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse quotes the text it chokes on, so its error is not kept as the cause
    const options = { context: { request: call.template, status, characters: text.length } };
    if (isRead(call)) throw new RejectedError("bad_answer", "The remote's answer is not JSON", options);
    throw new UncertainError("bad_answer", "The remote's answer to a write is not JSON", options);
  }
}

const joinPath = (path: string) => (path === "" || path.startsWith("/") || path.startsWith("?") ? path : `/${path}`);

function queryText(query: HttpRequest["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function flatten(headers: Record<string, string | string[] | undefined>): HttpAnswer["headers"] {
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  return flat;
}

function dateOf(header: string | undefined): { remoteDate?: Date } {
  const at = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(at) ? {} : { remoteDate: new Date(at) };
}

interface Body {
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

async function readText(body: Body, contentType: string | undefined): Promise<string> {
  const charset = /charset="?([\w-]+)/i.exec(contentType ?? "")?.[1]?.toLowerCase();
  if (charset === undefined || charset === "utf-8" || charset === "utf8") return await body.text();
  const bytes = await body.arrayBuffer();
  return new TextDecoder(isCharset(charset) ? charset : "utf-8").decode(bytes);
}

const isCharset = (name: string) => ["iso-8859-1", "windows-1252", "iso-8859-15", "us-ascii"].includes(name);

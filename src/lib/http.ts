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
  /** The body as it came. */
  bytes(): Uint8Array;
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
  /** Asked before each request is sent, with its template; what it throws goes to the caller, and nothing is sent. */
  readonly before?: (template: string) => Promise<void>;
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

  const request: Http = async (call) => {
    await options.before?.(call.template);
    const beganAt = clock.now();
    const state: CallState = { call, isSent: false, isLate: false, status: undefined };
    try {
      const answer = await exchange(pool, state, call.timeoutMs ?? timeoutMs, {
        path: (prefix + joinPath(call.path) || "/") + queryText(call.query),
        method: call.method,
        headers: {
          ...options.headers,
          ...(call.json === undefined ? {} : { "content-type": "application/json" }),
          ...call.headers,
        },
        body: call.json === undefined ? (call.body ?? null) : JSON.stringify(call.json),
      });
      state.status = answer.status;
      const headers = flatten(answer.headers);
      const text = withoutNul(readText(answer.chunks, headers["content-type"]));
      const times = { beganAt, endedAt: clock.now(), ...dateOf(headers.date) };
      if (answer.status >= 300 && !call.expect?.includes(answer.status)) {
        throw errorOfStatus(call, answer.status, headers, clock);
      }
      const bytes = () => Buffer.concat(answer.chunks);
      return { status: answer.status, headers, times, text, bytes, json: () => parseJson(call, answer.status, text) };
    } catch (error) {
      throw classify(error, state);
    }
  };
  return { request, close: () => pool.destroy() };
}

interface CallState {
  readonly call: HttpRequest;
  isSent: boolean;
  isLate: boolean;
  status: number | undefined;
}

interface Exchanged {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly chunks: readonly Buffer[];
}

/**
 * One request and its whole answer, on undici's own events: its `request` would make a stream of each answer, which costs
 * more than all else here. What is given up while it waits for a socket is told at once and never sent.
 */
function exchange(
  pool: Pool,
  state: CallState,
  limitMs: number,
  request: Pick<Parameters<Pool["dispatch"]>[0], "path" | "method" | "headers" | "body">,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const { signal } = state.call;
    let flight: { abort(reason: Error): void } | undefined;
    let givenUp: Error | undefined;
    let status = 0;
    let headers: Exchanged["headers"] = {};
    const chunks: Buffer[] = [];
    const giveUp = (): void => {
      givenUp = new DOMException("Given up", "AbortError");
      if (flight === undefined) fail(givenUp);
      else flight.abort(givenUp); // its socket is destroyed
    };
    const timer = setTimeout(() => {
      state.isLate = true;
      giveUp();
    }, limitMs);
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted === true) return giveUp();
    pool.dispatch(request, {
      onRequestStart(controller) {
        if (givenUp !== undefined) return controller.abort(givenUp);
        flight = controller;
        state.isSent = true;
      },
      onResponseStart(_controller, code, told) {
        status = code; // an informational one is followed by another
        state.status = code;
        headers = told;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        end();
        resolve({ status, headers, chunks });
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    });
  });
}

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
    if (state.isLate) return new RetryableError("timeout", "No connection to the remote within the limit", options);
    return new RetryableError("unreachable", "The remote cannot be reached", options);
  }
  const [kind, message] = state.isLate
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

function readText(chunks: readonly Buffer[], contentType: string | undefined): string {
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  const charset = /charset="?([\w-]+)/i.exec(contentType ?? "")?.[1]?.toLowerCase();
  if (charset === undefined || charset === "utf-8" || charset === "utf8") return withoutMark(bytes.toString("utf8"));
  return new TextDecoder(isCharset(charset) ? charset : "utf-8").decode(bytes);
}

const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

const isCharset = (name: string) => ["iso-8859-1", "windows-1252", "iso-8859-15", "us-ascii"].includes(name);

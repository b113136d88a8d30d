import { HTTPException } from "hono/http-exception";
import {
  ConnectionError,
  type KoblingError,
  RejectedError,
  RetryableError,
  StaleError,
  UncertainError,
} from "../lib/errors.ts";
import type { Language } from "./language.ts";
import { da } from "./texts/da.ts";
import { en } from "./texts/en.ts";
import type { FaultCode, ProblemCode, Texts, ValueCode } from "./texts/problem-codes.ts";

export type Facts = Readonly<Record<string, string | number>>;

/** One fault of a request. `detail` is an English sentence for codes of which the tables have none. */
export interface Fault {
  readonly pointer: string;
  readonly code: FaultCode | (string & {});
  readonly facts?: Facts;
  readonly detail?: string;
}

export interface ProblemOptions {
  readonly facts?: Facts;
  readonly faults?: readonly Fault[];
  /** Members of the problem besides those of RFC 9457. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that is a problem (RFC 9457); thrown in src/api only. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(status: number, code: ProblemCode, options: ProblemOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.code = code;
    this.options = options;
  }
}

const texts: Readonly<Record<Language, Texts>> = { da, en };
const RETRYABLE = new Set([408, 429, 502, 503, 504]);

/** Body and headers of a problem in a language. */
export function renderProblem(
  problem: Problem,
  { language, traceId, instance }: { language: Language; traceId: string; instance: string },
): { body: Record<string, unknown>; headers: Record<string, string> } {
  const { problems } = texts[language];
  const [title, detail] = problems[problem.code];
  const { facts = {}, extra = {}, headers = {} } = problem.options;
  const errors = problem.options.faults?.map((fault) => ({
    pointer: fault.pointer,
    code: fault.code,
    detail: sentenceOf(texts[language], fault),
  }));
  return {
    body: {
      type: `urn:kobling:problem:${problem.code}`,
      title,
      status: problem.status,
      detail: fill(detail, facts),
      instance,
      code: problem.code,
      traceId,
      retryable: RETRYABLE.has(problem.status) || problem.code === "idempotency_running",
      ...(errors === undefined ? {} : { errors }),
      ...extra,
    },
    headers: { "content-type": "application/problem+json", "content-language": language, ...headers },
  };
}

/** The code of a problem, and in one language what is wrong. */
export function wordsOf({ code, options }: Problem, language: Language): { code: ProblemCode; detail: string } {
  const faults = (options.faults ?? []).map((fault) => sentenceOf(texts[language], fault));
  const [, detail] = texts[language].problems[code];
  return { code, detail: faults.length > 0 ? faults.join(" ") : fill(detail, options.facts ?? {}) };
}

/** What is wrong, and the way out, in one language; a text whose facts are not known gives way to a plainer one. */
function sentenceOf(language: Texts, fault: Fault): string {
  const text = language.faults[fault.code as FaultCode]; // a code of another table is not in this one
  const filled = text === undefined ? undefined : fill(text, inWords(language, fault.facts ?? {}));
  if (filled !== undefined && !filled.includes("{")) return filled;
  return (
    language.values[fault.code as ValueCode] ??
    language.problems[fault.code as ProblemCode]?.[1] ??
    fault.detail ??
    fault.code
  );
}

/** Names of rules, types and sources as the language says them. */
function inWords({ rules, types, sources }: Texts, facts: Facts): Facts {
  const { rule, expected, unit } = facts;
  const named = String(expected)
    .split(" / ")
    .map((type) => types[type] ?? type)
    .join(" / ");
  return {
    ...facts,
    ...(rule === undefined ? {} : { rule: fill(rules[rule] ?? String(rule), facts) }),
    ...(expected === undefined ? {} : { expected: named }),
    ...(unit === undefined ? {} : { from: sources[unit] ?? sources.other }),
  };
}

const fill = (text: string, facts: Facts) =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (facts[name] === undefined ? whole : String(facts[name])));

const CONFLICTS: ReadonlySet<string> = new Set([
  "not_fresh",
  "side_moved",
  "record_moved",
  "exists",
  "conflict",
  "record_closed",
  "merge_uncertain",
  "merge_refused",
  "main_link_needed",
  "busy",
  "not_released",
  "stopped_by_guard",
  "paused",
]);

/** Whatever was thrown, as the problem that the caller is told. What nobody foresaw is a 500 without a word about it. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) return problemOfHttp(error);
  if (error instanceof RetryableError) {
    const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000));
    return new Problem(503, error.code, { headers: { "retry-after": String(seconds) }, cause: error });
  }
  if (error instanceof StaleError) return new Problem(412, error.code, { ...currentVersion(error), cause: error });
  if (error instanceof ConnectionError) {
    // Ours stands for the caller's own key; the remote's refusal of us is told by another code.
    const code = error.code === "unauthorized" || error.code === "forbidden" ? "bad_credentials" : error.code;
    return new Problem(502, code, { cause: error });
  }
  if (error instanceof UncertainError) return new Problem(502, error.code, { cause: error });
  if (error instanceof RejectedError) return problemOfRejected(error);
  return new Problem(500, "internal", { cause: error });
}

function problemOfRejected(error: RejectedError): Problem {
  const { code } = error;
  const { mergedInto, field, rule, allowed, obstacles } = error.context;
  const named = typeof obstacles === "string" ? { facts: { obstacles } } : {};
  const told = { extra: { reason: error.message }, cause: error, ...named };
  if (code === "gone" && typeof mergedInto === "string") return new Problem(410, "merged", { extra: { mergedInto } });
  if (code === "not_found") return new Problem(404, code, told);
  if (code === "gone") return new Problem(410, code, told);
  if (code === "version_moved") return new Problem(412, code, { ...currentVersion(error), cause: error });
  if (CONFLICTS.has(code)) return new Problem(409, code, told);
  const pointer = typeof field === "string" ? pointerOf(field) : "";
  if (Array.isArray(allowed)) {
    const facts = { choices: allowed.join(", ") || "–" };
    return new Problem(422, code, { ...told, faults: [{ pointer, code, facts }] });
  }
  const facts = typeof rule === "string" ? { facts: { rule } } : {};
  return new Problem(422, code, { ...told, faults: [{ pointer, code, ...facts }] });
}

function currentVersion(error: KoblingError): { extra: Record<string, unknown>; headers: Record<string, string> } {
  const { version } = error.context;
  const reason = error.message;
  return typeof version === "number"
    ? { extra: { reason, currentVersion: version }, headers: { etag: `"${version}"` } }
    : { extra: { reason }, headers: {} };
}

function problemOfHttp(error: HTTPException): Problem {
  if (error.status === 413) return new Problem(413, "body_too_large", { cause: error });
  if (error.status === 415)
    return new Problem(415, "unsupported_media_type", { facts: { expected: "application/json" } });
  if (error.status === 401) return new Problem(401, "unauthorized");
  // The one 400 that hono throws by itself is a body that is no JSON; ours are Problems.
  if (error.status === 400) return new Problem(400, "invalid_json", { cause: error });
  if (error.status === 404) return new Problem(404, "not_found");
  return new Problem(500, "internal", { cause: error });
}

/** JSON pointer (RFC 6901) of a flat field key: `gps.lat` → `/gps/lat`. */
export const pointerOf = (field: string): string => `/${field.split(".").map(escapePointer).join("/")}`;

export const escapePointer = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

/**
 * Every code an error of ours can carry. The list is closed, so that codes can be counted, translated and documented;
 * a new one is a line here.
 */
export const errorCodes = [
  // the way to a remote and back (src/lib/http.ts)
  "unreachable",
  "timeout",
  "connection_lost",
  "rate_limited",
  "unavailable",
  "remote_failure",
  "bad_certificate",
  "redirected",
  "unauthorized",
  "forbidden",
  "precondition_failed",
  "refused_by_remote",
  "in_use",
  "answer_too_large",
  "bad_answer",
  // limits and circuits of a connection (src/pipelines/limits.ts)
  "circuit_open",
  "limit_reached",
  "quota_used_up",
  "budget_used_up",
  // what a connector says of its account
  "capability_missing",
  "bad_settings",
  "bad_credentials",
  // a record, a request, a person's act
  "bad_shape",
  "bad_value",
  "cpr_like",
  "too_long",
  "not_found",
  "gone",
  "exists",
  "conflict",
  "read_only",
  "not_allowed",
  "record_closed",
  "document_not_taken",
  "not_released",
  "not_fresh",
  "version_moved",
  "side_moved",
  "record_moved",
  "merge_uncertain",
  "merge_refused",
  "main_link_needed",
  "busy",
  "too_many_waiting",
  "disk_full",
  "stopped_by_guard",
  "paused",
  "cannot_be_asked",
  "seal_broken",
  // our own ground
  "folder_locked",
  "folder_unusable",
  "database_unreachable",
  "queue_unreachable",
  "bad_configuration",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Ids, counts and statuses only: a value that came from a record never stands in an error. */
export interface ErrorContext {
  readonly [name: string]: string | number | boolean | null | readonly string[] | readonly number[] | undefined;
}

export interface ErrorOptions {
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/** What all errors of ours share. Named for what happens next; catch the classes below it. */
export abstract class KoblingError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** The same attempt may succeed later: wait (`retryAfterMs` when the remote named a time, never capped), try again. */
export class RetryableError extends KoblingError {
  override readonly name = "RetryableError";
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A write got no answer and may have gone through: it is read, or looked up, before it is tried again. */
export class UncertainError extends KoblingError {
  override readonly name = "UncertainError";
}

/** The remote has moved on since we read it: read and decide again. */
export class StaleError extends KoblingError {
  override readonly name = "StaleError";
}

/** This one record cannot pass as it is: it is quarantined, the others go on. */
export class RejectedError extends KoblingError {
  override readonly name = "RejectedError";
}

/** The account needs its owner: the connection is paused, the owner told. */
export class ConnectionError extends KoblingError {
  override readonly name = "ConnectionError";
}

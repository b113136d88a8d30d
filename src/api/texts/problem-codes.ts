import type { FaultCode as ReadingCode } from "../../danish/result.ts";
import type { ErrorCode } from "../../lib/errors.ts";
import type { ValueRule } from "../../model/check-value.ts";

/** Codes of the API itself; those of src/lib/errors.ts come on top. The list is closed and stable. */
export const apiCodes = [
  "unauthorized",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "invalid_request",
  "invalid_json",
  "invalid_cursor",
  "invalid_query",
  "unsupported_media_type",
  "body_too_large",
  "version_moved",
  "idempotency_key_invalid",
  "idempotency_key_reused",
  "idempotency_running",
  "feed_gone",
  "snapshot_closed",
  "merged",
  "origin_not_allowed",
  "submission_reused",
  "too_many_leads",
  "balance_not_zero",
  "balance_unknown",
  "too_many_waiting",
  "disk_full",
  "internal",
] as const;

/** Codes of a single fault inside `errors`. */
export const faultCodes = [
  "missing",
  "wrong_type",
  "too_long",
  "too_short",
  "too_large",
  "too_small",
  "unknown_field",
  "not_allowed",
  "bad_value",
  "computed_field",
  "immutable_field",
  "cpr_like",
  "contradiction",
  "incomplete",
  "gln_required",
  "code_unknown",
  "document_not_taken",
  "not_listed",
  "filter_syntax",
] as const;

/** Codes that a value's rule gives, besides those in `faultCodes`. */
export type ValueCode = Exclude<ReadingCode, "cpr_like"> | "date_ahead";

export type ProblemCode = (typeof apiCodes)[number] | ErrorCode;
export type FaultCode = (typeof faultCodes)[number];

/** One language's texts: `{name}` stands for a fact of the problem. */
export interface Texts {
  readonly problems: Readonly<Record<ProblemCode, readonly [title: string, detail: string]>>;
  readonly faults: Readonly<Record<FaultCode, string>>;
  /** Why a value cannot be taken, by code of src/danish and src/model; English sentences come with the fault. */
  readonly values: Readonly<Partial<Record<ValueCode, string>>>;
  /** Rules behind `bad_value`, by name. */
  readonly rules: Readonly<Record<ValueRule | "type", string>> & { readonly [format: string]: string };
  /** JSON types, as a sentence names them. */
  readonly types: Readonly<Record<string, string>>;
  /** What a computed field follows from, by unit. */
  readonly sources: Readonly<Record<string, string>> & { readonly other: string };
}

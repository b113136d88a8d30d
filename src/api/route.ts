import { z } from "@hono/zod-openapi";
import { needs } from "./auth.ts";
import { obstacleSchema } from "./merge-view.ts";
import type { Need } from "./scopes.ts";

/** A problem (RFC 9457) as every error leaves; `code` is stable, texts follow `Accept-Language`. */
export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    traceId: z.string(),
    retryable: z.boolean(),
    errors: z.array(z.strictObject({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
    currentVersion: z.int().optional().openapi({ description: "412: the version the record has now." }),
    reason: z.string().optional().openapi({ description: "What hindered it in particular, in English." }),
    mergedInto: z.uuid().optional().openapi({ description: "410: the record that this one was merged into." }),
    snapshot: z
      .strictObject({ cursor: z.string(), records: z.string() })
      .optional()
      .openapi({ description: "410 of the feed: read all records, then the feed from this cursor." }),
    balances: z
      .array(
        z.strictObject({
          connection: z.string(),
          object: z.string(),
          externalId: z.string(),
          amount: z.string(),
          currency: z.string(),
        }),
      )
      .optional()
      .openapi({ description: "409 of archiving: what is not zero, as the ledger says now." }),
    accounts: z
      .array(z.strictObject({ connection: z.string(), object: z.string(), externalId: z.string(), why: z.string() }))
      .optional()
      .openapi({ description: "409 of archiving: whose balance could not be read, and why." }),
    obstacles: z.array(obstacleSchema).optional().openapi({ description: "409 of a merge: what hinders it." }),
    kept: z.int().optional(),
    repeats: z.int().optional(),
    rejectedCount: z.int().optional(),
    rejected: z.array(z.strictObject({ line: z.int(), code: z.string(), detail: z.string() })).optional(),
    lastLine: z.int().optional(),
  })
  .openapi("Problem");

const REASONS: Readonly<Record<number, string>> = {
  400: "The request cannot be read: query, headers, cursor or JSON.",
  401: "No key, or one that is unknown, expired or revoked.",
  403: "The key lacks the scope.",
  404: "There is nothing here.",
  409: "The present state does not allow it.",
  410: "No longer kept, or merged into the record that `mergedInto` names.",
  412: "The record is at another version than If-Match names.",
  413: "The body is too large.",
  415: "The content type is not supported.",
  422: "The content breaks a rule; `errors` names field and rule.",
  429: "Too many changes are waiting; see Retry-After.",
  500: "A fault of ours, logged under traceId.",
  502: "The other system failed or refused us.",
  503: "Not for now; see Retry-After.",
};

/** Problems that a route may answer, for its document. They are thrown, so a handler's type knows the others only. */
export function problems(...statuses: number[]): Record<never, never> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: REASONS[status] ?? "A problem.",
        content: { "application/problem+json": { schema: problemSchema } },
        ...(status === 429 || status === 503
          ? { headers: z.object({ "retry-after": z.string().optional().openapi({ description: "Seconds." }) }) }
          : {}),
      },
    ]),
  );
}

/** What any route behind a key may answer besides its own. */
const COMMON = [400, 401, 403, 500, 503];
export const securedProblems = (...statuses: number[]): Record<never, never> => problems(...COMMON, ...statuses);
/** The same for a route that takes a JSON body and an Idempotency-Key. */
export const bodyProblems = (...statuses: number[]): Record<never, never> =>
  problems(...COMMON, 409, 413, 415, 422, ...statuses);

/** The key's scope that a route asks for, in its document and before its handler. */
export const secured = (need: Need) => ({
  security: [{ key: [need] }],
  middleware: needs(need),
});

/** A JSON answer for a route's document. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A required JSON body. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { "application/json": { schema } },
});

/** A list's answer: items and the cursor of the next page, null on the last. */
export const pageSchema = <Schema extends z.ZodType>(item: Schema) =>
  z.strictObject({ items: z.array(item), next: z.string().nullable() });

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(50).openapi({ description: "Items a page, 1 to 500." }),
  cursor: z.string().max(2000).optional().openapi({ description: "`next` of the page before." }),
};

export const idempotencyHeader = z.object({
  "idempotency-key": z.string().optional().openapi({
    description: "The same request is done once and answered the same for 24 hours.",
    example: '"8e03978e-40d5"',
  }),
});

export const uuidParam = (name: string) =>
  z.uuid().openapi({ param: { name, in: "path" }, example: "0199c0de-0000-7000-8000-000000000000" });

export const numberParam = (name: string) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .openapi({ param: { name, in: "path" } });

export const nameParam = (name: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .openapi({ param: { name, in: "path" }, example: "erp" });

import { createHash } from "node:crypto";
import { z } from "@hono/zod-openapi";
import { Problem } from "./problems.ts";

/**
 * An opaque cursor of a list: where the page ended, bound to the question that was asked, so that it cannot be used with
 * other filters.
 */
export function writePageCursor(question: unknown, position: unknown): string {
  return Buffer.from(JSON.stringify([questionHash(question), position])).toString("base64url");
}

/** The position in a cursor; 400 `invalid_cursor` when it belongs to another question. */
export function readPageCursor<Position>(
  question: unknown,
  cursor: string | undefined,
  position: z.ZodType<Position>,
): Position | undefined {
  if (cursor === undefined) return undefined;
  const parsed = z.tuple([z.literal(questionHash(question)), position]).safeParse(parseJson(cursor));
  if (!parsed.success) throw new Problem(400, "invalid_cursor");
  return parsed.data[1];
}

const questionHash = (question: unknown) =>
  createHash("sha256").update(JSON.stringify(question)).digest("base64url").slice(0, 8);

function parseJson(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined; // judged by the caller's schema
  }
}

import { createRoute, z } from "@hono/zod-openapi";
import { catalogueOf } from "../../model/catalogue.ts";
import { reviewStates } from "../../model/review-kinds.ts";
import { findReview, listReviews } from "../../store/reviews-read.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import type { Language } from "../language.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem, problemOf, wordsOf } from "../problems.ts";
import { readRecordBody } from "../record-body.ts";
import { decidedSchema, decisionBody, decisionsBody, filterShape, reviewSchema, viewReview } from "../review-view.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  numberParam,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
} from "../route.ts";
import { typedNow } from "../today.ts";

const tags = ["reviews"];

const list = createRoute({
  method: "get",
  path: "/v1/reviews",
  tags,
  summary: "What waits for a person, newest first",
  ...secured("read"),
  request: {
    query: z.strictObject({ state: z.enum([...reviewStates, "any"]).default("open"), ...filterShape, ...pageQuery }),
  },
  responses: { 200: json(pageSchema(reviewSchema), "Reviews."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/reviews/{id}",
  tags,
  summary: "One review",
  ...secured("read"),
  request: { params: z.object({ id: numberParam("id") }) },
  responses: { 200: json(reviewSchema, "The review."), ...securedProblems(404) },
});

const decide = createRoute({
  method: "post",
  path: "/v1/reviews/{id}/decision",
  tags,
  summary: "Decide",
  ...secured("review"),
  request: { params: z.object({ id: numberParam("id") }), headers: idempotencyHeader, body: jsonBody(decisionBody) },
  responses: { 200: json(z.strictObject({ state: z.string() }), "What became of it."), ...bodyProblems(404, 412) },
});

const decideMany = createRoute({
  method: "post",
  path: "/v1/reviews/decisions",
  tags,
  summary: "Decide everything that a filter finds",
  description:
    "Each review is decided by itself, on the revision that the filter saw: what moved since is left open and told among " +
    "the failures, and the others go on. Deciding again takes up what is still open.",
  ...secured("review"),
  request: { headers: idempotencyHeader, body: jsonBody(decisionsBody) },
  responses: { 200: json(decidedSchema, "How many were decided, and which were not."), ...bodyProblems() },
});

/** Kinds of which a person has seen sides that may move. */
const SIDED: ReadonlySet<string> = new Set(["conflict", "proposal"]);

export function reviewRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { cursor, limit, state, ...filter } = c.req.valid("query");
    const question = { ...filter, ...(state === "any" ? {} : { state }) };
    const before = readPageCursor(question, cursor, z.int());
    const page = await listReviews(deps.sql, { ...question, before, limit });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: page.rows.map(viewReview), next }, 200);
  });

  app.openapi(decideMany, async (c) => {
    const { filter, decision, why, limit, target, after } = c.req.valid("json");
    const act = { filter, decision, why, limit, by: actorOf(c), ...given({ target, after }) };
    const { found, decided, failures, next } = await deps.gateway.decideMany(act);
    const told = failures.map(({ id, kind, error }) => ({ id, kind, ...whyNot(error, c.get("language")) }));
    return c.json({ found, decided, failed: told.length, failures: told, next }, 200);
  });

  app.openapi(get, async (c) => {
    const review = await findReview(deps.sql, c.req.valid("param").id);
    if (review === undefined) throw new Problem(404, "not_found");
    return c.json(viewReview(review), 200);
  });

  app.openapi(decide, async (c) => {
    const { id } = c.req.valid("param");
    const { decision, revision, value, target, range, why } = c.req.valid("json");
    const review = await findReview(deps.sql, id);
    if (review === undefined) throw new Problem(404, "not_found");
    const values =
      value === undefined
        ? undefined
        : readRecordBody(catalogueOf(review.entity ?? "kundeemne"), value, "patch", {
            base: "/value",
            ...typedNow(deps),
          });
    // Who names no revision has seen no side (rule R16).
    if (SIDED.has(review.kind) && revision === undefined)
      throw new Problem(422, "invalid_request", { faults: [{ pointer: "/revision", code: "missing" }] });
    const act = {
      id,
      decision,
      by: actorOf(c),
      ...given({ revision, value: values, target, range: range && given(range), why }),
    };
    const { state } = await deps.gateway.decideReview(act);
    return c.json({ state }, 200);
  });
}

/** Why one of many could not be decided, in the caller's language. */
function whyNot(error: unknown, language: Language): { code: string; detail: string; reason?: string } {
  const problem = problemOf(error);
  const { reason } = problem.options.extra ?? {};
  return { ...wordsOf(problem, language), ...(typeof reason === "string" ? { reason } : {}) };
}

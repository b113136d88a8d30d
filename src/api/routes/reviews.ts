import { createRoute, z } from "@hono/zod-openapi";
import { catalogueOf } from "../../model/catalogue.ts";
import { findReview, listReviews } from "../../store/reviews-read.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import { readRecordBody } from "../record-body.ts";
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
import { todayOf } from "../today.ts";

const reviewSchema = z
  .strictObject({
    id: z.int(),
    kind: z.string().openapi({ example: "conflict" }),
    state: z.string().openapi({ example: "open" }),
    entity: z.enum(["kundeemne", "kontaktperson"]).nullable(),
    entityId: z.uuid().nullable(),
    unit: z.string().nullable().openapi({ description: "Field or group that is held meanwhile." }),
    connection: z.string().nullable(),
    object: z.string().nullable(),
    externalId: z.string().nullable(),
    linkId: z.uuid().nullable(),
    runId: z.int().nullable(),
    sides: z
      .unknown()
      .openapi({ description: "The sides of a conflict, candidates of a match case, values of a proposal." }),
    reason: z.string(),
    detail: z.unknown(),
    openedAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    revision: z.int().openapi({ description: "Rises when a side moves; name the one you saw when you decide." }),
    decidedAt: z.iso.datetime().nullable(),
    decidedBy: z.string().nullable(),
    decision: z.string().nullable(),
    why: z.string().nullable(),
  })
  .openapi("Review");

const decisions = [
  "take_theirs",
  "keep_ours",
  "value",
  "link",
  "not_same",
  "new",
  "ignore",
  "make_primary",
  "archive",
  "erase",
  "write_back",
  "approve",
  "dismiss",
  "acknowledge",
] as const;

const decisionBody = z
  .strictObject({
    decision: z.enum(decisions),
    revision: z.int().min(1).optional().openapi({ description: "The revision that was seen; another one is a 409." }),
    value: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: "With `value`: the fields of the unit." }),
    target: z
      .string()
      .max(255)
      .optional()
      .openapi({ description: "Side, record or external id that the decision names." }),
    why: z.string().max(500).optional(),
  })
  .openapi("DecisionBody");

const tags = ["reviews"];

const list = createRoute({
  method: "get",
  path: "/v1/reviews",
  tags,
  summary: "What waits for a person, newest first",
  ...secured("read"),
  request: {
    query: z.strictObject({
      state: z.string().max(40).default("open"),
      kind: z.string().max(40).optional(),
      kundeemne: z.uuid().optional(),
      connection: z.string().max(63).optional(),
      ...pageQuery,
    }),
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

export function reviewRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { cursor, limit, kundeemne, ...filters } = c.req.valid("query");
    const question = { ...filters, entityId: kundeemne };
    const before = readPageCursor(question, cursor, z.int());
    const page = await listReviews(deps.sql, { ...question, before, limit });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: [...page.rows], next }, 200);
  });

  app.openapi(get, async (c) => {
    const review = await findReview(deps.sql, c.req.valid("param").id);
    if (review === undefined) throw new Problem(404, "not_found");
    return c.json(review, 200);
  });

  app.openapi(decide, async (c) => {
    const { id } = c.req.valid("param");
    const { decision, revision, value, target, why } = c.req.valid("json");
    const review = await findReview(deps.sql, id);
    if (review === undefined) throw new Problem(404, "not_found");
    const values =
      value === undefined
        ? undefined
        : readRecordBody(catalogueOf(review.entity ?? "kundeemne"), value, "patch", {
            base: "/value",
            today: todayOf(deps.now()),
          });
    const { state } = await deps.gateway.decideReview({
      id,
      decision,
      ...(revision === undefined ? {} : { revision }),
      ...(values === undefined ? {} : { value: values }),
      ...(target === undefined ? {} : { target }),
      ...(why === undefined ? {} : { why }),
      by: actorOf(c),
    });
    return c.json({ state }, 200);
  });
}

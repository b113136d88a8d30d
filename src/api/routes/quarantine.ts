import { createRoute, z } from "@hono/zod-openapi";
import { listQuarantine, type QuarantinedChange } from "../../store/quarantine-read.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { idempotencyHeader, json, numberParam, pageQuery, pageSchema, secured, securedProblems } from "../route.ts";

const changeSchema = z
  .strictObject({
    id: z.int(),
    connection: z.string(),
    object: z.string(),
    externalId: z.string(),
    via: z.string(),
    receivedAt: z.iso.datetime(),
    reason: z.strictObject({ code: z.string(), detail: z.string(), field: z.string().optional() }),
  })
  .openapi("QuarantinedChange");

const tags = ["quarantine"];

const list = createRoute({
  method: "get",
  path: "/v1/quarantine",
  tags,
  summary: "Changes put aside, newest first",
  ...secured("read"),
  request: {
    query: z.strictObject({
      connection: z.string().max(63).optional(),
      object: z.string().max(63).optional(),
      code: z.string().max(63).optional(),
      ...pageQuery,
    }),
  },
  responses: { 200: json(pageSchema(changeSchema), "Changes with the reason in words."), ...securedProblems() },
});

const retry = createRoute({
  method: "post",
  path: "/v1/quarantine/{id}/retry",
  tags,
  summary: "Take a change up again",
  ...secured("review"),
  request: { params: z.object({ id: numberParam("id") }), headers: idempotencyHeader },
  responses: { 202: { description: "It will be decided again." }, ...securedProblems(404, 409, 422) },
});

export function quarantineRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { cursor, limit, ...question } = c.req.valid("query");
    const before = readPageCursor(question, cursor, z.int());
    const page = await listQuarantine(deps.sql, { ...question, before, limit });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: page.rows.map((row) => ({ ...row, reason: shownReason(row.reason) })), next }, 200);
  });

  app.openapi(retry, async (c) => {
    await deps.gateway.retryQuarantined({ id: c.req.valid("param").id, by: actorOf(c) });
    return c.body(null, 202);
  });
}

const shownReason = ({ code, detail, field }: QuarantinedChange["reason"]) => ({
  code,
  detail,
  ...(field === undefined ? {} : { field }),
});

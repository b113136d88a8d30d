import { createRoute, z } from "@hono/zod-openapi";
import { findRequest, listRequests, requestKinds } from "../../store/gdpr-requests.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
  uuidParam,
} from "../route.ts";
import { todayOf } from "../today.ts";

const tags = ["gdpr"];
const params = z.object({ id: uuidParam("id") });
const kind = z.enum(requestKinds);
const states = ["open", "done", "refused"] as const;

const requestSchema = z
  .strictObject({
    id: z.uuid(),
    kind,
    kundeemneId: z.uuid(),
    kontaktpersonId: z.uuid().nullable(),
    receivedOn: z.iso.date(),
    dueOn: z.iso.date(),
    extendedWhy: z.string().nullable(),
    state: z.enum(states),
    overdue: z.boolean(),
    note: z.string().nullable(),
    outcome: z.string().nullable(),
    erasureId: z.uuid().nullable(),
    by: z.string(),
    createdAt: z.iso.datetime(),
    closedAt: z.iso.datetime().nullable(),
    closedBy: z.string().nullable(),
  })
  .openapi("GdprRequest");

const create = createRoute({
  method: "post",
  path: "/v1/gdpr-requests",
  tags,
  summary: "Note what a registered person asks for",
  description: "It is due one month after it came (art. 12(3)).",
  ...secured("write"),
  request: {
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          kind,
          kundeemneId: z.uuid(),
          kontaktpersonId: z.uuid().optional(),
          receivedOn: z.iso.date().optional().openapi({ description: "Today in Copenhagen if left out." }),
          note: z.string().trim().min(1).max(2000).optional(),
        })
        .openapi("NewGdprRequest"),
    ),
  },
  responses: { 201: json(requestSchema, "Noted."), ...bodyProblems(404, 410) },
});

const list = createRoute({
  method: "get",
  path: "/v1/gdpr-requests",
  tags,
  summary: "Requests by their due date, the most urgent first",
  ...secured("read"),
  request: {
    query: z.strictObject({
      state: z.enum(states).optional(),
      overdue: z.enum(["true", "false"]).default("false"),
      ...pageQuery,
    }),
  },
  responses: { 200: json(pageSchema(requestSchema), "A page."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/gdpr-requests/{id}",
  tags,
  summary: "One request",
  ...secured("read"),
  request: { params },
  responses: { 200: json(requestSchema, "The request."), ...securedProblems(404) },
});

const extend = createRoute({
  method: "post",
  path: "/v1/gdpr-requests/{id}/extend",
  tags,
  summary: "Take two months more, once",
  description: "The person is to be told, with the reason, within the first month.",
  ...secured("write"),
  request: {
    params,
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ why: z.string().trim().min(1).max(500) }).openapi("GdprExtension")),
  },
  responses: { 200: json(requestSchema, "The request."), ...bodyProblems(404) },
});

const close = createRoute({
  method: "post",
  path: "/v1/gdpr-requests/{id}/close",
  tags,
  summary: "Close a request, carried out or refused",
  description:
    "`done` carries out what can be: an erasure erases, a restriction restricts, an objection is noted of the day it came. Access and portability are " +
    "answered with `GET /v1/kundeemner/{id}/bundle`; what is rectified with PATCH goes on to every linked system by itself.",
  ...secured("admin"),
  request: {
    params,
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .discriminatedUnion("state", [
          z.strictObject({ state: z.literal("done"), outcome: z.string().trim().min(1).max(2000).optional() }),
          z.strictObject({ state: z.literal("refused"), outcome: z.string().trim().min(1).max(2000) }),
        ])
        .openapi("GdprClosing"),
    ),
  },
  responses: { 200: json(requestSchema, "The request."), ...bodyProblems(404, 410) },
});

const row = z.record(z.string(), z.any());
const bundleSchema = z
  .strictObject({
    of: z.strictObject({ kundeemneId: z.uuid(), kontaktpersonId: z.uuid().nullable() }),
    data: row,
    sources: row.openapi({ description: "By field: who set it, and when." }),
    activities: z.record(z.string(), z.array(row)),
    consents: z.array(row),
    leads: z.array(row),
    fromAddresses: z.array(row).openapi({ description: "The message that a contact was made of." }),
    recipients: z.strictObject({ systems: z.array(row), campaigns: z.array(row), files: z.array(row) }),
    others: z
      .int()
      .openapi({ description: "How many other people stand in the same record; nothing else of them is told." }),
  })
  .openapi("PersonBundle");

const bundle = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/bundle",
  tags,
  summary: "All that is kept of somebody, for machines (art. 15 and 20)",
  description:
    "Of the Kundeemne itself, or of one contact. Names, addresses and numbers of its other contacts are struck out of every text; read notes before they leave.",
  ...secured("write"),
  request: { params, query: z.strictObject({ kontaktpersonId: z.uuid().optional() }) },
  responses: { 200: json(bundleSchema, "The bundle."), ...securedProblems(404) },
});

/** What registered people ask for (S72; GDPR art. 12 and 15–21; domain notes, d.10). */
export function gdprRequestRoutes(app: Api, deps: ApiDeps): void {
  const view = (request: Awaited<ReturnType<typeof deps.gateway.openRequest>>) => ({
    ...request,
    overdue: request.state === "open" && request.dueOn < todayOf(deps.now()),
  });

  app.openapi(create, async (c) => {
    const { kind: what, kundeemneId, ...rest } = c.req.valid("json");
    const act = { kind: what, kundeemneId, ...given(rest), by: actorOf(c) };
    return c.json(view(await deps.gateway.openRequest(act)), 201);
  });

  app.openapi(list, async (c) => {
    const { state = null, overdue, cursor, limit } = c.req.valid("query");
    const question = { requests: [state, overdue] };
    const after = readPageCursor(question, cursor, z.tuple([z.string(), z.string()]));
    const overdueOn = overdue === "true" ? todayOf(deps.now()) : null;
    const rows = await listRequests(deps.sql, { state, overdueOn, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? writePageCursor(question, [last.dueOn, last.id]) : null;
    return c.json({ items: page.map(view), next }, 200);
  });

  app.openapi(get, async (c) => {
    const request = await findRequest(deps.sql, c.req.valid("param").id);
    if (request === undefined) throw new Problem(404, "not_found");
    return c.json(view(request), 200);
  });

  app.openapi(extend, async (c) => {
    const act = { id: c.req.valid("param").id, why: c.req.valid("json").why };
    return c.json(view(await deps.gateway.extendGdprRequest(act)), 200);
  });

  app.openapi(close, async (c) => {
    const { state, outcome = null } = c.req.valid("json");
    const act = { id: c.req.valid("param").id, state, outcome, by: actorOf(c) };
    return c.json(view(await deps.gateway.closeGdprRequest(act)), 200);
  });

  app.openapi(bundle, async (c) => {
    const { kontaktpersonId = null } = c.req.valid("query");
    const { others, ...found } = await deps.gateway.bundleOf({ kundeemneId: c.req.valid("param").id, kontaktpersonId });
    const lists = (of: Readonly<Record<string, readonly Record<string, unknown>[]>>) =>
      Object.fromEntries(Object.entries(of).map(([name, rows]) => [name, [...rows]]));
    const { systems, campaigns, files } = found.recipients;
    return c.json(
      {
        ...{ of: found.of, data: found.data, sources: found.sources, activities: lists(found.activities) },
        ...{ consents: [...found.consents], leads: [...found.leads], fromAddresses: [...found.fromAddresses] },
        recipients: { systems: [...systems], campaigns: [...campaigns], files: [...files] },
        others,
      },
      200,
    );
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { refusalCodes } from "../../rules/eligibility.ts";
import { dropWish, putOut } from "../../store/segment-members.ts";
import { findSegment, pageEvents } from "../../store/segments.ts";
import { actorOf } from "../actor.ts";
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
import { eligibilityTexts } from "../texts/eligibility.ts";

const tags = ["segments"];
const params = z.object({ id: uuidParam("id") });

const memberSchema = z
  .strictObject({
    entityId: z.uuid(),
    kundeemneId: z.uuid(),
    why: z.enum(["criterion", "manual"]),
    since: z.iso.datetime(),
    firmanavn: z.string().nullable(),
    navn: z.string().nullable(),
    email: z.string().nullable(),
    telefon: z.string().nullable(),
  })
  .openapi("SegmentMember");

const members = createRoute({
  method: "get",
  path: "/v1/segments/{id}/members",
  tags,
  summary: "Members of a segment, as they may be contacted now",
  description:
    "For platforms that pull. The rule is asked again for each page: whoever it refuses by now is put out, not handed over.",
  ...secured("look"),
  request: { params, query: z.strictObject(pageQuery) },
  responses: {
    200: json(pageSchema(memberSchema), "A page; it may hold fewer than asked for."),
    ...securedProblems(404),
  },
});

const refusedSchema = z
  .strictObject({
    entityId: z.uuid(),
    kundeemneId: z.uuid(),
    reasons: z.array(z.strictObject({ code: z.enum(refusalCodes), text: z.string() })),
  })
  .openapi("SegmentRefused");

const refused = createRoute({
  method: "get",
  path: "/v1/segments/{id}/refused",
  tags,
  summary: "Who meets the criterion and may not be contacted, and why",
  ...secured("look"),
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(refusedSchema), "Worked out now."), ...securedProblems(404) },
});

const eventSchema = z
  .strictObject({
    id: z.int(),
    entityId: z.uuid(),
    change: z.enum(["added", "removed"]),
    reason: z.string().openapi({ description: "`criterion`, `manual`, or the code that refuses." }),
    at: z.iso.datetime(),
  })
  .openapi("SegmentEvent");

const events = createRoute({
  method: "get",
  path: "/v1/segments/{id}/events",
  tags,
  summary: "Who came in and went out, oldest first",
  ...secured("look"),
  request: {
    params,
    query: z.strictObject({
      after: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: json(z.strictObject({ items: z.array(eventSchema) }), "After the event that was named."),
    ...securedProblems(404),
  },
});

const add = createRoute({
  method: "post",
  path: "/v1/segments/{id}/members",
  tags,
  summary: "Put somebody in by hand",
  description:
    "Whatever the criterion says. The rule is asked all the same: refused is 422 with every reason, and nothing is kept.",
  ...secured("campaign"),
  request: {
    params,
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ entityId: z.uuid() }).openapi("MemberWish")),
  },
  responses: { 204: { description: "In." }, ...bodyProblems(404) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/segments/{id}/members/{entity}",
  tags,
  summary: "Take somebody out who was put in by hand",
  ...secured("campaign"),
  request: { params: z.object({ id: uuidParam("id"), entity: uuidParam("entity") }) },
  responses: { 204: { description: "Out." }, ...securedProblems(404) },
});

/** Who is in a segment, who is not and why (S57, S61, S62). */
export function segmentMemberRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(members, async (c) => {
    const { id } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    const question = { members: id };
    const after = readPageCursor(question, cursor, z.uuid()) ?? null;
    const page = await deps.gateway.handMembers({ id, after, limit });
    const next = page.next === null ? null : writePageCursor(question, page.next);
    return c.json({ items: [...page.items], next }, 200);
  });

  app.openapi(refused, async (c) => {
    const { id } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    const question = { refused: id };
    const after = readPageCursor(question, cursor, z.uuid()) ?? null;
    const page = await deps.gateway.refusedOf({ id, after, limit });
    const language = c.get("language");
    c.header("vary", "Accept-Language");
    const items = page.items.map(({ reasons, ...each }) => ({
      ...each,
      reasons: reasons.map((code) => ({ code, text: eligibilityTexts[code][language] })),
    }));
    return c.json({ items, next: page.next === null ? null : writePageCursor(question, page.next) }, 200);
  });

  app.openapi(events, async (c) => {
    const { id } = c.req.valid("param");
    if ((await findSegment(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
    const { after, limit } = c.req.valid("query");
    return c.json({ items: await pageEvents(deps.sql, id, after, limit) }, 200);
  });

  app.openapi(add, async (c) => {
    const { id } = c.req.valid("param");
    const { entityId } = c.req.valid("json");
    const { reasons } = await deps.gateway.wishMember({ id, entityId, by: actorOf(c) });
    if (reasons.length === 0) return c.body(null, 204);
    const language = c.get("language");
    const faults = reasons.map((code) => ({ pointer: "/entityId", code, detail: eligibilityTexts[code][language] }));
    throw new Problem(422, "invalid_request", { faults });
  });

  app.openapi(remove, async (c) => {
    const { id, entity } = c.req.valid("param");
    if (!(await dropWish(deps.sql, id, entity))) throw new Problem(404, "not_found");
    await putOut(deps.sql, [{ segmentId: id, entityId: entity, reason: "manual" }]);
    return c.body(null, 204);
  });
}

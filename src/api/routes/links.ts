import { createRoute, z } from "@hono/zod-openapi";
import { findLink, findLinks, listLinksOf } from "../../store/links-read.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
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

export const linkSchema = z
  .strictObject({
    id: z.uuid(),
    connection: z.string(),
    object: z.string(),
    externalId: z.string(),
    entity: z.enum(["kundeemne", "kontaktperson"]),
    entityId: z.uuid().nullable(),
    state: z.enum(["linked", "suggested", "disputed", "unlinked", "refused", "gone", "extra"]),
    linkedAt: z.iso.datetime().nullable(),
    lastReadAt: z.iso.datetime().nullable(),
    remoteVersion: z.string().nullable(),
  })
  .openapi("Link");

const newLinkBody = z
  .strictObject({
    connection: z.string().min(1).max(63),
    object: z.string().min(1).max(63),
    externalId: z.string().min(1).max(255),
  })
  .openapi("NewLinkBody");

const tags = ["links"];
const params = z.object({ id: uuidParam("id") });

const listOfRecord = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/links",
  tags,
  summary: "What a Kundeemne is linked to",
  ...secured("read"),
  request: { params },
  responses: { 200: json(z.strictObject({ items: z.array(linkSchema) }), "Its links."), ...securedProblems(404, 410) },
});

const link = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/links",
  tags,
  summary: "Link a Kundeemne with a remote object",
  description: "A first meeting (R26) follows; what was refused or unlinked before may be linked again by this.",
  ...secured("write"),
  request: { params, headers: idempotencyHeader, body: jsonBody(newLinkBody) },
  responses: { 201: json(linkSchema, "The link."), ...bodyProblems(404, 410, 502) },
});

const unlink = createRoute({
  method: "delete",
  path: "/v1/kundeemner/{id}/links/{link}",
  tags,
  summary: "Unlink",
  description: "Values stay; neither side is deleted. It is not linked or created again by itself (R25).",
  ...secured("write"),
  request: {
    params: z.object({ id: uuidParam("id"), link: uuidParam("link") }),
    query: z.strictObject({ why: z.string().max(500).optional() }),
  },
  responses: { 204: { description: "Unlinked." }, ...securedProblems(404, 409, 410, 422) },
});

const search = createRoute({
  method: "get",
  path: "/v1/links",
  tags,
  summary: "Links of a connection, or the one of an external id",
  ...secured("read"),
  request: {
    query: z.strictObject({
      connection: z.string().min(1).max(63),
      object: z.string().min(1).max(63).optional(),
      externalId: z.string().min(1).max(255).optional(),
      ...pageQuery,
    }),
  },
  responses: { 200: json(pageSchema(linkSchema), "Links."), ...securedProblems() },
});

export function linkRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(listOfRecord, async (c) => {
    const { id } = c.req.valid("param");
    await getKundeemne(deps, id);
    return c.json({ items: await listLinksOf(deps.sql, [id]) }, 200);
  });

  app.openapi(link, async (c) => {
    const { id } = c.req.valid("param");
    await getKundeemne(deps, id);
    const body = c.req.valid("json");
    const { linkId } = await deps.gateway.linkEntity({ entity: "kundeemne", entityId: id, ...body, by: actorOf(c) });
    const made = await findLink(deps.sql, linkId);
    if (made === undefined) throw new Error(`Link ${linkId} was made and cannot be found`);
    return c.json(made, 201);
  });

  app.openapi(unlink, async (c) => {
    const { id, link: linkId } = c.req.valid("param");
    const { why } = c.req.valid("query");
    const found = await findLink(deps.sql, linkId);
    if (found?.entityId !== id) throw new Problem(404, "not_found");
    await deps.gateway.unlink({ linkId, by: actorOf(c), ...(why === undefined ? {} : { why }) });
    return c.body(null, 204);
  });

  app.openapi(search, async (c) => {
    const { cursor, limit, ...question } = c.req.valid("query");
    const after = readPageCursor(question, cursor, z.uuid());
    const page = await findLinks(deps.sql, { ...question, after, limit });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: [...page.rows], next }, 200);
  });
}

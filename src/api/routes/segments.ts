import { createRoute, z } from "@hono/zod-openapi";
import { writeCriterion } from "../../model/criteria-write.ts";
import { channels } from "../../rules/consent-facts.ts";
import { isSegmentUsed } from "../../store/campaigns.ts";
import {
  changeSegment,
  dropSegment,
  findSegment,
  insertSegment,
  listSegments,
  type Segment,
  segmentLevels,
} from "../../store/segments.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, securedProblems, uuidParam } from "../route.ts";
import { criterionFrom } from "./criteria.ts";

const tags = ["segments"];
const params = z.object({ id: uuidParam("id") });

const wishShape = {
  name: z.string().trim().min(1).max(100),
  level: z.enum(segmentLevels).openapi({ description: "Whom it holds: companies, or their contacts." }),
  filter: z.string().max(5000).optional().openapi({ example: 'postnr in 8000..8299 and branche.kode ~ "43"' }),
  criterion: z.any().optional().openapi({ description: "The same as a tree, as `POST /v1/criteria/check` gives it." }),
  channel: z.enum(channels).openapi({ description: "How its members are to be contacted." }),
  purpose: z.enum(["markedsfoering", "service"]).default("markedsfoering"),
  sender: z.enum(["own", "third_party"]).default("own"),
};
const wishBody = z.strictObject(wishShape).openapi("SegmentWish");

const segmentSchema = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    level: z.enum(segmentLevels),
    criterion: z.any(),
    filter: z.string(),
    channel: z.enum(channels),
    purpose: z.enum(["markedsfoering", "service"]),
    sender: z.enum(["own", "third_party"]),
    version: z.int().openapi({ description: "Rises with each change of what it asks." }),
    members: z.int(),
    ranAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    updatedAt: z.iso.datetime(),
  })
  .openapi("Segment");

const create = createRoute({
  method: "post",
  path: "/v1/segments",
  tags,
  summary: "Save a segment",
  description:
    "A criterion, and what its members are to be contacted for. It is empty until it is run; from then on it follows each change.",
  ...secured("campaign"),
  request: { headers: idempotencyHeader, body: jsonBody(wishBody) },
  responses: { 201: json(segmentSchema, "Saved."), ...bodyProblems() },
});

const list = createRoute({
  method: "get",
  path: "/v1/segments",
  tags,
  summary: "Segments, by name",
  ...secured("look"),
  responses: { 200: json(z.strictObject({ items: z.array(segmentSchema) }), "All of them."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/segments/{id}",
  tags,
  summary: "One segment",
  ...secured("look"),
  request: { params },
  responses: { 200: json(segmentSchema, "The segment."), ...securedProblems(404) },
});

const change = createRoute({
  method: "put",
  path: "/v1/segments/{id}",
  tags,
  summary: "Change what a segment asks: a new version",
  description: "Members stay until the next run. Its level is not changed: make another one.",
  ...secured("campaign"),
  request: { params, body: jsonBody(wishBody) },
  responses: { 200: json(segmentSchema, "Changed."), ...bodyProblems(404) },
});

const drop = createRoute({
  method: "delete",
  path: "/v1/segments/{id}",
  tags,
  summary: "Delete a segment with its members and events",
  description: "Not while a campaign takes it: end that first.",
  ...secured("campaign"),
  request: { params },
  responses: { 204: { description: "Deleted." }, ...securedProblems(404, 409) },
});

const runSchema = z
  .strictObject({
    run: z.int(),
    members: z.int(),
    added: z.int(),
    removed: z.int(),
    refused: z
      .record(z.string(), z.int())
      .openapi({ description: "Who meets the criterion and may not be contacted, by the first reason." }),
  })
  .openapi("SegmentRun");

const run = createRoute({
  method: "post",
  path: "/v1/segments/{id}/run",
  tags,
  summary: "Work out anew who is in",
  ...secured("campaign"),
  request: { params, headers: idempotencyHeader },
  responses: { 200: json(runSchema, "The difference to the run before."), ...securedProblems(404) },
});

/** Segments (S57–S61, S64). */
export function segmentRoutes(app: Api, deps: ApiDeps): void {
  const one = async (id: string): Promise<Segment> => {
    const segment = await findSegment(deps.sql, id);
    if (segment === undefined) throw new Problem(404, "not_found");
    return segment;
  };

  app.openapi(create, async (c) => {
    const { filter, criterion, ...wish } = c.req.valid("json");
    const id = deps.newId();
    await insertSegment(deps.sql, id, { ...wish, criterion: criterionFrom({ filter, criterion }) }, actorOf(c).name);
    return c.json(viewSegment(await one(id)), 201, { location: `/v1/segments/${id}` });
  });

  app.openapi(list, async (c) => c.json({ items: (await listSegments(deps.sql)).map(viewSegment) }, 200));
  app.openapi(get, async (c) => c.json(viewSegment(await one(c.req.valid("param").id)), 200));

  app.openapi(change, async (c) => {
    const { id } = c.req.valid("param");
    const { filter, criterion, ...wish } = c.req.valid("json");
    const { level } = await one(id);
    if (level !== wish.level)
      throw new Problem(422, "invalid_request", { faults: [{ pointer: "/level", code: "immutable_field" }] });
    await changeSegment(deps.sql, id, { ...wish, criterion: criterionFrom({ filter, criterion }) });
    return c.json(viewSegment(await one(id)), 200);
  });

  app.openapi(drop, async (c) => {
    const { id } = c.req.valid("param");
    if (await isSegmentUsed(deps.sql, id))
      throw new Problem(409, "conflict", { extra: { reason: "A campaign takes this segment; end it first" } });
    if (!(await dropSegment(deps.sql, id))) throw new Problem(404, "not_found");
    return c.body(null, 204);
  });

  app.openapi(run, async (c) => {
    const { refused: by, ...counts } = await deps.gateway.runSegment(c.req.valid("param").id);
    return c.json({ ...counts, refused: { ...by } }, 200);
  });
}

const viewSegment = ({ run: _, isFollowed: __, ...segment }: Segment) => ({
  ...segment,
  filter: writeCriterion(segment.criterion),
});

import { createRoute, z } from "@hono/zod-openapi";
import { findRun, listRunItems, listRuns } from "../../store/runs-read.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import { json, numberParam, pageQuery, pageSchema, secured, securedProblems } from "../route.ts";

export const runSchema = z
  .strictObject({
    id: z.int(),
    connection: z.string(),
    object: z.string().nullable(),
    kind: z.string().openapi({ example: "preview" }),
    state: z.string().openapi({
      description:
        "`waiting, running, done, partly, failed, stopped`. `partly`: done, but single changes were put aside; `counts.quarantined` says how many.",
    }),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    counts: z.record(z.string(), z.number()).nullable(),
    detail: z.unknown().openapi({ description: "A preview's effects, a stopped run's reason." }),
    by: z.string().nullable(),
  })
  .openapi("Run");

const itemSchema = z
  .strictObject({
    object: z.string(),
    externalId: z.string(),
    entityId: z.uuid().nullable(),
    plan: z.string().nullable(),
    detail: z.unknown(),
  })
  .openapi("RunItem");

const tags = ["runs"];

const list = createRoute({
  method: "get",
  path: "/v1/runs",
  tags,
  summary: "Runs, newest first",
  ...secured("read"),
  request: {
    query: z.strictObject({
      connection: z.string().max(63).optional(),
      kind: z.string().max(40).optional(),
      state: z.string().max(40).optional(),
      ...pageQuery,
    }),
  },
  responses: { 200: json(pageSchema(runSchema), "Runs."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/runs/{id}",
  tags,
  summary: "One run",
  ...secured("read"),
  request: { params: z.object({ id: numberParam("id") }) },
  responses: { 200: json(runSchema, "The run."), ...securedProblems(404) },
});

const items = createRoute({
  method: "get",
  path: "/v1/runs/{id}/items",
  tags,
  summary: "What a run read, or a preview would do, object by object",
  description:
    "Of an undo: one item a field or group of a record (`*`: the record as a whole) with what became of it as `plan`; names only, values stand in history.",
  ...secured("read"),
  request: { params: z.object({ id: numberParam("id") }), query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(itemSchema), "Objects."), ...securedProblems(404) },
});

export function runRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { cursor, limit, ...question } = c.req.valid("query");
    const before = readPageCursor(question, cursor, z.int());
    const page = await listRuns(deps.sql, { ...question, before, limit });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: [...page.rows], next }, 200);
  });

  app.openapi(get, async (c) => {
    const run = await findRun(deps.sql, c.req.valid("param").id);
    if (run === undefined) throw new Problem(404, "not_found");
    return c.json(run, 200);
  });

  app.openapi(items, async (c) => {
    const { id } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    if ((await findRun(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
    const after = readPageCursor({ run: id }, cursor, z.tuple([z.string(), z.string()]));
    const page = await listRunItems(deps.sql, { runId: id, after, limit });
    const next = page.next === undefined ? null : writePageCursor({ run: id }, page.next);
    return c.json({ items: [...page.rows], next }, 200);
  });
}

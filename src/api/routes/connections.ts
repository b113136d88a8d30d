import { createRoute, z } from "@hono/zod-openapi";
import { listExchanged } from "../../store/exchange.ts";
import { findRun } from "../../store/runs-read.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps, WishedConnection } from "../api-deps.ts";
import { connectionSchema, viewConnections } from "../connection-view.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, nameParam, secured, securedProblems } from "../route.ts";
import { runSchema } from "./runs.ts";

const tags = ["connections"];
const params = z.object({ name: nameParam("name") });
const whyQuery = z.strictObject({ why: z.string().max(500).optional() });

const list = createRoute({
  method: "get",
  path: "/v1/connections",
  tags,
  summary: "All connections",
  ...secured("read"),
  responses: { 200: json(z.strictObject({ items: z.array(connectionSchema) }), "Connections."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/connections/{name}",
  tags,
  summary: "One connection",
  ...secured("read"),
  request: { params },
  responses: { 200: json(connectionSchema, "The connection."), ...securedProblems(404) },
});

const FILES = 200;

const files = createRoute({
  method: "get",
  path: "/v1/connections/{name}/files",
  tags,
  summary: "The newest files that were exchanged with a connection of files, newest first",
  description: `At most ${FILES}. A file of ours that stays \`written\` has not been answered by the other side.`,
  ...secured("read"),
  request: { params },
  responses: {
    200: json(
      z.strictObject({
        items: z.array(
          z
            .strictObject({
              id: z.int(),
              object: z.string(),
              direction: z.enum(["in", "out"]),
              name: z.string(),
              state: z.enum(["taken", "planned", "written", "answered"]),
              rows: z.int(),
              faults: z.int().openapi({ description: "Rows that were refused, by us or by the other side." }),
              at: z.iso.datetime(),
              answeredAt: z.iso.datetime().nullable(),
            })
            .openapi("ExchangedFile"),
        ),
      }),
      "Files.",
    ),
    ...securedProblems(404),
  },
});

const test = createRoute({
  method: "post",
  path: "/v1/connections/{name}/test",
  tags,
  summary: "Ask the remote: credentials, capabilities, unmapped fields, one record mapped",
  ...secured("admin"),
  request: { params, headers: idempotencyHeader },
  responses: {
    200: json(
      z
        .strictObject({
          ok: z.boolean(),
          credentials: z.unknown(),
          capabilities: z.unknown(),
          unmapped: z.array(z.unknown()).openapi({ description: "What the remote offers and no mapping speaks of." }),
          sample: z.unknown().openapi({ description: "One record as the mapping reads it." }),
          faults: z.array(z.unknown()),
        })
        .openapi("ConnectionTest"),
      "What was found.",
    ),
    ...securedProblems(404, 409, 422, 502),
  },
});

const pause = createRoute({
  method: "post",
  path: "/v1/connections/{name}/pause",
  tags,
  summary: "Pause a connection",
  description: "Nothing is read or written any more; what it pushes is kept.",
  ...secured("admin"),
  request: { params, query: whyQuery, headers: idempotencyHeader },
  responses: { 204: { description: "Paused." }, ...securedProblems(404, 409, 422) },
});

const resume = createRoute({
  method: "post",
  path: "/v1/connections/{name}/resume",
  tags,
  summary: "Resume a connection",
  ...secured("admin"),
  request: { params, query: whyQuery, headers: idempotencyHeader },
  responses: { 204: { description: "Resumed." }, ...securedProblems(404, 409, 422) },
});

const pauseEverything = createRoute({
  method: "post",
  path: "/v1/pause",
  tags,
  summary: "Pause everything",
  ...secured("admin"),
  request: { query: whyQuery, headers: idempotencyHeader },
  responses: { 204: { description: "All connections are paused." }, ...securedProblems(409, 422) },
});

const run = createRoute({
  method: "post",
  path: "/v1/connections/{name}/runs",
  tags,
  summary: "Start a run",
  description: "A run of kind `preview` writes nothing; its id is what release takes.",
  ...secured("admin"),
  request: {
    params,
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          kind: z.enum(["full", "delta", "reconcile", "preview"]),
          object: z.string().min(1).max(63).optional(),
        })
        .openapi("NewRunBody"),
    ),
  },
  responses: { 202: json(runSchema, "The run, begun or waiting."), ...bodyProblems(404, 502) },
});

const release = createRoute({
  method: "post",
  path: "/v1/connections/{name}/release",
  tags,
  summary: "Release an armed object",
  description: "Takes a preview that is still fresh: no record or link that it names has moved since (R27).",
  ...secured("admin"),
  request: {
    params,
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          object: z.string().min(1).max(63),
          preview: z.int().min(1),
          direction: z.enum(["in", "out", "both"]).optional(),
        })
        .openapi("ReleaseBody"),
    ),
  },
  responses: {
    200: json(z.strictObject({ releasedIn: z.boolean(), releasedOut: z.boolean() }), "What is released now."),
    ...bodyProblems(404),
  },
});

export function connectionRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => c.json({ items: await viewConnections(deps) }, 200));

  app.openapi(get, async (c) => {
    const { name } = c.req.valid("param");
    const found = (await viewConnections(deps)).find((connection) => connection.name === name);
    if (found === undefined) throw new Problem(404, "not_found");
    return c.json(found, 200);
  });

  app.openapi(files, async (c) => {
    const { name } = c.req.valid("param");
    getWished(deps, name);
    return c.json({ items: await listExchanged(deps.sql, name, FILES) }, 200);
  });

  app.openapi(test, async (c) => {
    const { name } = c.req.valid("param");
    getWished(deps, name);
    const { ok, credentials, capabilities, unmapped, sample, faults } = await deps.gateway.testConnection(name);
    return c.json({ ok, credentials, capabilities, unmapped: [...unmapped], sample, faults: [...faults] }, 200);
  });

  app.openapi(pause, async (c) => {
    const { name } = c.req.valid("param");
    getWished(deps, name);
    await deps.gateway.pauseConnection({ name, by: actorOf(c), ...given(c.req.valid("query")) });
    return c.body(null, 204);
  });

  app.openapi(resume, async (c) => {
    const { name } = c.req.valid("param");
    getWished(deps, name);
    await deps.gateway.resumeConnection({ name, by: actorOf(c), ...given(c.req.valid("query")) });
    return c.body(null, 204);
  });

  app.openapi(pauseEverything, async (c) => {
    await deps.gateway.pauseAll({ by: actorOf(c), ...given(c.req.valid("query")) });
    return c.body(null, 204);
  });

  app.openapi(run, async (c) => {
    const { name } = c.req.valid("param");
    const { kind, object } = c.req.valid("json");
    getWished(deps, name);
    if (object !== undefined) assertObject(deps, name, object);
    const started = { connection: name, kind, by: actorOf(c), ...(object === undefined ? {} : { object }) };
    const { id } = await deps.gateway.startRun(started);
    const found = await findRun(deps.sql, id);
    if (found === undefined) throw new Error(`Run ${id} was started and cannot be found`);
    return c.json(found, 202);
  });

  app.openapi(release, async (c) => {
    const { name } = c.req.valid("param");
    const { object, preview, direction } = c.req.valid("json");
    assertObject(deps, name, object);
    const { releasedIn, releasedOut } = await deps.gateway.release({
      connection: name,
      object,
      preview,
      by: actorOf(c),
      ...(direction === undefined ? {} : { direction }),
    });
    return c.json({ releasedIn, releasedOut }, 200);
  });
}

/** The connection as configuration names it; 404 when it does not. */
export function getWished(deps: ApiDeps, name: string): WishedConnection {
  const found = deps.connections().find((connection) => connection.name === name);
  if (found === undefined) throw new Problem(404, "not_found");
  return found;
}

/** 404 when configuration does not name this object of this connection. */
export function assertObject(deps: ApiDeps, name: string, object: string): void {
  if (!getWished(deps, name).objects.some((each) => each.object === object)) throw new Problem(404, "not_found");
}

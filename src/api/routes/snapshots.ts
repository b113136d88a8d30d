import { createRoute, z } from "@hono/zod-openapi";
import { findSnapshot } from "../../store/snapshots-read.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, nameParam, secured, uuidParam } from "../route.ts";
import { assertObject } from "./connections.ts";

const tags = ["inbound"];

const open = createRoute({
  method: "post",
  path: "/v1/connections/{name}/snapshots",
  tags,
  summary: "Open a snapshot of all objects of a kind",
  description: "Then push every object with `?snapshot=`, then complete it with the count (R21).",
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name") }),
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ object: z.string().min(1).max(63) }).openapi("NewSnapshotBody")),
  },
  responses: { 201: json(z.strictObject({ snapshot: z.uuid() }), "The snapshot."), ...bodyProblems(404) },
});

const complete = createRoute({
  method: "post",
  path: "/v1/connections/{name}/snapshots/{snapshot}/complete",
  tags,
  summary: "Complete a snapshot with the number of objects that it holds",
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name"), snapshot: uuidParam("snapshot") }),
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ count: z.int().min(0) }).openapi("CompleteSnapshotBody")),
  },
  responses: {
    200: json(
      z.strictObject({
        state: z.string(),
        missing: z
          .int()
          .openapi({ description: "Objects that were linked and did not come: suspected, not deleted (R9)." }),
      }),
      "What became of it.",
    ),
    ...bodyProblems(404),
  },
});

export function snapshotRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(open, async (c) => {
    const { name } = c.req.valid("param");
    const { object } = c.req.valid("json");
    assertObject(deps, name, object);
    const { snapshot } = await deps.gateway.openSnapshot({ connection: name, object, by: actorOf(c) });
    return c.json({ snapshot }, 201);
  });

  app.openapi(complete, async (c) => {
    const { name, snapshot } = c.req.valid("param");
    const { count } = c.req.valid("json");
    const found = await findSnapshot(deps.sql, snapshot);
    if (found?.connection !== name) throw new Problem(404, "not_found");
    const { object } = found;
    const { state, missing } = await deps.gateway.completeSnapshot({ connection: name, object, snapshot, count });
    return c.json({ state, missing }, 200);
  });
}

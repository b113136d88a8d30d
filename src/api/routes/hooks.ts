import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiDeps } from "../api-deps.ts";
import { assertAllowed } from "../auth.ts";
import { json, jsonBody, nameParam, problems } from "../route.ts";
import { assertObject } from "./connections.ts";

const noticeSchema = z
  .looseObject({
    object: z.string().min(1).max(63),
    externalId: z.union([z.string().min(1).max(200), z.int().transform(String)]),
    eventId: z.string().min(1).max(255).optional(),
  })
  .openapi("HookNotice");

const hook = createRoute({
  method: "post",
  path: "/v1/hooks/{connection}",
  tags: ["inbound"],
  summary: "A vendor's webhook",
  description:
    "Says that an object may have changed; the object is then read from the remote, so a forged notice costs one read and " +
    "changes nothing. A vendor that cannot send a bearer key puts it into the URL as a password.",
  security: [{ key: ["connection"] }],
  request: {
    params: z.object({ connection: nameParam("connection") }),
    body: jsonBody(z.union([noticeSchema, z.array(noticeSchema).max(500)])),
  },
  responses: {
    202: json(z.strictObject({ kept: z.int() }), "It will be read."),
    ...problems(400, 401, 403, 404, 413, 415, 422, 429, 500, 503),
  },
});

export function hookRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(hook, async (c) => {
    assertAllowed(c, "connection");
    const { connection } = c.req.valid("param");
    const body = c.req.valid("json");
    const byObject = new Map<string, { externalId: string; eventId?: string }[]>();
    for (const { object, externalId, eventId } of Array.isArray(body) ? body : [body]) {
      assertObject(deps, connection, object);
      const notice = { externalId, ...(eventId === undefined ? {} : { eventId }) };
      byObject.set(object, [...(byObject.get(object) ?? []), notice]);
    }
    let kept = 0;
    for (const [object, notices] of byObject) {
      kept += (await deps.gateway.receive({ connection, object, via: "hook" }, notices)).kept;
    }
    return c.json({ kept }, 202);
  });
}

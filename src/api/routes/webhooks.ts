import { createRoute, z } from "@hono/zod-openapi";
import { readFeedBounds } from "../../store/feed.ts";
import { enableWebhook, listWebhooks, removeWebhook, type Webhook } from "../../store/webhooks.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, securedProblems, uuidParam } from "../route.ts";

const webhookShape = {
  id: z.uuid(),
  url: z.string(),
  state: z.string().openapi({ description: "active, or disabled with the reason." }),
  reason: z.string().nullable(),
  tries: z.int(),
  nextAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
};
const webhookSchema = z.strictObject(webhookShape).openapi("Webhook");

const newWebhookSchema = z
  .strictObject({
    ...webhookShape,
    secret: z.string().openapi({ description: "For checking signatures (Standard Webhooks); shown this once." }),
  })
  .openapi("NewWebhook");

const tags = ["feed"];
const params = z.object({ id: uuidParam("id") });

const list = createRoute({
  method: "get",
  path: "/v1/webhooks",
  tags,
  summary: "Receivers of signed event webhooks",
  ...secured("admin"),
  responses: { 200: json(z.strictObject({ items: z.array(webhookSchema) }), "Receivers."), ...securedProblems() },
});

const create = createRoute({
  method: "post",
  path: "/v1/webhooks",
  tags,
  summary: "Send events to an address, from now on",
  description:
    "Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. Ids, versions and field names only.",
  ...secured("admin"),
  request: {
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ url: z.url().max(2000) }).openapi("NewWebhookBody")),
  },
  responses: { 201: json(newWebhookSchema, "The receiver."), ...bodyProblems() },
});

const enable = createRoute({
  method: "post",
  path: "/v1/webhooks/{id}/enable",
  tags,
  summary: "Send to a disabled receiver again, from where it stopped",
  ...secured("admin"),
  request: { params, headers: idempotencyHeader },
  responses: { 204: { description: "Active." }, ...securedProblems(404, 409, 422) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/webhooks/{id}",
  tags,
  summary: "Send no more",
  ...secured("admin"),
  request: { params },
  responses: { 204: { description: "Removed." }, ...securedProblems(404) },
});

export function webhookRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => c.json({ items: (await listWebhooks(deps.sql)).map(shown) }, 200));

  app.openapi(create, async (c) => {
    const { webhook, secret } = await deps.gateway.addWebhook(c.req.valid("json").url);
    return c.json({ ...shown(webhook), secret }, 201);
  });

  app.openapi(enable, async (c) => {
    const { epoch, floor } = await readFeedBounds(deps.sql);
    if (!(await enableWebhook(deps.sql, c.req.valid("param").id, epoch, floor))) throw new Problem(404, "not_found");
    return c.body(null, 204);
  });

  app.openapi(remove, async (c) => {
    if (!(await removeWebhook(deps.sql, c.req.valid("param").id))) throw new Problem(404, "not_found");
    return c.body(null, 204);
  });
}

const shown = ({ id, url, state, reason, tries, nextAt, createdAt }: Webhook) => ({
  id,
  url,
  state,
  reason,
  tries,
  nextAt,
  createdAt,
});

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiDeps } from "../api-deps.ts";
import { assertAllowed } from "../auth.ts";
import { Problem } from "../problems.ts";
import { json, nameParam, problems } from "../route.ts";

const params = z.object({ connection: nameParam("connection") });
const security = [{ key: ["connection"] }];
const ANYTHING = { schema: {} };

const notice = createRoute({
  method: "post",
  path: "/v1/hooks/{connection}/optouts",
  tags: ["inbound"],
  summary: "A campaign tool's own webhook",
  description:
    "In whatever form the tool sends it. A signed notice is believed; any other says only that there is something to read there. A tool that cannot " +
    "send a bearer key puts it into the URL as a password.",
  security,
  request: {
    params,
    // The tool's own form: nothing of ours reads it before its signature is checked over the raw text.
    body: { content: { "application/json": ANYTHING, "application/x-www-form-urlencoded": ANYTHING } },
  },
  responses: {
    202: json(z.strictObject({}), "Taken."),
    ...problems(400, 401, 403, 404, 413, 422, 429, 500, 503),
  },
});

const probe = createRoute({
  method: "get",
  path: "/v1/hooks/{connection}/optouts",
  tags: ["inbound"],
  summary: "Is the webhook there?",
  description: "Some tools ask before they send.",
  security,
  request: { params },
  responses: { 200: json(z.strictObject({}), "It is."), ...problems(400, 401, 403, 404, 500, 503) },
});

/** Notices of campaign tools (rule R23). */
export function audienceHookRoutes(app: Api, deps: ApiDeps): void {
  const assertTool = (name: string): void => {
    if (!deps.connections().some((each) => each.name === name && each.isAudience === true))
      throw new Problem(404, "not_found");
  };

  app.openapi(notice, async (c) => {
    assertAllowed(c, "connection");
    const { connection } = c.req.valid("param");
    assertTool(connection);
    const body = await c.req.text();
    await deps.gateway.takeNotice(connection, { headers: c.req.header(), body });
    return c.json({}, 202);
  });

  app.openapi(probe, (c) => {
    assertAllowed(c, "connection");
    assertTool(c.req.valid("param").connection);
    return c.json({}, 200);
  });
}

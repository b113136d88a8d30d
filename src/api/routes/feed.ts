import { createRoute, z } from "@hono/zod-openapi";
import { RejectedError } from "../../lib/errors.ts";
import { latestCursor, readCursor, readFeed, writeCursor } from "../../pipelines/feed.ts";
import type { FeedPosition } from "../../store/feed.ts";
import {
  listSubscriptions,
  removeSubscription,
  type Subscription,
  setSubscription,
} from "../../store/subscriptions.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, json, jsonBody, nameParam, secured, securedProblems } from "../route.ts";

const MOST_SECONDS = 30;

const entrySchema = z
  .strictObject({
    number: z.int(),
    entity: z.enum(["kundeemne", "kontaktperson"]),
    id: z.uuid(),
    parentId: z.uuid().nullable().openapi({ description: "Contacts: the Kundeemne they hang on." }),
    version: z.int(),
    kind: z.string(),
    at: z.iso.datetime(),
    by: z.strictObject({ kind: z.string(), connection: z.string().optional() }),
    fields: z
      .array(z.string())
      .openapi({ description: "Names of the fields that changed; values are read from the record." }),
  })
  .openapi("FeedEntry");

const feedSchema = z
  .strictObject({ entries: z.array(entrySchema), cursor: z.string(), hasMore: z.boolean() })
  .openapi("FeedPage");

const subscriptionSchema = z
  .strictObject({ name: z.string(), cursor: z.string(), updatedAt: z.iso.datetime() })
  .openapi("Subscription");

const tags = ["feed"];

const read = createRoute({
  method: "get",
  path: "/v1/feed",
  tags,
  summary: "What has changed, in order",
  description:
    "Without gaps: nothing below a cursor that was handed out appears later. Without `after` from the oldest entry kept; " +
    "`after=latest` answers the end of the feed as a cursor, to be taken before all records are read.",
  ...secured("read"),
  request: {
    query: z.strictObject({
      after: z.string().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      wait: z.coerce
        .number()
        .min(0)
        .max(MOST_SECONDS)
        .default(0)
        .openapi({ description: "Seconds to wait when nothing is new." }),
    }),
  },
  responses: { 200: json(feedSchema, "Entries after the cursor."), ...securedProblems(410) },
});

const listCursors = createRoute({
  method: "get",
  path: "/v1/subscriptions",
  tags,
  summary: "How far each named reader has come",
  ...secured("read"),
  responses: { 200: json(z.strictObject({ items: z.array(subscriptionSchema) }), "Readers."), ...securedProblems() },
});

const setCursor = createRoute({
  method: "put",
  path: "/v1/subscriptions/{name}/cursor",
  tags,
  summary: "Keep how far a named reader has come",
  ...secured("read"),
  request: {
    params: z.object({ name: nameParam("name") }),
    body: jsonBody(z.strictObject({ cursor: z.string().max(100) }).openapi("CursorBody")),
  },
  responses: { 200: json(subscriptionSchema, "Kept."), ...bodyProblems() },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/subscriptions/{name}",
  tags,
  summary: "Forget a named reader",
  ...secured("read"),
  request: { params: z.object({ name: nameParam("name") }) },
  responses: { 204: { description: "Forgotten." }, ...securedProblems(404) },
});

export function feedRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(read, async (c) => {
    const { after, limit, wait } = c.req.valid("query");
    if (after === "latest") {
      return c.json({ entries: [], cursor: await latestCursor(deps.sql), hasMore: false }, 200);
    }
    const position = after === undefined ? undefined : positionOf(after);
    try {
      const signal = c.req.raw.signal;
      const page = await readFeed(deps.sql, deps.feedWatch, { after: position, limit, waitMs: wait * 1000, signal });
      return c.json({ ...page, entries: page.entries.map((entry) => ({ ...entry, fields: [...entry.fields] })) }, 200);
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      if (error.code !== "gone") throw new Problem(400, "invalid_cursor", { cause: error });
      const snapshot = { cursor: await latestCursor(deps.sql), records: "/v1/kundeemner" };
      throw new Problem(410, "feed_gone", { extra: { snapshot }, cause: error });
    }
  });

  app.openapi(listCursors, async (c) => {
    const items = (await listSubscriptions(deps.sql)).map(shown);
    return c.json({ items }, 200);
  });

  app.openapi(setCursor, async (c) => {
    const position = positionOf(c.req.valid("json").cursor);
    return c.json(shown(await setSubscription(deps.sql, c.req.valid("param").name, position)), 200);
  });

  app.openapi(remove, async (c) => {
    if (!(await removeSubscription(deps.sql, c.req.valid("param").name))) throw new Problem(404, "not_found");
    return c.body(null, 204);
  });
}

function positionOf(cursor: string): FeedPosition {
  const position = readCursor(cursor);
  if (position === undefined) throw new Problem(400, "invalid_cursor");
  return position;
}

const shown = (subscription: Subscription) => ({
  name: subscription.name,
  cursor: writeCursor(subscription),
  updatedAt: subscription.updatedAt,
});

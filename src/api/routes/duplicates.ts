import { createRoute, z } from "@hono/zod-openapi";
import { listSearches } from "../../store/duplicate-searches.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, securedProblems } from "../route.ts";

const tags = ["reviews"];
const SHOWN = 20;

const searchSchema = z
  .strictObject({
    id: z.int(),
    since: z.iso
      .datetime()
      .nullable()
      .openapi({ description: "Records changed from then on are looked at; null: all." }),
    startedAt: z.iso.datetime(),
    startedBy: z.string(),
    endedAt: z.iso.datetime().nullable(),
    records: z.int().openapi({ description: "To be looked at, as counted at the start." }),
    looked: z.int(),
    opened: z.int().openapi({ description: "Cases of kind `duplicate` that were opened." }),
  })
  .openapi("DuplicateSearch");

const start = createRoute({
  method: "post",
  path: "/v1/duplicates/searches",
  tags,
  summary: "Look for Kundeemner that may be one company",
  description:
    "A worker walks the records in batches and opens a case of kind `duplicate` for each that may be one with others, unless a person has " +
    "called them two or is asked already. It goes on after a restart. Records changed since the last search are looked at, with `all` every " +
    "one. While a search is open it is answered. Once a day one is begun by itself.",
  ...secured("review"),
  request: {
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ all: z.boolean().default(false) }).openapi("DuplicateSearchBody")),
  },
  responses: { 202: json(searchSchema, "The search that is open now."), ...bodyProblems() },
});

const list = createRoute({
  method: "get",
  path: "/v1/duplicates/searches",
  tags,
  summary: "Searches for duplicates and how far each has come, newest first",
  ...secured("read"),
  responses: { 200: json(z.strictObject({ items: z.array(searchSchema) }), "The last ones."), ...securedProblems() },
});

/** Duplicates that are found in the background (rule R28). */
export function duplicateRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(start, async (c) => {
    const { all } = c.req.valid("json");
    return c.json(await deps.gateway.startDuplicateSearch({ all, by: actorOf(c) }), 202);
  });

  app.openapi(list, async (c) => c.json({ items: await listSearches(deps.sql, SHOWN) }, 200));
}

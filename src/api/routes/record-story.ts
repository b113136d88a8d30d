import { createRoute, z } from "@hono/zod-openapi";
import { kundeemneCatalogue } from "../../model/catalogue.ts";
import { type HistoryEntry, listHistory } from "../../store/history-read.ts";
import { findKundeemne } from "../../store/kundeemner-read.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import { json, pageQuery, pageSchema, secured, securedProblems, uuidParam } from "../route.ts";

const entrySchema = z
  .strictObject({
    version: z.int(),
    kind: z.string(),
    at: z.iso.datetime(),
    by: z.strictObject({
      kind: z.string(),
      side: z.string().optional(),
      connection: z.string().optional(),
      object: z.string().optional(),
      actor: z.string().optional(),
    }),
    changeId: z.int().nullable(),
    runId: z.int().nullable(),
    mappingVersion: z.string().nullable(),
    fields: z.record(z.string(), z.strictObject({ from: z.unknown(), to: z.unknown(), rule: z.string().nullable() })),
  })
  .openapi("HistoryEntry");

const tags = ["kundeemner"];
const params = z.object({ id: uuidParam("id") });

const history = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/history",
  tags,
  summary: "What happened to a Kundeemne, newest version first",
  ...secured("read"),
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(entrySchema), "Versions."), ...securedProblems(404) },
});

const explain = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/explain",
  tags,
  summary: "Why each field has the value it has",
  description:
    "The winning claim, the rule, the losers and why each lost, what is held, and why something did not go out.",
  ...secured("read"),
  request: { params, query: z.strictObject({ field: z.string().max(60).optional() }) },
  responses: {
    200: json(z.record(z.string(), z.unknown()).openapi("Explanation"), "By field or group."),
    ...securedProblems(404),
  },
});

export function recordStoryRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(history, async (c) => {
    const { id } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    if ((await findKundeemne(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
    const before = readPageCursor({ history: id }, cursor, z.int());
    const page = await listHistory(deps.sql, { entity: "kundeemne", id, before, limit });
    const next = page.next === undefined ? null : writePageCursor({ history: id }, page.next);
    return c.json({ items: page.rows.map(viewEntry), next }, 200);
  });

  app.openapi(explain, async (c) => {
    const { id } = c.req.valid("param");
    const { field } = c.req.valid("query");
    const unit = field === undefined ? undefined : unitOf(field);
    const explained = await deps.gateway.explain({ entity: "kundeemne", id, ...(unit === undefined ? {} : { unit }) });
    if (explained === null) throw new Problem(404, "not_found");
    return c.json(explained, 200);
  });
}

function unitOf(field: string): string {
  const unit = kundeemneCatalogue.units.get(field) ?? kundeemneCatalogue.unitOf.get(field);
  if (unit === undefined) {
    throw new Problem(400, "invalid_query", { faults: [{ pointer: "/field", code: "unknown_field" }] });
  }
  return unit.name;
}

const viewEntry = ({ by, fields, ...entry }: HistoryEntry): z.infer<typeof entrySchema> => ({
  ...entry,
  by: {
    kind: by.kind,
    ...(by.side === undefined ? {} : { side: by.side }),
    ...(by.connection === undefined ? {} : { connection: by.connection }),
    ...(by.object === undefined ? {} : { object: by.object }),
    ...(by.actor === undefined ? {} : { actor: by.actor }),
  },
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [from, to, rule]]) => [
      name,
      { from: from ?? null, to: to ?? null, rule: rule ?? null },
    ]),
  ),
});

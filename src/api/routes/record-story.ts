import { createRoute, z } from "@hono/zod-openapi";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue } from "../../model/catalogue.ts";
import type { Setter } from "../../rules/record.ts";
import { type HistoryEntry, listHistory } from "../../store/history-read.ts";
import { findKontaktperson, findKundeemne } from "../../store/kundeemner-read.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { explainedSchema, viewExplained } from "../explain-view.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import { json, pageQuery, pageSchema, secured, securedProblems, uuidParam } from "../route.ts";

const bySchema = z.strictObject({
  kind: z.string(),
  side: z.string().optional(),
  connection: z.string().optional(),
  object: z.string().optional(),
  actor: z.string().optional(),
});

const entrySchema = z
  .strictObject({
    version: z.int(),
    kind: z.string(),
    at: z.iso.datetime(),
    by: bySchema,
    changeId: z.int().nullable(),
    runId: z.int().nullable(),
    mappingVersion: z.string().nullable(),
    fields: z.record(
      z.string(),
      z.strictObject({
        from: z.unknown(),
        to: z.unknown(),
        rule: z.string().nullable(),
        lost: z
          .array(z.strictObject({ value: z.record(z.string(), z.unknown()), rule: z.string(), by: bySchema }))
          .optional()
          .openapi({ description: "Claims that had lost to the value that was replaced." }),
      }),
    ),
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

const fieldQuery = z.strictObject({ field: z.string().max(60).optional() });
const explaining =
  "The winning claim, the rule, the losers and why each lost, what is held and by whom, what would be sent where next, and why something does not go out. The paragraph follows Accept-Language (da, en).";
const explained = {
  ...json(z.record(z.string(), explainedSchema).openapi("Explanations"), "By field or group."),
  headers: z.object({ "content-language": z.string() }),
};

const explain = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/explain",
  tags,
  summary: "Why each field has the value it has",
  description: explaining,
  ...secured("read"),
  request: { params, query: fieldQuery },
  responses: { 200: explained, ...securedProblems(404) },
});

const explainContact = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/kontaktpersoner/{contact}/explain",
  tags,
  summary: "Why each field of a contact has the value it has",
  description: explaining,
  ...secured("read"),
  request: { params: z.object({ id: uuidParam("id"), contact: uuidParam("contact") }), query: fieldQuery },
  responses: { 200: explained, ...securedProblems(404) },
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
    const unit = unitOf(kundeemneCatalogue, c.req.valid("query").field);
    const told = await deps.gateway.explain({ entity: "kundeemne", id, ...unit });
    if (told === null) throw new Problem(404, "not_found");
    const language = c.get("language");
    return c.json(viewExplained(told, language), 200, { "content-language": language });
  });

  app.openapi(explainContact, async (c) => {
    const { id, contact } = c.req.valid("param");
    const unit = unitOf(kontaktpersonCatalogue, c.req.valid("query").field);
    const known = await findKontaktperson(deps.sql, id, contact);
    const told = known && (await deps.gateway.explain({ entity: "kontaktperson", id: contact, ...unit }));
    if (told === undefined || told === null) throw new Problem(404, "not_found");
    const language = c.get("language");
    return c.json(viewExplained(told, language), 200, { "content-language": language });
  });
}

/** The unit that a field or group of the query means; nothing: all of them. */
function unitOf(catalogue: Catalogue, field: string | undefined): { unit?: string } {
  if (field === undefined) return {};
  const unit = catalogue.units.get(field) ?? catalogue.unitOf.get(field);
  if (unit !== undefined) return { unit: unit.name };
  throw new Problem(400, "invalid_query", { faults: [{ pointer: "/field", code: "unknown_field" }] });
}

const viewBy = (by: Setter): z.infer<typeof bySchema> => ({
  kind: by.kind,
  ...(by.side === undefined ? {} : { side: by.side }),
  ...(by.connection === undefined ? {} : { connection: by.connection }),
  ...(by.object === undefined ? {} : { object: by.object }),
  ...(by.actor === undefined ? {} : { actor: by.actor }),
});

const viewEntry = ({ by, fields, ...entry }: HistoryEntry): z.infer<typeof entrySchema> => ({
  ...entry,
  by: viewBy(by),
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [from, to, rule, lost]]) => [
      name,
      {
        from: from ?? null,
        to: to ?? null,
        rule: rule ?? null,
        ...(lost === undefined ? {} : { lost: lost.map((each) => ({ ...each, by: viewBy(each.by) })) }),
      },
    ]),
  ),
});

import { createRoute, z } from "@hono/zod-openapi";
import { findExport, listExports, pageExported, type StoredExport } from "../../store/exports.ts";
import { contentTypes, exportFormats } from "../../tables/write-table.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, json, jsonBody, pageQuery, pageSchema, secured, securedProblems, uuidParam } from "../route.ts";

const tags = ["exports"];
const params = z.object({ id: uuidParam("id") });

const wishBody = z
  .strictObject({
    segment: z.uuid(),
    format: z.enum(exportFormats),
    encoding: z.enum(["utf-8", "windows-1252"]).default("utf-8").openapi({
      description: "Of CSV. What windows-1252 does not have becomes its nearest letter, else `?`, and is counted.",
    }),
    delimiter: z.enum([";", ",", "|", "tab"]).default(";").openapi({ description: "Of CSV." }),
    fields: z.array(z.string().min(1).max(63)).min(1).max(200).optional().openapi({
      description:
        "Columns: fields of the catalogue, those of a contact as `kontakt.navn`. Ways to reach somebody only for the segment's channel.",
    }),
    why: z.string().trim().min(3).max(200).openapi({ description: "What for; kept in the log of exports." }),
    recipient: z.string().trim().min(2).max(200).openapi({ description: "For whom; kept in the log of exports." }),
    to: z.string().min(1).max(63).optional().openapi({
      description: "A connection of connector `export`; without it the file is the answer.",
    }),
  })
  .openapi("ExportWish");

const exportSchema = z
  .strictObject({
    id: z.uuid(),
    segment: z.uuid(),
    channel: z.string(),
    purpose: z.string(),
    sender: z.string(),
    why: z.string(),
    recipient: z.string(),
    format: z.enum(exportFormats),
    encoding: z.string(),
    fields: z.array(z.string()),
    to: z.string().nullable(),
    fileName: z.string(),
    state: z.enum(["running", "done", "failed"]),
    records: z.int(),
    replaced: z.int().openapi({ description: "Characters that the encoding does not have." }),
    by: z.string(),
    at: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .openapi("Export");

/** Streams: nothing of ours reads them whole. */
const bodies = {
  [contentTypes.csv]: { schema: { type: "string" as const } },
  [contentTypes.json]: { schema: { type: "array" as const, items: { type: "object" as const } } },
  [contentTypes.geojson]: { schema: { type: "object" as const } },
  [contentTypes.xlsx]: { schema: { type: "string" as const, format: "binary" } },
};

const create = createRoute({
  method: "post",
  path: "/v1/exports",
  tags,
  summary: "Export a segment as a file",
  description:
    "The segment is run, and the rule asked again in the statement that hands out. Who stands in the file is logged with who asked, what for and for " +
    "whom. An accounts office's e-mail stands in no file, nor does what its source forbids to be passed on.",
  ...secured("campaign"),
  request: { body: jsonBody(wishBody) },
  responses: {
    200: {
      description: "The file; `export-id` names it in the log.",
      headers: z.object({ "export-id": z.string() }),
      content: bodies,
    },
    201: json(exportSchema, "It was put where `to` says."),
    ...bodyProblems(404, 502),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/exports",
  tags,
  summary: "The log of exports, the newest first",
  ...secured("look"),
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(exportSchema), "A page."), ...securedProblems() },
});

const records = createRoute({
  method: "get",
  path: "/v1/exports/{id}/records",
  tags,
  summary: "Who stands in an exported file",
  ...secured("look"),
  request: { params, query: z.strictObject(pageQuery) },
  responses: {
    200: json(
      pageSchema(z.strictObject({ entityId: z.uuid(), kundeemneId: z.uuid() }).openapi("ExportedRecord")),
      "A page.",
    ),
    ...securedProblems(404),
  },
});

/** Exports of segments (S63, S64). */
export function exportRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(create, async (c) => {
    const { segment, to, delimiter, fields, ...wish } = c.req.valid("json");
    const act = {
      ...{ ...wish, segmentId: segment, by: actorOf(c), ...given({ fields }) },
      delimiter: delimiter === "tab" ? ("\t" as const) : delimiter,
    };
    if (to !== undefined) return c.json(viewExport(await deps.gateway.putExport({ ...act, connection: to })), 201);
    const { id, fileName, chunks } = await deps.gateway.openExport(act);
    const charset = wish.format === "csv" ? `; charset=${wish.encoding}` : "";
    return new Response(ReadableStream.from(chunks()), {
      headers: {
        "content-type": contentTypes[wish.format] + charset,
        "content-disposition": `attachment; filename="${fileName}"`,
        "export-id": id,
      },
    });
  });

  app.openapi(list, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const page = await listExports(deps.sql, readPageCursor({ exports: true }, cursor, z.uuid()) ?? null, limit);
    const last = page.at(-1);
    const next = last !== undefined && page.length === limit ? writePageCursor({ exports: true }, last.id) : null;
    return c.json({ items: page.map(viewExport), next }, 200);
  });

  app.openapi(records, async (c) => {
    const { id } = c.req.valid("param");
    if ((await findExport(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
    const { cursor, limit } = c.req.valid("query");
    const question = { exported: id };
    const page = await pageExported(deps.sql, id, readPageCursor(question, cursor, z.uuid()) ?? null, limit);
    const last = page.at(-1);
    const next = last !== undefined && page.length === limit ? writePageCursor(question, last.entityId) : null;
    return c.json({ items: page, next }, 200);
  });
}

const viewExport = ({ segmentId, connection, format, fields, ...each }: StoredExport) => ({
  ...each,
  ...{ segment: segmentId, to: connection, fields: [...fields] },
  format: format as z.output<typeof exportSchema>["format"], // written from the same choices
});

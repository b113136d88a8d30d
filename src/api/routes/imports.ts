import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { badRows } from "../../pipelines/import-errors.ts";
import { findImport, type Import, listImports } from "../../store/imports.ts";
import { findRun } from "../../store/runs-read.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps, ApiEnv, ApiLimits } from "../api-deps.ts";
import { correctionSchema, faultInWords, importSchema, importWishes, viewImport } from "../import-view.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
  uuidParam,
} from "../route.ts";
import { errorColumns } from "../texts/import-faults.ts";
import { runSchema } from "./runs.ts";

const tags = ["imports"];
const params = z.object({ id: uuidParam("id") });
const CSV = "text/csv";
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const BYTES = "application/octet-stream";

const bring = createRoute({
  method: "post",
  path: "/v1/imports",
  tags,
  summary: "Bring in a file",
  description:
    "CSV or XLSX, as it is; which of them its first bytes say. Kept and looked at: encoding, divider, headings and what each column is for are guessed " +
    "and shown, and can be corrected. Nothing is written before a dry run was carried out.",
  ...secured("write"),
  request: {
    query: z.strictObject({
      connection: z.string().min(1).max(63).optional().openapi({
        description: "One of connector import; may be left out where there is one only.",
      }),
      fileName: z.string().min(1).max(255),
      ...importWishes,
      headingRow: z.coerce.number().int().min(0).max(100).optional(),
    }),
    // References, not schemas: the body is read as a stream.
    body: {
      required: true,
      content: {
        [CSV]: { schema: { type: "string", format: "binary" } },
        [XLSX]: { schema: { type: "string", format: "binary" } },
        [BYTES]: { schema: { type: "string", format: "binary" } },
      },
    },
  },
  responses: { 201: json(importSchema, "The file as it would be read."), ...securedProblems(404, 413, 415, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/imports",
  tags,
  summary: "Files brought in, newest first",
  ...secured("read"),
  request: { query: z.strictObject(pageQuery) },
  responses: {
    200: json(
      pageSchema(
        z
          .strictObject({
            id: z.uuid(),
            connection: z.string(),
            fileName: z.string(),
            createdAt: z.iso.datetime(),
            by: z.string(),
            run: z.int().nullable(),
          })
          .openapi("ImportListed"),
      ),
      "Files.",
    ),
    ...securedProblems(),
  },
});

const get = createRoute({
  method: "get",
  path: "/v1/imports/{id}",
  tags,
  summary: "One import: how its file is read, what a dry run says, what is wrong",
  ...secured("read"),
  request: { params },
  responses: { 200: json(importSchema, "The import."), ...securedProblems(404) },
});

const correct = createRoute({
  method: "patch",
  path: "/v1/imports/{id}",
  tags,
  summary: "Read the file another way",
  ...secured("write"),
  request: { params, headers: idempotencyHeader, body: jsonBody(correctionSchema) },
  responses: { 200: json(importSchema, "The file as it would be read now."), ...bodyProblems(404, 410) },
});

const dryRun = createRoute({
  method: "post",
  path: "/v1/imports/{id}/preview",
  tags,
  summary: "Try an import: a run that writes nothing",
  ...secured("write"),
  request: { params, headers: idempotencyHeader },
  responses: {
    202: json(runSchema, "The preview, a run that waits for a worker."),
    ...securedProblems(404, 409, 410, 422),
  },
});

const apply = createRoute({
  method: "post",
  path: "/v1/imports/{id}/apply",
  tags,
  summary: "Carry an import out",
  description:
    "Takes a dry run that is still fresh. The run's counts add up to `read`: created, linked, updated, unchanged, held (for a person), " +
    "refused (see /errors) and quarantined. It is undone as one: POST /v1/runs/{id}/undo.",
  ...secured("write"),
  request: {
    params,
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          again: z
            .boolean()
            .optional()
            .openapi({ description: "The same content was imported before, and it is meant." }),
        })
        .openapi("ImportApply"),
    ),
  },
  responses: { 202: json(runSchema, "The import, a run that waits for a worker."), ...bodyProblems(404, 410) },
});

const errors = createRoute({
  method: "get",
  path: "/v1/imports/{id}/errors",
  tags,
  summary: "The rows that could not be taken, as they came, with the reasons",
  description: "CSV in UTF-8, divided as the file was; mended, it can be brought in again.",
  ...secured("read"),
  request: { params },
  responses: {
    200: { description: "The bad rows.", content: { [CSV]: { schema: { type: "string" } } } },
    ...securedProblems(404, 410),
  },
});

export function importRoutes(app: Api, deps: ApiDeps, limits: ApiLimits): void {
  const found = async (id: string): Promise<Import> => {
    const file = await findImport(deps.sql, id);
    if (file === undefined) throw new Problem(404, "not_found");
    return file;
  };
  const view = async (c: Context<ApiEnv>, file: Import) => viewImport(deps.sql, file, c.get("language"));
  const runOf = async (id: number) => {
    const run = await findRun(deps.sql, id);
    if (run === undefined) throw new Problem(404, "not_found");
    return run;
  };

  app.openapi(bring, async (c) => {
    const type = (c.req.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
    if (![CSV, XLSX, BYTES].includes(type))
      throw new Problem(415, "unsupported_media_type", { facts: { expected: [CSV, XLSX, BYTES].join(", ") } });
    const { connection, fileName, ...said } = c.req.valid("query");
    const file = await deps.gateway.openImport({
      ...given({ connection }),
      fileName,
      bytes: c.req.raw.body ?? emptyBody(),
      mostBytes: limits.importBytes,
      wishes: wishesOf(said),
      by: actorOf(c),
    });
    return c.json(await view(c, file), 201);
  });

  app.openapi(list, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const before = readPageCursor({ imports: true }, cursor, z.uuid());
    const files = await listImports(deps.sql, { before, limit });
    const last = files.length === limit ? files.at(-1)?.id : undefined;
    const items = files.map(({ id, connection, fileName, createdAt, by, run }) => ({
      ...{ id, connection, fileName },
      ...{ createdAt, by, run },
    }));
    return c.json({ items, next: last === undefined ? null : writePageCursor({ imports: true }, last) }, 200);
  });

  app.openapi(get, async (c) => c.json(await view(c, await found(c.req.valid("param").id)), 200));

  app.openapi(correct, async (c) => {
    const wishes = wishesOf(c.req.valid("json"));
    return c.json(await view(c, await deps.gateway.correctImport(c.req.valid("param").id, wishes)), 200);
  });

  app.openapi(dryRun, async (c) => {
    const { run } = await deps.gateway.tryImport({ id: c.req.valid("param").id, by: actorOf(c) });
    return c.json(await runOf(run), 202);
  });

  app.openapi(apply, async (c) => {
    const wish = given(c.req.valid("json"));
    const { run } = await deps.gateway.applyImport({ id: c.req.valid("param").id, ...wish, by: actorOf(c) });
    return c.json(await runOf(run), 202);
  });

  app.openapi(errors, async (c) => {
    const file = await found(c.req.valid("param").id);
    if (!file.isKept) throw new Problem(410, "gone");
    const language = c.get("language");
    const text = badRows(deps.sql, file, errorColumns[language], (fault) => faultInWords(fault, language));
    const name = `${file.fileName.replace(/\.\w+$/, "")}.errors.csv`;
    return new Response(ReadableStream.from(encoded(text)), {
      headers: {
        "content-type": `${CSV}; charset=utf-8`,
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
        "content-language": language,
      },
    });
  });
}

async function* encoded(text: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const part of text) yield encoder.encode(part);
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
}

/** As the pipelines name them: a tab is a tab. */
function wishesOf<T extends { delimiter?: string | undefined; columns?: Record<string, string | null> | undefined }>(
  said: T,
) {
  const { delimiter, ...others } = said;
  return given({
    ...others,
    delimiter:
      delimiter === undefined ? undefined : ((delimiter === "tab" ? "\t" : delimiter) as ";" | "," | "|" | "\t"), // the schema's choices
  });
}

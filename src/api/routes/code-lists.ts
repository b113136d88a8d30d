import { createRoute, z } from "@hono/zod-openapi";
import { listCodes, type StoredCode } from "../../store/code-lists.ts";
import { given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  nameParam,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
} from "../route.ts";

const tags = ["code lists"];

const codeSchema = z
  .strictObject({
    connection: z.string(),
    object: z.string().openapi({ description: "Debitor and kreditor have lists of their own." }),
    field: z.string(),
    code: z.string().openapi({ description: "The ledger's code; the mapping's table says ours." }),
    text: z.string().nullable(),
    seenAt: z.iso.datetime(),
  })
  .openapi("Code");

const list = createRoute({
  method: "get",
  path: "/v1/code-lists",
  tags,
  summary: "Codes that the ledgers know: VAT groups, posting groups, terms, departments …",
  ...secured("look"),
  request: {
    query: z.strictObject({
      ...pageQuery,
      connection: z.string().min(1).max(63).optional(),
      object: z.string().min(1).max(63).optional(),
      field: z.string().min(1).max(100).optional(),
    }),
  },
  responses: { 200: json(pageSchema(codeSchema), "Codes, a page at a time."), ...securedProblems() },
});

const refresh = createRoute({
  method: "post",
  path: "/v1/connections/{name}/code-lists",
  tags,
  summary: "Read a connection's lists of codes now",
  description: "They are read every hour by themselves.",
  ...secured("write"),
  request: { params: z.object({ name: nameParam("name") }), headers: idempotencyHeader },
  responses: {
    200: json(
      z.strictObject({
        items: z.array(
          z.strictObject({ connection: z.string(), object: z.string(), field: z.string(), codes: z.int() }),
        ),
      }),
      "The lists that were read, with the number of their codes.",
    ),
    ...bodyProblems(404, 502),
  },
});

const vocabularies = createRoute({
  method: "get",
  path: "/v1/vocabularies",
  tags,
  summary: "Words of your own lists, by field",
  description:
    "Kept under `vocabularies` in the configuration. A field without a list takes any word and is not shown.",
  ...secured("look"),
  responses: {
    200: json(
      z.strictObject({
        items: z.array(
          z
            .strictObject({
              field: z.string(),
              words: z.array(z.strictObject({ word: z.string(), text: z.string().nullable() })),
            })
            .openapi("Vocabulary"),
        ),
      }),
      "Lists.",
    ),
    ...securedProblems(),
  },
});

const cursorSchema = z.strictObject({
  connection: z.string(),
  object: z.string(),
  field: z.string(),
  code: z.string(),
});

const positionOf = ({ connection, object, field, code }: StoredCode) => ({ connection, object, field, code });

export function codeListRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, ...wanted } = c.req.valid("query");
    const asked = given(wanted);
    const question = { codes: asked };
    const items = await listCodes(deps.sql, asked, readPageCursor(question, cursor, cursorSchema), limit + 1);
    const last = items.length > limit ? items[limit - 1] : undefined;
    const next = last === undefined ? null : writePageCursor(question, positionOf(last));
    return c.json({ items: items.slice(0, limit), next }, 200);
  });

  app.openapi(vocabularies, (c) => {
    const items = Object.entries(deps.vocabularies ?? {}).map(([field, words]) => ({
      field,
      words: Object.entries(words).map(([word, text]) => ({ word, text })),
    }));
    return c.json({ items }, 200);
  });

  app.openapi(refresh, async (c) => {
    const { name } = c.req.valid("param");
    if (!deps.connections().some((each) => each.name === name)) throw new Problem(404, "not_found");
    return c.json({ items: [...(await deps.gateway.readCodeLists(name))] }, 200);
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { listAuditEntries } from "../../store/audit.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { bodyProblems, json, jsonBody, pageQuery, pageSchema, secured, securedProblems } from "../route.ts";

const tags = ["audit"];
const filter = {
  target: z.uuid().optional().openapi({ description: "Only what was about this record." }),
  key: z.uuid().optional().openapi({ description: "Only what this key did." }),
  kind: z.enum(["act", "read", "erasure"]).optional(),
};

const entrySchema = z
  .strictObject({
    id: z.int(),
    at: z.iso.datetime(),
    kind: z.enum(["act", "read", "erasure"]).openapi({ description: "`read`: of many records at once." }),
    keyId: z.uuid().nullable(),
    actor: z.string(),
    action: z.string().openapi({ example: "POST /v1/kundeemner/{id}/archive" }),
    target: z.uuid().nullable(),
    asked: z.array(z.string()).openapi({ description: "Names of the parameters; what they said is not kept." }),
    traceId: z.string().nullable(),
    status: z.int().nullable().openapi({ description: "Null: it still runs, or its process died." }),
    items: z.int().nullable().openapi({ description: "How many were read." }),
    seal: z.int().nullable().openapi({ description: "The seal that covers it; null: not sealed yet." }),
  })
  .openapi("AuditEntry");

const list = createRoute({
  method: "get",
  path: "/v1/audit",
  tags,
  summary: "Who did what, newest first",
  description:
    "Every act through the API and each read of many records. What systems push and pull changes history, which the same chain covers.",
  ...secured("admin"),
  request: { query: z.strictObject({ ...filter, ...pageQuery }) },
  responses: { 200: json(pageSchema(entrySchema), "A page."), ...securedProblems() },
});

const head = z.strictObject({ number: z.int(), hash: z.string() }).openapi("AuditHead");
const faultCodes = ["missing", "chain", "seal", "entries", "version", "versions_gone", "head"] as const;

const verify = createRoute({
  method: "post",
  path: "/v1/audit/verify",
  tags,
  summary: "Check the whole chain of the audit log",
  description:
    "Seals what waits, then walks every seal, request and version that is kept. Note the head that it gives somewhere else: given again later it shows that nothing was cut off.",
  ...secured("admin"),
  request: { body: jsonBody(z.strictObject({ head: head.optional() }).openapi("AuditVerify")) },
  responses: {
    200: json(
      z
        .strictObject({
          ok: z.boolean(),
          seals: z.int(),
          entries: z.int(),
          versions: z.int().openapi({ description: "Versions of records that are kept and were compared." }),
          forgotten: z.int().openapi({ description: "Of these, versions whose values were erased or have expired." }),
          head: head.nullable(),
          faults: z.array(
            z.strictObject({
              seal: z.int(),
              code: z.enum(faultCodes),
              entityId: z.uuid().optional(),
              version: z.int().optional(),
            }),
          ),
        })
        .openapi("AuditVerdict"),
      "What was found.",
    ),
    ...bodyProblems(),
  },
});

/** The audit log (S92; rule R34). */
export function auditRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { cursor, limit, target, key, kind } = c.req.valid("query");
    const question = { audit: [target, key, kind] };
    const page = await listAuditEntries(deps.sql, {
      ...{ target, keyId: key, kind, limit },
      before: readPageCursor(question, cursor, z.int()),
    });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: page.rows.map(({ asked, ...entry }) => ({ ...entry, asked: [...asked] })), next }, 200);
  });

  app.openapi(verify, async (c) => {
    const verdict = await deps.gateway.verifyAudit(c.req.valid("json").head);
    return c.json({ ok: verdict.faults.length === 0, ...verdict, faults: [...verdict.faults] }, 200);
  });
}

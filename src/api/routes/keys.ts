import { createRoute, z } from "@hono/zod-openapi";
import { hashKey, newKey } from "../../lib/secrets.ts";
import { addApiKey, listApiKeys, revokeApiKey } from "../../store/api-keys.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, securedProblems, uuidParam } from "../route.ts";
import { isScope } from "../scopes.ts";

const keyShape = {
  id: z.uuid(),
  label: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
};
const keySchema = z.strictObject(keyShape).openapi("Key");

const newKeySchema = z
  .strictObject({
    ...keyShape,
    key: z.string().openapi({ description: "The key itself, shown this once." }),
  })
  .openapi("NewKey");

const newKeyBody = z
  .strictObject({
    label: z.string().trim().min(1).max(120),
    scopes: z
      .array(z.string().refine(isScope, "admin, read, write, review, lead, sales, marketing or connection:<name>"))
      .min(1)
      .max(50)
      .openapi({ example: ["read", "connection:erp"] }),
    expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
  })
  .openapi("NewKeyBody");

const tags = ["keys"];

const list = createRoute({
  method: "get",
  path: "/v1/keys",
  tags,
  summary: "All keys, revoked and expired ones too",
  ...secured("admin"),
  responses: { 200: json(z.strictObject({ items: z.array(keySchema) }), "Keys, newest first."), ...securedProblems() },
});

const create = createRoute({
  method: "post",
  path: "/v1/keys",
  tags,
  summary: "Make a key",
  ...secured("admin"),
  request: { headers: idempotencyHeader, body: jsonBody(newKeyBody) },
  responses: { 201: json(newKeySchema, "The key, shown this once."), ...bodyProblems() },
});

const revoke = createRoute({
  method: "delete",
  path: "/v1/keys/{id}",
  tags,
  summary: "Revoke a key",
  ...secured("admin"),
  request: { params: z.object({ id: uuidParam("id") }) },
  responses: { 204: { description: "Revoked." }, ...securedProblems(404) },
});

export function keyRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => c.json({ items: await listApiKeys(deps.sql) }, 200));

  app.openapi(create, async (c) => {
    const { label, scopes, expiresAt = null } = c.req.valid("json");
    if (expiresAt !== null && Date.parse(expiresAt) <= deps.now().getTime()) {
      throw new Problem(422, "invalid_request", {
        faults: [{ pointer: "/expiresAt", code: "bad_value", facts: { rule: "> now" } }],
      });
    }
    const key = newKey();
    const kept = await addApiKey(deps.sql, { id: deps.newId(), label, hash: hashKey(key), scopes, expiresAt });
    return c.json({ ...kept, key }, 201);
  });

  app.openapi(revoke, async (c) => {
    if (!(await revokeApiKey(deps.sql, c.req.valid("param").id))) throw new Problem(404, "not_found");
    return c.body(null, 204);
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import type { Receipt } from "../../pipelines/receipts.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, nameParam, secured } from "../route.ts";
import { assertObject, getWished } from "./connections.ts";

const tags = ["outbound"];

const lease = createRoute({
  method: "post",
  path: "/v1/connections/{name}/outbound/{object}/lease",
  tags,
  summary: "Take what is owed to an ERP that pulls",
  description:
    "Oldest first, owed fields only, in the ERP's own shape. What is not acknowledged is handed out again with the same " +
    "id and body (R21).",
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name"), object: nameParam("object") }),
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          limit: z.int().min(1).max(500).default(100),
          wait: z.number().min(0).max(30).default(0).openapi({ description: "Seconds to wait when nothing is due." }),
        })
        .openapi("LeaseBody"),
    ),
  },
  responses: {
    200: json(
      z
        .strictObject({
          deliveries: z.array(
            z.strictObject({
              delivery: z.int(),
              kind: z.enum(["create", "update", "archive"]),
              externalId: z.string().optional(),
              data: z.looseObject({}),
            }),
          ),
        })
        .openapi("Lease"),
      "Deliveries, none when nothing is due.",
    ),
    ...bodyProblems(404),
  },
});

const receiptSchema = z.strictObject({
  delivery: z.int().min(1),
  outcome: z.enum(["done", "rejected", "retry"]),
  externalId: z.string().min(1).max(255).optional(),
  counter: z.int().min(0).optional(),
  image: z.record(z.string(), z.unknown()).optional(),
  reason: z.string().max(1000).optional(),
});

const receipts = createRoute({
  method: "post",
  path: "/v1/connections/{name}/outbound/receipts",
  tags,
  summary: "Say what became of deliveries",
  description: "However late. `image` is the object as it was when the delivery was applied.",
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name") }),
    query: z.strictObject({ object: z.string().min(1).max(63).optional() }),
    headers: idempotencyHeader,
    body: jsonBody(z.array(receiptSchema).max(500).openapi("Receipts")),
  },
  responses: {
    200: json(
      z.strictObject({
        accepted: z.int(),
        refused: z.array(z.strictObject({ index: z.int(), code: z.string(), detail: z.string() })),
      }),
      "What was accepted.",
    ),
    ...bodyProblems(404),
  },
});

export function outboundRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(lease, async (c) => {
    const { name, object } = c.req.valid("param");
    const { limit, wait } = c.req.valid("json");
    assertObject(deps, name, object);
    const leased = await deps.gateway.leaseOutbound({ connection: name, object, limit, waitMs: wait * 1000 });
    const deliveries = leased.deliveries.map(({ delivery, kind, externalId, data }) => ({
      delivery,
      kind,
      ...(externalId === undefined ? {} : { externalId }),
      data: { ...data },
    }));
    return c.json({ deliveries }, 200);
  });

  app.openapi(receipts, async (c) => {
    const { name } = c.req.valid("param");
    const { object } = c.req.valid("query");
    getWished(deps, name);
    const given = c.req.valid("json") as Receipt[]; // zod's optional members are `| undefined`; JSON has no undefined
    const { accepted, refused } = await deps.gateway.receiptOutbound(
      { connection: name, ...(object === undefined ? {} : { object }) },
      given,
    );
    return c.json({ accepted, refused: refused.map(({ index, code, detail }) => ({ index, code, detail })) }, 200);
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { conversionTargets } from "../../model/conversions.ts";
import { standingsOf } from "../../pipelines/conversions/standing.ts";
import { findConversions, listConversions } from "../../store/conversions.ts";
import { findKundeemne } from "../../store/kundeemner-read.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem, pointerOf } from "../problems.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  numberParam,
  secured,
  securedProblems,
  uuidParam,
} from "../route.ts";

const tags = ["conversions"];

const accountSchema = z
  .strictObject({ object: z.string(), externalId: z.string(), linkId: z.uuid() })
  .openapi({ description: "The debitor or kreditor that it is, or stands on." });

export const conversionSchema = z
  .strictObject({
    id: z.int(),
    entityId: z.uuid(),
    to: z.enum(conversionTargets),
    connection: z.string(),
    reference: z.string(),
    state: z.enum(["done", "running", "waiting", "failed"]).openapi({
      description:
        "`running`: a worker is at it. `waiting`: something must happen first, `reason` says what. `failed`: the ledger refused, " +
        "or a person must decide first; correct it and send the same call again.",
    }),
    reason: z.string().nullable(),
    externalId: z.string().nullable().openapi({ description: "The account's or the document's number." }),
    account: accountSchema.nullable(),
    by: z.string(),
    createdAt: z.iso.datetime(),
    doneAt: z.iso.datetime().nullable(),
  })
  .openapi("Conversion");

const planSchema = z
  .strictObject({
    dryRun: z.literal(true),
    missing: z.array(z.strictObject({ field: z.string(), code: z.string(), detail: z.string().optional() })),
    account: accountSchema.nullable(),
    accountBody: z.record(z.string(), z.any()).nullable().openapi({
      description: "What would be sent if nothing at the ledger matches; null: the account stands already.",
    }),
    withheld: z.record(z.string(), z.string()).openapi({ description: "Fields that do not fit the ledger, and why." }),
    documentBody: z.record(z.string(), z.any()).nullable(),
  })
  .openapi("ConversionPlan");

const conversionBody = z
  .strictObject({
    to: z.enum(conversionTargets),
    connection: z.string().min(1).max(63),
    data: z
      .record(z.string().min(1).max(100), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional()
      .openapi({
        description: "Fields of a document, by the ledger's names.",
        example: { SagsArt: "MONTAGE" },
      }),
    reference: z.string().min(1).max(100).optional().openapi({
      description:
        "Your name for this document. The same call with the same reference, or with none, makes no second one.",
    }),
    dryRun: z.boolean().default(false),
    waitMs: z.int().min(0).max(30_000).default(10_000).openapi({ description: "How long to wait for the end." }),
  })
  .openapi("ConversionBody");

const convertRoute = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/convert",
  tags,
  summary: "Make a Kundeemne a debitor, kreditor, tilbud, ordre, faktura or sag",
  description:
    "A link is used where there is one, else what matches at the ledger (CVR and the other tiers), else the account is made. " +
    "A document makes its debitor in the same step, and is handed over where the connection's `handOver` says so. Whatever breaks in between goes on where it was; the same call again answers " +
    "the same and makes nothing twice. All that is missing is named at once (422). 202: not ended within `waitMs`.",
  ...secured("write"),
  request: { params: z.object({ id: uuidParam("id") }), headers: idempotencyHeader, body: jsonBody(conversionBody) },
  responses: {
    200: json(z.union([conversionSchema, planSchema]), "Done, or with `dryRun` what would be done."),
    202: json(conversionSchema, "Running, waiting or failed: `state` and `reason` say it."),
    ...bodyProblems(404, 410, 502),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/conversions",
  tags,
  summary: "What a Kundeemne was converted to",
  ...secured("read"),
  request: { params: z.object({ id: uuidParam("id") }) },
  responses: {
    200: json(z.strictObject({ items: z.array(conversionSchema) }), "Oldest first."),
    ...securedProblems(404),
  },
});

const get = createRoute({
  method: "get",
  path: "/v1/conversions/{id}",
  tags,
  summary: "Where a conversion stands",
  ...secured("read"),
  request: { params: z.object({ id: numberParam("id") }) },
  responses: { 200: json(conversionSchema, "The conversion."), ...securedProblems(404) },
});

export function conversionRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(convertRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { dryRun, ...wanted } = c.req.valid("json");
    const { to, connection, ...rest } = wanted;
    const act = { entityId: id, to, connection, ...given(rest), by: actorOf(c) };
    if (dryRun) {
      const plan = await deps.gateway.planConversion(act);
      return c.json({ dryRun: true as const, ...plan, missing: [...plan.missing] }, 200);
    }
    const outcome = await deps.gateway.convert(act);
    if ("missing" in outcome) {
      const faults = outcome.missing.map(({ field, code, detail }) => ({
        pointer: pointerOf(field),
        code,
        ...(detail === undefined ? {} : { facts: { given: detail, connection } }),
      }));
      throw new Problem(422, "invalid_request", { faults });
    }
    return c.json(outcome.standing, outcome.standing.state === "done" ? 200 : 202);
  });

  app.openapi(list, async (c) => {
    const { id } = c.req.valid("param");
    if ((await findKundeemne(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
    const items = await standingsOf(deps.sql, await listConversions(deps.sql, id));
    return c.json({ items }, 200);
  });

  app.openapi(get, async (c) => {
    const [standing] = await standingsOf(deps.sql, await findConversions(deps.sql, [c.req.valid("param").id]));
    if (standing === undefined) throw new Problem(404, "not_found");
    return c.json(standing, 200);
  });
}

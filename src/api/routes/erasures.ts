import { createRoute, z } from "@hono/zod-openapi";
import { type Erasure, findErasure, listErasures } from "../../store/erasures.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
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

const tags = ["gdpr"];
const grounds = ["request", "objection", "retention", "unlawful"] as const;

const receiptSchema = z.strictObject({
  number: z.int(),
  connection: z.string(),
  object: z.string(),
  externalId: z.string().nullable().openapi({ description: "Null once it is done." }),
  state: z.enum(["open", "kept", "told", "done"]).openapi({
    description:
      "`open`: somebody is to erase it there and to confirm it here. `kept`: the law has it kept until `keepUntil`. `told`: the tool is told to remove it.",
  }),
  why: z.enum(["bookkeeping", "not_ours_to_erase", "audience", "file"]),
  keepUntil: z.iso.date().nullable(),
  doneAt: z.iso.datetime().nullable(),
  doneBy: z.string().nullable(),
});

const erasureSchema = z
  .strictObject({
    id: z.uuid().nullable().openapi({ description: "Null: a preview, nothing was erased." }),
    entity: z.enum(["kundeemne", "kontaktperson"]),
    entityId: z.uuid(),
    entityIds: z.array(z.uuid()).openapi({ description: "With contacts, and records that were merged into it." }),
    ground: z.enum(grounds),
    by: z.string(),
    at: z.iso.datetime(),
    counts: z.record(z.string(), z.int()).openapi({ description: "Rows that were erased or emptied, by table." }),
    receipts: z.array(receiptSchema),
  })
  .openapi("Erasure");

const body = z
  .strictObject({
    ground: z.enum(grounds).default("request"),
    dryRun: z.boolean().default(false).openapi({ description: "Shows what would go, what stays and why." }),
  })
  .openapi("EraseBody");

const description =
  "For good (GDPR art. 17). The id stays as a tombstone; every value goes, from history, inbox, quarantine, plans and kept answers too, and what " +
  "its systems send of the person again changes nothing. `receipts` say what other systems have: what the law has kept, and until when; what " +
  "somebody is to erase there. Erased already: the same answer again.";

const eraseEmne = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/erase",
  tags,
  summary: "Erase a Kundeemne with its contacts",
  description,
  ...secured("admin"),
  request: { params: z.object({ id: uuidParam("id") }), headers: idempotencyHeader, body: jsonBody(body) },
  responses: { 200: json(erasureSchema, "What was erased."), ...bodyProblems(404, 410) },
});

const eraseContact = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/kontaktpersoner/{contact}/erase",
  tags,
  summary: "Erase a contact, and leave its Kundeemne",
  description,
  ...secured("admin"),
  request: {
    params: z.object({ id: uuidParam("id"), contact: uuidParam("contact") }),
    headers: idempotencyHeader,
    body: jsonBody(body),
  },
  responses: { 200: json(erasureSchema, "What was erased."), ...bodyProblems(404, 410) },
});

const list = createRoute({
  method: "get",
  path: "/v1/erasures",
  tags,
  summary: "Erasures, newest first",
  ...secured("admin"),
  request: {
    query: z.strictObject({
      open: z
        .enum(["true", "false"])
        .default("false")
        .openapi({ description: "Only where something is still to be done elsewhere." }),
      ...pageQuery,
    }),
  },
  responses: { 200: json(pageSchema(erasureSchema), "A page."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/erasures/{id}",
  tags,
  summary: "One erasure with its receipts",
  ...secured("admin"),
  request: { params: z.object({ id: uuidParam("id") }) },
  responses: { 200: json(erasureSchema, "The erasure."), ...securedProblems(404) },
});

const confirm = createRoute({
  method: "post",
  path: "/v1/erasures/{id}/receipts/{receipt}/done",
  tags,
  summary: "Confirm that another system has erased the person",
  description: "What named the person there is forgotten here too.",
  ...secured("admin"),
  request: {
    params: z.object({ id: uuidParam("id"), receipt: z.coerce.number().int().min(1).max(10_000) }),
    headers: idempotencyHeader,
  },
  responses: { 200: json(erasureSchema, "The erasure."), ...bodyProblems(404) },
});

/** Erasure (S72; rule R34; GDPR art. 17 and 19). */
export function erasureRoutes(app: Api, deps: ApiDeps): void {
  const view = (erasure: Erasure, preview = false): z.infer<typeof erasureSchema> => ({
    ...erasure,
    id: preview ? null : erasure.id,
    ground: erasure.ground as (typeof grounds)[number], // as the routes took it
    entityIds: [...erasure.entityIds],
    counts: { ...erasure.counts },
    receipts: erasure.receipts.map(({ sealedId, ...receipt }, n) => ({
      number: n + 1,
      externalId: sealedId === null ? null : deps.gateway.unseal(sealedId),
      ...receipt,
    })),
  });

  app.openapi(eraseEmne, async (c) => {
    const { dryRun, ground } = c.req.valid("json");
    const act = { entity: "kundeemne", id: c.req.valid("param").id, ground, dryRun, by: actorOf(c) } as const;
    return c.json(view(await deps.gateway.erase(act), dryRun), 200);
  });

  app.openapi(eraseContact, async (c) => {
    const { dryRun, ground } = c.req.valid("json");
    const act = { entity: "kontaktperson", id: c.req.valid("param").contact, ground, dryRun, by: actorOf(c) } as const;
    return c.json(view(await deps.gateway.erase(act), dryRun), 200);
  });

  app.openapi(list, async (c) => {
    const { open, cursor, limit } = c.req.valid("query");
    const question = { erasures: open };
    const after = readPageCursor(question, cursor, z.tuple([z.string(), z.string()]));
    const rows = await listErasures(deps.sql, { open: open === "true", after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? writePageCursor(question, [last.at, last.id]) : null;
    return c.json({ items: page.map((each) => view(each)), next }, 200);
  });

  app.openapi(get, async (c) => {
    const erasure = await findErasure(deps.sql, c.req.valid("param").id);
    if (erasure === undefined) throw new Problem(404, "not_found");
    return c.json(view(erasure), 200);
  });

  app.openapi(confirm, async (c) => {
    const { id, receipt } = c.req.valid("param");
    return c.json(view(await deps.gateway.confirmReceipt({ id, receipt, by: actorOf(c) })), 200);
  });
}

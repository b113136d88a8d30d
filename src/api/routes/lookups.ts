import { createRoute, z } from "@hono/zod-openapi";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, securedProblems, uuidParam } from "../route.ts";

const tags = ["lookups"];
const connection = z.string().min(1).max(63);
const externalId = z.string().min(1).max(255);

const hitSchema = z
  .strictObject({
    connection: z.string(),
    object: z.string(),
    externalId: z.string(),
    title: z.string(),
    detail: z.string().nullable(),
    score: z.number().min(0).max(1).openapi({ description: "From 0.95 on it is what was asked for." }),
    attribution: z.string().nullable().openapi({ description: "What must be shown beside it." }),
    kundeemneId: z.uuid().nullable().openapi({ description: "The Kundeemne that it stands for already." }),
  })
  .openapi("LookupHit");

const lookupSchema = z
  .strictObject({
    hits: z.array(hitSchema).openapi({ description: "The likeliest first. Nobody's values yet." }),
    failed: z
      .array(z.strictObject({ connection: z.string(), code: z.string() }))
      .openapi({ description: "Directories that could not be asked, and why." }),
  })
  .openapi("Lookup");

const search = createRoute({
  method: "get",
  path: "/v1/lookups",
  tags,
  summary: "Look a company or an address up in the directories",
  description:
    "All connected directories, or those of `sources`, at once. One that cannot be asked is named and spoils nothing.",
  ...secured("read"),
  request: {
    query: z.strictObject({
      q: z.string().trim().min(1).max(200).openapi({ description: "A name, a number, an address." }),
      sources: z
        .string()
        .max(400)
        .optional()
        .transform((text) => text?.split(",").map((name) => name.trim()))
        .openapi({ type: "string", description: "Names of connections, separated by commas." }),
      limit: z.coerce.number().int().min(1).max(10).default(10).openapi({ description: "Hits of each directory." }),
    }),
  },
  responses: { 200: json(lookupSchema, "What was found."), ...securedProblems(422) },
});

const takeBody = z
  .strictObject({
    connection,
    object: z.string().min(1).max(63).optional().openapi({ description: "The directory's first one if left out." }),
    externalId,
  })
  .openapi("TakeHitBody");

const takenSchema = z
  .strictObject({
    outcome: z.enum(["made", "linked", "known", "undecided"]).openapi({
      description: "`linked`, `known`: the company had a Kundeemne already. `undecided`: `review` asks which it is.",
    }),
    kundeemneId: z.uuid().nullable(),
    linkId: z.uuid(),
    review: z.int().nullable(),
  })
  .openapi("HitTaken");

const take = createRoute({
  method: "post",
  path: "/v1/lookups",
  tags,
  summary: "Make a Kundeemne of a hit",
  description:
    "Filled by what the directory says. Whether the company is known is asked first: then it is linked, and what differs is proposed.",
  ...secured("write"),
  request: { headers: idempotencyHeader, body: jsonBody(takeBody) },
  responses: {
    201: json(takenSchema, "Made."),
    200: json(takenSchema, "It was there."),
    202: json(takenSchema, "A person decides first."),
    ...bodyProblems(404, 502),
  },
});

const lookBody = z
  .strictObject({
    connection,
    object: z.string().min(1).max(63).optional().openapi({ description: "The directory's first one if left out." }),
    externalId: externalId.optional().openapi({ description: "The hit that was chosen." }),
    text: z.string().trim().min(1).max(200).optional().openapi({
      description: "What to look for, in place of what the record knows.",
    }),
  })
  .openapi("LookUpBody");

const lookedUpSchema = z
  .strictObject({
    state: z.enum(["taken", "several", "none"]),
    linkId: z.uuid().nullable(),
    externalId: z.string().nullable(),
    proposals: z
      .array(z.int())
      .openapi({ description: "Reviews with what differs, one a field or group: accept each." }),
    hits: z.array(hitSchema).openapi({ description: "To choose from, where it was not sure which." }),
  })
  .openapi("LookedUp");

const look = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/lookup",
  tags,
  summary: "Look a Kundeemne up in a directory",
  description:
    "By the object that it is linked to, by the one you name, or by what is known of it. What differs becomes proposals; nothing of the " +
    "record changes by itself. Several that could be meant are given back to choose from: never the first silently.",
  ...secured("write"),
  request: { params: z.object({ id: uuidParam("id") }), headers: idempotencyHeader, body: jsonBody(lookBody) },
  responses: { 200: json(lookedUpSchema, "What came of it."), ...bodyProblems(404, 410, 502) },
});

/** Look-ups in directories (S16–S18, S74–S79). */
export function lookupRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(search, async (c) => {
    const { q, sources, limit } = c.req.valid("query");
    const found = await deps.gateway.lookup({ text: q, limit, ...(sources === undefined ? {} : { sources }) });
    return c.json({ hits: [...found.hits], failed: [...found.failed] }, 200);
  });

  app.openapi(take, async (c) => {
    const { connection: name, externalId: id, ...rest } = c.req.valid("json");
    const taken = await deps.gateway.takeHit({ connection: name, externalId: id, ...given(rest), by: actorOf(c) });
    if (taken.outcome === "made") return c.json(taken, 201, { location: `/v1/kundeemner/${taken.kundeemneId}` });
    return taken.outcome === "undecided" ? c.json(taken, 202) : c.json(taken, 200);
  });

  app.openapi(look, async (c) => {
    const { connection: name, ...rest } = c.req.valid("json");
    const act = { entityId: c.req.valid("param").id, connection: name, ...given(rest), by: actorOf(c) };
    const { proposals, hits, ...outcome } = await deps.gateway.lookupRecord(act);
    return c.json({ ...outcome, proposals: [...proposals], hits: [...hits] }, 200);
  });
}

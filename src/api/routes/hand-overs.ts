import { createRoute, z } from "@hono/zod-openapi";
import { channels } from "../../rules/consent-facts.ts";
import { findCampaign } from "../../store/campaigns.ts";
import { pageReceipts } from "../../store/hand-over-batches.ts";
import { handOversOf, pageHandOvers } from "../../store/hand-overs.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import {
  bodyProblems,
  json,
  jsonBody,
  nameParam,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
  uuidParam,
} from "../route.ts";
import { handOverState } from "./campaigns.ts";

const tags = ["campaigns"];
const params = z.object({ id: uuidParam("id") });
const reason = z.string().openapi({
  description:
    "`criterion`, `manual`, `period_over`, `ended`, `address_changed`, `terms` (its source forbids to pass it on), or the code that refuses.",
});

const memberShape = {
  connection: z.string(),
  entityId: z.uuid(),
  kundeemneId: z.uuid(),
  wanted: z.boolean(),
  reason,
  state: handOverState,
  code: z.string().nullable().openapi({ description: "The tool's word for its refusal." }),
  changedAt: z.iso.datetime(),
};
const memberSchema = z.strictObject(memberShape).openapi("CampaignMember");

const members = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/members",
  tags,
  summary: "Members of a campaign at each tool",
  ...secured("look"),
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(memberSchema), "A page."), ...securedProblems(404) },
});

const receiptSchema = z
  .strictObject({
    id: z.int(),
    connection: z.string(),
    entityId: z.uuid(),
    kundeemneId: z.uuid(),
    act: z.enum(["add", "remove"]),
    outcome: z.enum(["done", "refused", "opted_out"]),
    code: z.string().nullable(),
    reason,
    at: z.iso.datetime(),
  })
  .openapi("HandOverReceipt");

const receipts = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/receipts",
  tags,
  summary: "Who was handed to whom, oldest first",
  description:
    "A row for each member and act, never changed: whom to tell of a rectification or an erasure (GDPR art. 19).",
  ...secured("look"),
  request: {
    params,
    query: z.strictObject({
      after: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: json(z.strictObject({ items: z.array(receiptSchema) }), "After the receipt that was named."),
    ...securedProblems(404),
  },
});

const kampagneSchema = z
  .strictObject({ ...memberShape, campaignId: z.uuid(), campaign: z.string() })
  .openapi("Kampagne");

const kampagner = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/kampagner",
  tags: ["kundeemner"],
  summary: "Campaigns that a Kundeemne or its contacts are or were in",
  ...secured("look"),
  request: { params },
  responses: {
    200: json(z.strictObject({ items: z.array(kampagneSchema) }), "The newest 500."),
    ...securedProblems(404, 410),
  },
});

const optOutSchema = z
  .strictObject({
    address: z.string().trim().min(1).max(255),
    channel: z.enum(channels).default("email"),
    kind: z.enum(["withdrawn", "unreachable", "complained"]).default("withdrawn").openapi({
      description: "`unreachable`: a hard bounce.",
    }),
    at: z.iso.datetime({ offset: true }).openapi({ description: "When it happened at the tool." }),
  })
  .openapi("OptOut");

const notedSchema = z
  .strictObject({
    noted: z.int(),
    known: z.int().openapi({ description: "Told before." }),
    unreadable: z.array(z.int()).openapi({ description: "Places, from 0, whose address is none of its channel." }),
  })
  .openapi("NotedOptOuts");

const optOuts = createRoute({
  method: "post",
  path: "/v1/connections/{name}/optouts",
  tags: ["inbound"],
  summary: "Tell who has said no at a campaign tool",
  description:
    "Unsubscribes, hard bounces, complaints. The consent of the address ends everywhere and every other tool is told; this tool is never handed the " +
    "address again, whatever is said elsewhere later. Telling it again changes nothing.",
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name") }),
    body: jsonBody(z.union([optOutSchema, z.array(optOutSchema).min(1).max(1000)])),
  },
  responses: { 200: json(notedSchema, "Noted."), ...bodyProblems(404) },
});

/** Members and receipts of campaigns, and what was said at the tools (S62; rule R23). */
export function handOverRoutes(app: Api, deps: ApiDeps): void {
  const assertCampaign = async (id: string): Promise<void> => {
    if ((await findCampaign(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
  };

  app.openapi(members, async (c) => {
    const { id } = c.req.valid("param");
    await assertCampaign(id);
    const { cursor, limit } = c.req.valid("query");
    const question = { campaign: id };
    const after = readPageCursor(question, cursor, z.tuple([z.string(), z.string()])) ?? null;
    const page = await pageHandOvers(deps.sql, { campaignId: id, after, limit });
    const last = page.at(-1);
    const next =
      last !== undefined && page.length === limit ? writePageCursor(question, [last.address, last.connection]) : null;
    const items = page.map(({ campaignId: _, address: __, owed: ___, ...member }) => member);
    return c.json({ items, next }, 200);
  });

  app.openapi(receipts, async (c) => {
    const { id } = c.req.valid("param");
    await assertCampaign(id);
    const { after, limit } = c.req.valid("query");
    return c.json({ items: await pageReceipts(deps.sql, id, after, limit) }, 200);
  });

  app.openapi(kampagner, async (c) => {
    const { id } = c.req.valid("param");
    await getKundeemne(deps, id);
    const items = (await handOversOf(deps.sql, id)).map(({ address: _, owed: __, ...each }) => each);
    return c.json({ items }, 200);
  });

  app.openapi(optOuts, async (c) => {
    const { name } = c.req.valid("param");
    if (!deps.connections().some((each) => each.name === name && each.isAudience === true))
      throw new Problem(404, "not_found");
    const body = c.req.valid("json");
    const { unreadable, ...counts } = await deps.gateway.noteOptOuts(name, Array.isArray(body) ? body : [body]);
    return c.json({ ...counts, unreadable: [...unreadable] }, 200);
  });
}

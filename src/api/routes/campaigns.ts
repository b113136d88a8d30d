import { createRoute, z } from "@hono/zod-openapi";
import { channels } from "../../rules/consent-facts.ts";
import { type Campaign, findCampaign, listCampaigns } from "../../store/campaigns.ts";
import { countHandOvers } from "../../store/hand-overs.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, securedProblems, uuidParam } from "../route.ts";

const tags = ["campaigns"];
const params = z.object({ id: uuidParam("id") });
const states = ["waiting", "in", "out", "refused", "opted_out"] as const;
export const handOverState = z.enum(states).openapi({
  description:
    "At one tool. `waiting`: owed and not taken yet. `in`, `out`: as the tool has it. `refused`: the tool does not take it. `opted_out`: the " +
    "person has said no at that tool, which never gets the address again.",
});

const wishBody = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    segment: z.uuid(),
    connections: z
      .array(z.string().min(1).max(63))
      .min(1)
      .max(20)
      .openapi({ description: "Campaign tools that take it." }),
    channel: z.enum(channels).optional().openapi({ description: "The segment's if left out, as the next two." }),
    purpose: z.enum(["markedsfoering", "service"]).optional(),
    sender: z.enum(["own", "third_party"]).optional(),
    startsOn: z.iso.date().nullable().default(null).openapi({ description: "First day, in Copenhagen." }),
    endsOn: z.iso.date().nullable().default(null).openapi({
      description: "Last day. After it everybody goes out of the audience at every tool.",
    }),
  })
  .openapi("CampaignWish");

const campaignShape = {
  id: z.uuid(),
  name: z.string(),
  segment: z.uuid(),
  connections: z.array(z.string()),
  channel: z.enum(channels),
  purpose: z.enum(["markedsfoering", "service"]),
  sender: z.enum(["own", "third_party"]),
  startsOn: z.iso.date().nullable(),
  endsOn: z.iso.date().nullable(),
  state: z.enum(["active", "ended"]),
  selectedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
};
const campaignSchema = z.strictObject(campaignShape).openapi("Campaign");

const standingSchema = z
  .strictObject({
    ...campaignShape,
    members: z.array(z.strictObject({ connection: z.string(), state: handOverState, members: z.int() })),
  })
  .openapi("CampaignStanding");

const selectionSchema = z
  .strictObject({
    round: z.int(),
    selected: z.int().openapi({ description: "Addresses; those who share one count once." }),
    refused: z.record(z.string(), z.int()).openapi({
      description: "Members of the segment who may not be contacted for this, by the first reason.",
    }),
    closed: z.enum(["ended", "period_over", "period_not_begun"]).nullable().openapi({
      description: "Why nobody is selected.",
    }),
  })
  .openapi("CampaignSelection");

const create = createRoute({
  method: "post",
  path: "/v1/campaigns",
  tags,
  summary: "Plan a campaign",
  description:
    "A segment for a purpose, on a channel, in a period, and the campaign tools that take it. Nothing is handed over yet.",
  ...secured("campaign"),
  request: { headers: idempotencyHeader, body: jsonBody(wishBody) },
  responses: { 201: json(campaignSchema, "Planned."), ...bodyProblems(404) },
});

const list = createRoute({
  method: "get",
  path: "/v1/campaigns",
  tags,
  summary: "Campaigns, the newest first",
  ...secured("look"),
  responses: { 200: json(z.strictObject({ items: z.array(campaignSchema) }), "All of them."), ...securedProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}",
  tags,
  summary: "One campaign, and how its members stand at each tool",
  ...secured("look"),
  request: { params },
  responses: { 200: json(standingSchema, "The campaign."), ...securedProblems(404) },
});

const handOver = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/hand-over",
  tags,
  summary: "Select anew, and hand over what differs",
  description:
    "The segment is run, the rule asked for the campaign's own purpose and channel, and the tools are sent adds and removes; the rule is asked " +
    "again in the statement that hands over. From then on the campaign is selected anew every few minutes. What a tool has refused is tried once more.",
  ...secured("campaign"),
  request: { params, headers: idempotencyHeader },
  responses: { 202: json(selectionSchema, "Selected; sending goes on."), ...securedProblems(404) },
});

const end = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/end",
  tags,
  summary: "End a campaign for good",
  description: "Everybody goes out of its audience at every tool.",
  ...secured("campaign"),
  request: { params, headers: idempotencyHeader },
  responses: { 200: json(campaignSchema, "Ended."), ...securedProblems(404) },
});

/** Campaigns (S57–S64): what is planned, and how it stands. */
export function campaignRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(create, async (c) => {
    const { segment, channel, purpose, sender, ...wish } = c.req.valid("json");
    if (wish.startsOn !== null && wish.endsOn !== null && wish.endsOn < wish.startsOn)
      throw new Problem(422, "invalid_request", {
        faults: [{ pointer: "/endsOn", code: "contradiction", facts: { other: "startsOn" } }],
      });
    const act = { ...wish, segmentId: segment, ...given({ channel, purpose, sender }), by: actorOf(c) };
    const campaign = await deps.gateway.createCampaign(act);
    return c.json(viewCampaign(campaign), 201, { location: `/v1/campaigns/${campaign.id}` });
  });

  app.openapi(list, async (c) => c.json({ items: (await listCampaigns(deps.sql)).map(viewCampaign) }, 200));

  app.openapi(get, async (c) => {
    const { id } = c.req.valid("param");
    const campaign = await findCampaign(deps.sql, id);
    if (campaign === undefined) throw new Problem(404, "not_found");
    return c.json({ ...viewCampaign(campaign), members: await countHandOvers(deps.sql, id) }, 200);
  });

  app.openapi(handOver, async (c) => {
    const { refused, ...selection } = await deps.gateway.selectCampaign(c.req.valid("param").id, true);
    return c.json({ ...selection, refused: { ...refused } }, 202);
  });

  app.openapi(end, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(viewCampaign(await deps.gateway.endCampaign({ id, by: actorOf(c) })), 200);
  });
}

const viewCampaign = ({ segmentId, round: _, connections, ...campaign }: Campaign) => ({
  ...campaign,
  segment: segmentId,
  connections: [...connections],
});

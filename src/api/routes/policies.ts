import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { kontaktpersonCatalogue, kundeemneCatalogue } from "../../model/catalogue.ts";
import type { PolicyChange } from "../../pipelines/policies.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps, ApiEnv } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { etagOf, matchVersion } from "../if-match.ts";
import { pinBody, pinOf, policiesBody, policyChangeOf, unpinOf } from "../policy-body.ts";
import { kontaktpersonSchema, viewKontaktperson, wholeKundeemneSchema } from "../record-view.ts";
import { bodyProblems, json, jsonBody, secured, securedProblems, uuidParam } from "../route.ts";
import { todayOf } from "../today.ts";
import { getContact } from "./kontaktpersoner.ts";
import { wholeOf } from "./kundeemner.ts";

const EMNE = "/v1/kundeemner/{id}";
const CONTACT = "/v1/kundeemner/{id}/kontaktpersoner/{contact}";

const tags = ["kundeemner"];
const field = z.string().min(1).max(60);
const emneParams = z.object({ id: uuidParam("id") });
const contactParams = z.object({ id: uuidParam("id"), contact: uuidParam("contact") });
const headers = z.object({
  "if-match": z
    .string()
    .optional()
    .openapi({ description: "ETag of the version that was seen; another one is a 412." }),
});
const told = "The record; its pins and policies stand under `meta.policies`.";
const etag = z.object({ etag: z.string() });
const emneAnswer = { ...json(wholeKundeemneSchema, told), headers: etag };
const contactAnswer = { ...json(kontaktpersonSchema, told), headers: etag };

const pinning = {
  summary: "Pin a field",
  description: "A pin fixes the value: no system changes it, while it still goes out to all of them (rule R15).",
};
const unpinning = { summary: "Take a pin off a field" };
const guarding = {
  summary: "Say what may be written without a person",
  description:
    "`auto`, `if_empty`, `propose` or `frozen`, for a field, a connection and a direction; the strictest that applies wins, " +
    "what configuration says included (rule R15). One policy takes the place of the one for the same unit, connection and " +
    "direction, and `auto` takes that away. A list takes the place of all policies of the record. Pins stay.",
};

const pin = createRoute({
  ...{ method: "put", path: `${EMNE}/pins/{field}`, tags, ...pinning, ...secured("write") },
  request: { params: emneParams.extend({ field }), headers, body: jsonBody(pinBody) },
  responses: { 200: emneAnswer, ...bodyProblems(404, 410, 412) },
});
const unpin = createRoute({
  ...{ method: "delete", path: `${EMNE}/pins/{field}`, tags, ...unpinning, ...secured("write") },
  request: { params: emneParams.extend({ field }), headers },
  responses: { 200: emneAnswer, ...securedProblems(404, 409, 410, 412, 422) },
});
const guard = createRoute({
  ...{ method: "put", path: `${EMNE}/policy`, tags, ...guarding, ...secured("write") },
  request: { params: emneParams, headers, body: jsonBody(policiesBody) },
  responses: { 200: emneAnswer, ...bodyProblems(404, 410, 412) },
});
const pinContact = createRoute({
  ...{ method: "put", path: `${CONTACT}/pins/{field}`, tags, ...pinning, ...secured("write") },
  request: { params: contactParams.extend({ field }), headers, body: jsonBody(pinBody) },
  responses: { 200: contactAnswer, ...bodyProblems(404, 410, 412) },
});
const unpinContact = createRoute({
  ...{ method: "delete", path: `${CONTACT}/pins/{field}`, tags, ...unpinning, ...secured("write") },
  request: { params: contactParams.extend({ field }), headers },
  responses: { 200: contactAnswer, ...securedProblems(404, 409, 410, 412, 422) },
});
const guardContact = createRoute({
  ...{ method: "put", path: `${CONTACT}/policy`, tags, ...guarding, ...secured("write") },
  request: { params: contactParams, headers, body: jsonBody(policiesBody) },
  responses: { 200: contactAnswer, ...bodyProblems(404, 410, 412) },
});

/** Pins and update policies of a Kundeemne and of its contacts (rule R15). */
export function policyRoutes(app: Api, deps: ApiDeps): void {
  const connections = (): string[] => deps.connections().map(({ name }) => name);

  const ofEmne = async (c: Context<ApiEnv>, id: string, change: PolicyChange) => {
    const { version: current } = await getKundeemne(deps, id);
    const ifVersion = matchVersion(c.req.header("if-match"), current);
    const act = { entity: "kundeemne", id, change, by: actorOf(c), ...given({ ifVersion }) } as const;
    await deps.gateway.changePolicies(act);
    const { view, version } = await wholeOf(deps, id, c.get("language"));
    return { view, headers: { etag: etagOf(version) } };
  };
  const ofContact = async (c: Context<ApiEnv>, id: string, contact: string, change: PolicyChange) => {
    await getKundeemne(deps, id);
    const { version: current } = await getContact(deps, id, contact);
    const ifVersion = matchVersion(c.req.header("if-match"), current);
    const act = { entity: "kontaktperson", id: contact, change, by: actorOf(c), ...given({ ifVersion }) } as const;
    await deps.gateway.changePolicies(act);
    const record = await getContact(deps, id, contact);
    return { view: viewKontaktperson(record, todayOf(deps.now())), headers: { etag: etagOf(record.version) } };
  };

  app.openapi(pin, async (c) => {
    const { id, field } = c.req.valid("param");
    const { view, headers } = await ofEmne(c, id, pinOf(kundeemneCatalogue, field, c.req.valid("json")));
    return c.json(view, 200, headers);
  });
  app.openapi(unpin, async (c) => {
    const { id, field } = c.req.valid("param");
    const { view, headers } = await ofEmne(c, id, unpinOf(kundeemneCatalogue, field));
    return c.json(view, 200, headers);
  });
  app.openapi(guard, async (c) => {
    const change = policyChangeOf(kundeemneCatalogue, connections(), c.req.valid("json"));
    const { view, headers } = await ofEmne(c, c.req.valid("param").id, change);
    return c.json(view, 200, headers);
  });
  app.openapi(pinContact, async (c) => {
    const { id, contact, field } = c.req.valid("param");
    const change = pinOf(kontaktpersonCatalogue, field, c.req.valid("json"));
    const { view, headers } = await ofContact(c, id, contact, change);
    return c.json(view, 200, headers);
  });
  app.openapi(unpinContact, async (c) => {
    const { id, contact, field } = c.req.valid("param");
    const { view, headers } = await ofContact(c, id, contact, unpinOf(kontaktpersonCatalogue, field));
    return c.json(view, 200, headers);
  });
  app.openapi(guardContact, async (c) => {
    const { id, contact } = c.req.valid("param");
    const change = policyChangeOf(kontaktpersonCatalogue, connections(), c.req.valid("json"));
    const { view, headers } = await ofContact(c, id, contact, change);
    return c.json(view, 200, headers);
  });
}

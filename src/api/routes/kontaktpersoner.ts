import { createRoute, z } from "@hono/zod-openapi";
import { kontaktpersonCatalogue } from "../../model/catalogue.ts";
import type { BodyContext } from "../../model/read-body.ts";
import { findKontaktperson, listKontaktpersoner, type ReadRecord } from "../../store/kundeemner-read.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { etagOf, matchVersion } from "../if-match.ts";
import { Problem } from "../problems.ts";
import { bodySchema, readRecordBody } from "../record-body.ts";
import { kontaktpersonSchema, viewKontaktperson } from "../record-view.ts";
import { bodyProblems, idempotencyHeader, json, secured, securedProblems, uuidParam } from "../route.ts";
import { todayOf, typedNow } from "../today.ts";
import { jsonOf } from "./kundeemner.ts";

const tags = ["kundeemner"];
const params = z.object({ id: uuidParam("id") });
const contactParams = z.object({ id: uuidParam("id"), contact: uuidParam("contact") });
const etagHeader = z.object({ etag: z.string() });
const ifMatchHeader = z.object({ "if-match": z.string().optional() });
const jsonOrPatch = (schema: ReturnType<typeof bodySchema>) => ({
  required: true,
  content: { "application/merge-patch+json": { schema }, "application/json": { schema } },
});

const list = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/kontaktpersoner",
  tags,
  summary: "The contacts of a Kundeemne, primary first",
  ...secured("look"),
  request: { params },
  responses: {
    200: json(z.strictObject({ items: z.array(kontaktpersonSchema) }), "Contacts."),
    ...securedProblems(404, 410),
  },
});

const create = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/kontaktpersoner",
  tags,
  summary: "Add a contact",
  ...secured("write"),
  request: {
    params,
    headers: idempotencyHeader,
    body: { required: true, content: { "application/json": { schema: bodySchema(kontaktpersonCatalogue, "create") } } },
  },
  responses: { 201: { ...json(kontaktpersonSchema, "The contact."), headers: etagHeader }, ...bodyProblems(404, 410) },
});

const get = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/kontaktpersoner/{contact}",
  tags,
  summary: "One contact",
  ...secured("look"),
  request: { params: contactParams },
  responses: { 200: { ...json(kontaktpersonSchema, "The contact."), headers: etagHeader }, ...securedProblems(404) },
});

const patch = createRoute({
  method: "patch",
  path: "/v1/kundeemner/{id}/kontaktpersoner/{contact}",
  tags,
  summary: "Change a contact (RFC 7396: null clears, absent stays)",
  description: "`primaer: true` makes it the primary contact; the one before it is no longer (S22).",
  ...secured("write"),
  request: {
    params: contactParams,
    headers: ifMatchHeader,
    body: jsonOrPatch(bodySchema(kontaktpersonCatalogue, "patch")),
  },
  responses: {
    200: { ...json(kontaktpersonSchema, "The contact."), headers: etagHeader },
    ...bodyProblems(404, 410, 412),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/kundeemner/{id}/kontaktpersoner/{contact}",
  tags,
  summary: "Remove a contact here; at other systems it is unlinked, not deleted (S27)",
  ...secured("write"),
  request: { params: contactParams, headers: ifMatchHeader },
  responses: { 204: { description: "Removed." }, ...securedProblems(404, 409, 410, 412, 422) },
});

export function kontaktpersonRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { id } = c.req.valid("param");
    await getKundeemne(deps, id);
    return c.json(
      {
        items: (await listKontaktpersoner(deps.sql, [id])).map((contact) =>
          viewKontaktperson(contact, todayOf(deps.now())),
        ),
      },
      200,
    );
  });

  app.openapi(create, async (c) => {
    const { id } = c.req.valid("param");
    const body = await jsonOf(c.req);
    const context = contextOf(deps, await getKundeemne(deps, id));
    const values = readRecordBody(kontaktpersonCatalogue, body, "create", context);
    const made = await deps.gateway.createEntity({ entity: "kontaktperson", values, parentId: id, by: actorOf(c) });
    const contact = await getContact(deps, id, made.id);
    const headers = { etag: etagOf(contact.version), location: `/v1/kundeemner/${id}/kontaktpersoner/${made.id}` };
    return c.json(viewKontaktperson(contact, todayOf(deps.now())), 201, headers);
  });

  app.openapi(get, async (c) => {
    const { id, contact: contactId } = c.req.valid("param");
    const contact = await getContact(deps, id, contactId);
    return c.json(viewKontaktperson(contact, todayOf(deps.now())), 200, { etag: etagOf(contact.version) });
  });

  app.openapi(patch, async (c) => {
    const { id, contact: contactId } = c.req.valid("param");
    const body = await jsonOf(c.req);
    const context = contextOf(deps, await getKundeemne(deps, id));
    const before = await getContact(deps, id, contactId);
    const values = readRecordBody(kontaktpersonCatalogue, body, "patch", { ...context, before: before.values });
    const ifVersion = matchVersion(c.req.header("if-match"), before.version);
    const edit = { entity: "kontaktperson" as const, id: contactId, patch: values, by: actorOf(c) };
    await deps.gateway.editEntity({ ...edit, ...(ifVersion === undefined ? {} : { ifVersion }) });
    const contact = await getContact(deps, id, contactId);
    return c.json(viewKontaktperson(contact, todayOf(deps.now())), 200, { etag: etagOf(contact.version) });
  });

  app.openapi(remove, async (c) => {
    const { id, contact: contactId } = c.req.valid("param");
    const before = await getContact(deps, id, contactId);
    const ifVersion = matchVersion(c.req.header("if-match"), before.version);
    await deps.gateway.deleteContact({
      id: contactId,
      by: actorOf(c),
      ...(ifVersion === undefined ? {} : { ifVersion }),
    });
    return c.body(null, 204);
  });
}

/** A contact's telephone is read by the country of its company. */
function contextOf(deps: ApiDeps, { values }: ReadRecord): BodyContext {
  const landekode = typeof values.landekode === "string" ? values.landekode : null;
  return { ...typedNow(deps), landekode };
}

/** A contact of this emne, or a 404. */
export async function getContact(deps: ApiDeps, kundeemneId: string, id: string) {
  const contact = await findKontaktperson(deps.sql, kundeemneId, id);
  if (contact === undefined) throw new Problem(404, "not_found");
  return contact;
}

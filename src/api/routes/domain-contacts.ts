import { createRoute, z } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { KoblingError } from "../../lib/errors.ts";
import { kontaktpersonCatalogue } from "../../model/catalogue.ts";
import { checkValue } from "../../model/check-value.ts";
import { listDomainContacts } from "../../store/domain-contacts.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps, ApiLimits } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem, problemOf } from "../problems.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  nameParam,
  numberParam,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
} from "../route.ts";
import { getWished } from "./connections.ts";

const MOST = 500;
const email = kontaktpersonCatalogue.fields.email;
const isAddress = (text: string): boolean => email !== undefined && checkValue(email, text) === null;

const messageSchema = z
  .strictObject({
    address: z.string().max(254).refine(isAddress, { error: "An e-mail address is name@domain." }).openapi({
      description: "The address that the message came from.",
      example: "jens.hansen@nordhavn-el.dk",
    }),
    name: z.string().trim().min(1).max(100).optional().openapi({ description: "As the message names the sender." }),
    messageId: z.string().min(1).max(998).openapi({ description: "Kept as the evidence." }),
    sentAt: z.iso.datetime({ offset: true }).optional(),
  })
  .openapi("InboundAddress");

const outcomeSchema = z
  .strictObject({
    messageId: z.string(),
    outcome: z.enum(["made", "known", "asked", "ignored"]).openapi({
      description: "`asked`: a review of kind `unknown_address` waits, once an address.",
    }),
    reason: z
      .enum(["role_address", "public_mail_domain", "own_domain", "not_a_domain", "said_no"])
      .optional()
      .openapi({ description: "Why it is ignored." }),
    kundeemneId: z.uuid().optional(),
    kontaktpersonId: z.uuid().optional(),
  })
  .openapi("AddressOutcome");

const push = createRoute({
  method: "post",
  path: "/v1/connections/{name}/inbound/email",
  tags: ["inbound"],
  summary: "Tell of addresses that wrote to us; a contact is made of each whose domain is one company's",
  description: `Where exactly one Kundeemne has the registrable domain of the address under \`emailDomaener\`, a contact is made there, once an address, marked
\`oprettetVia: domaene\`; no consent is set and nobody becomes the primary contact. Of a domain that none or several have, a person is asked. Public mail
domains, your own (\`contacts.ownDomains\`) and addresses of offices and machines make nobody. At most ${MOST} a request; what was answered is kept.`,
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name") }),
    body: jsonBody(z.union([messageSchema, z.array(messageSchema).min(1).max(MOST)])),
  },
  responses: {
    200: json(z.strictObject({ items: z.array(outcomeSchema) }), "What became of each, in order."),
    ...bodyProblems(404),
  },
});

const contactSchema = z
  .strictObject({
    id: z.int(),
    state: z.enum(["made", "asked", "ignored", "undone"]),
    kontaktpersonId: z.uuid().nullable(),
    kundeemneId: z.uuid().nullable().openapi({ description: "Null: there is no contact, or not any more." }),
    domain: z.string(),
    connection: z.string(),
    messageId: z.string().openapi({ description: "The message that showed the address first." }),
    sentAt: z.iso.datetime().nullable(),
    at: z.iso.datetime(),
    by: z.string(),
    undoneAt: z.iso.datetime().nullable(),
    undoneBy: z.string().nullable(),
  })
  .openapi("DomainContact");

const filter = {
  connection: z.string().max(63).optional(),
  domain: z.string().max(253).optional(),
  kundeemne: z.uuid().optional(),
};
const tags = ["kundeemner"];

const list = createRoute({
  method: "get",
  path: "/v1/domain-contacts",
  tags,
  summary: "Contacts that were made of e-mail addresses, with the evidence, newest first",
  ...secured("read"),
  request: { query: z.strictObject({ state: contactSchema.shape.state.optional(), ...filter, ...pageQuery }) },
  responses: { 200: json(pageSchema(contactSchema), "Contacts."), ...securedProblems() },
});

const undo = createRoute({
  method: "post",
  path: "/v1/domain-contacts/{id}/undo",
  tags,
  summary: "Take a contact away that was made of an address",
  description: "Its address makes none again. One that was changed or used since stays: a 409.",
  ...secured("write"),
  request: { params: z.object({ id: numberParam("id") }), headers: idempotencyHeader },
  responses: { 200: json(contactSchema, "As it is now."), ...bodyProblems(404) },
});

const undoMany = createRoute({
  method: "post",
  path: "/v1/domain-contacts/undo",
  tags,
  summary: "Take away all contacts that were made of addresses and that a filter finds",
  description: `Each by itself; those that were changed or used since stay and are told. At most ${MOST} a request, newest first: \`next\` goes on.`,
  ...secured("write"),
  request: {
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          filter: z.strictObject(filter).refine((given) => Object.values(given).some((value) => value !== undefined), {
            error: "Name what is meant",
          }),
          before: z.int().min(1).optional().openapi({ description: "`next` of the answer before." }),
        })
        .openapi("DomainContactsUndo"),
    ),
  },
  responses: {
    200: json(
      z.strictObject({
        undone: z.int(),
        left: z.array(z.strictObject({ id: z.int(), code: z.string() })),
        next: z.int().nullable(),
      }),
      "How many were taken away, and which stay.",
    ),
    ...bodyProblems(),
  },
});

/** Contacts made of e-mail addresses by the domain of a company (S25, S28). */
export function domainContactRoutes(app: Api, deps: ApiDeps, limits: ApiLimits): void {
  // Below /inbound/ no other limit is set: the rest of it is read as a stream.
  app.use(
    "/v1/connections/:name/inbound/email",
    bodyLimit({
      maxSize: limits.bodyBytes,
      onError: () => {
        throw new Problem(413, "body_too_large", { facts: { limit: limits.bodyBytes } });
      },
    }),
  );

  app.openapi(push, async (c) => {
    const { name } = c.req.valid("param");
    getWished(deps, name);
    const given = c.req.valid("json");
    const items: z.infer<typeof outcomeSchema>[] = [];
    for (const { address, name: sender, messageId, sentAt } of Array.isArray(given) ? given : [given]) {
      const seen = { address, name: sender ?? null, messageId, sentAt: sentAt ?? null };
      items.push({ messageId, ...(await deps.gateway.takeAddress({ ...seen, connection: name, by: actorOf(c) })) });
    }
    return c.json({ items }, 200);
  });

  app.openapi(list, async (c) => {
    const { cursor, limit, ...question } = c.req.valid("query");
    const before = readPageCursor(question, cursor, z.int());
    const page = await listDomainContacts(deps.sql, { ...question, before, limit });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: [...page.rows], next }, 200);
  });

  app.openapi(undoMany, async (c) => {
    const { filter: asked, before } = c.req.valid("json");
    const page = await listDomainContacts(deps.sql, { ...asked, state: "made", before, limit: MOST });
    const left: { id: number; code: string }[] = [];
    for (const { id } of page.rows) {
      try {
        await deps.gateway.undoDomainContact({ id, by: actorOf(c) });
      } catch (error) {
        if (!(error instanceof KoblingError)) throw error;
        left.push({ id, code: problemOf(error).code });
      }
    }
    return c.json({ undone: page.rows.length - left.length, left, next: page.next ?? null }, 200);
  });

  app.openapi(undo, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await deps.gateway.undoDomainContact({ id, by: actorOf(c) }), 200);
  });
}

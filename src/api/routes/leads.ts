import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { RejectedError, RetryableError } from "../../lib/errors.ts";
import { kontaktpersonCatalogue, kundeemneCatalogue, type Values } from "../../model/catalogue.ts";
import type { LeadAct } from "../../pipelines/leads.ts";
import { type Lead, listLeads } from "../../store/leads.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps, ApiEnv } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { type Fault, Problem } from "../problems.ts";
import { readRecordBody } from "../record-body.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  pageQuery,
  pageSchema,
  secured,
  securedProblems,
} from "../route.ts";
import { allows } from "../scopes.ts";
import { typedNow } from "../today.ts";

const KILDER = kundeemneCatalogue.fields.leadkilde?.codes ?? [];
const kilde = z.enum([...KILDER]).openapi({ description: "Where it came from." });

/** What a stranger may say of a company: never consent, finance or what only the shop decides. */
const COMPANY_FIELDS = [
  ...["firmanavn", "cvrNr", "adresse1", "adresse2", "postnr", "bynavn", "landekode", "land", "telefon", "hjemmeside"],
  ...["kundetype", "interessetyper", "maalgrupper", "emnetyper", "ansvarligSaelger", "eanLokationsnr", "pNumre"],
];
const CONTACT_FIELDS = ["navn", "titel", "telefon", "mobil", "email"];

const leadBody = z
  .strictObject({
    kilde,
    submissionId: z.string().trim().min(1).max(200).openapi({
      description: "The form's own id of this submission, unique within the source: sent again it is the same lead.",
    }),
    detalje: z
      .string()
      .trim()
      .max(200)
      .optional()
      .openapi({ description: "Which fair, page, campaign, or who referred." }),
    dato: z.iso.date().optional().openapi({ description: "When; today in Copenhagen if left out. Not ahead." }),
    kundeemne: z.record(z.string(), z.unknown()).openapi({
      description: `The company: \`firmanavn\`, and of its fields ${COMPANY_FIELDS.slice(1).join(", ")}.`,
    }),
    kontaktperson: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: `Who asked: ${CONTACT_FIELDS.join(", ")}.` }),
    besked: z.string().max(10_000).optional().openapi({ description: "What was said; kept as an activity." }),
  })
  .openapi("NewLead");

const leadSchema = z
  .strictObject({
    id: z.uuid(),
    kilde: z.string(),
    submissionId: z.string(),
    detalje: z.string().nullable(),
    dato: z.string(),
    receivedAt: z.iso.datetime(),
    by: z.string(),
    outcome: z.enum(["made", "matched"]),
    kundeemneId: z.uuid(),
    kontaktpersonId: z.uuid().nullable(),
    aktivitetId: z.uuid(),
    duplicates: z.array(z.uuid()).openapi({ description: "Records that may be the same company; a person is told." }),
  })
  .openapi("Lead");

const takenSchema = z
  .strictObject({
    id: z.uuid(),
    repeated: z.boolean().openapi({ description: "It had come before; nothing was done." }),
    lead: leadSchema.optional().openapi({ description: "For keys that may read." }),
  })
  .openapi("LeadTaken");

const create = createRoute({
  method: "post",
  path: "/v1/leads",
  tags: ["leads"],
  summary: "Take in a lead of a web form, a fair, a call",
  description:
    "A company that is surely known gets it as an activity and keeps its values; otherwise a Kundeemne is made, of kind `lead`. A key " +
    "of scope `lead` may do this and nothing else, and is told nothing of what is known. `leads.origins` lists the pages whose " +
    "browsers may send; `leads.limit` how many leads a key may send. Consent is never set.",
  ...secured("lead"),
  request: { headers: idempotencyHeader, body: jsonBody(leadBody) },
  responses: {
    201: json(takenSchema, "Taken in."),
    200: json(takenSchema, "It had come before."),
    ...bodyProblems(429),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/leads",
  tags: ["leads"],
  summary: "Leads that were taken in, newest first",
  ...secured("read"),
  request: { query: z.strictObject({ ...pageQuery, kilde: kilde.optional(), kundeemneId: z.uuid().optional() }) },
  responses: { 200: json(pageSchema(leadSchema), "A page."), ...securedProblems() },
});

const PREFLIGHT_SECONDS = 600;

/** Before anybody signs in: a browser asks first, and is answered for the listed pages only. */
export function leadsFromPages(origins: readonly string[]): MiddlewareHandler<ApiEnv>[] {
  return [
    cors({
      origin: [...origins],
      allowMethods: ["POST"],
      allowHeaders: ["authorization", "content-type", "idempotency-key", "accept-language"],
      exposeHeaders: ["retry-after", "content-language"],
      maxAge: PREFLIGHT_SECONDS,
    }),
    async (c, next) => {
      const origin = c.req.header("origin");
      if (origin !== undefined && !origins.includes(origin)) throw new Problem(403, "origin_not_allowed");
      await next();
    },
  ];
}

/** Lead intake (S65). */
export function leadRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(create, async (c) => {
    const body = c.req.valid("json");
    const act = { ...readLead(body, typedNow(deps)), keyId: c.get("caller").id, by: actorOf(c) };
    const { lead, repeated } = await deps.gateway.takeLead(act).catch(toldAsLead);
    const isReader = allows(c.get("caller").scopes, "read", undefined);
    const taken = { id: lead.id, repeated, ...(isReader ? { lead: viewLead(lead) } : {}) };
    return repeated ? c.json(taken, 200) : c.json(taken, 201);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const question = { leads: filter };
    const after = readPageCursor(question, cursor, z.strictObject({ receivedAt: z.string(), id: z.uuid() }));
    const page = await listLeads(deps.sql, filter, after, limit);
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: page.leads.map(viewLead), next }, 200);
  });
}

const viewLead = ({ fingerprint: _, keyId: __, duplicates, ...lead }: Lead) => ({
  ...lead,
  duplicates: [...duplicates],
});

/** What the intake says of a lead in its own words. */
function toldAsLead(error: unknown): never {
  if (error instanceof RejectedError && error.code === "exists")
    throw new Problem(422, "submission_reused", { cause: error });
  if (error instanceof RetryableError && error.code === "limit_reached") {
    const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000));
    throw new Problem(429, "too_many_leads", { headers: { "retry-after": String(seconds) }, cause: error });
  }
  throw error;
}

function readLead(body: z.infer<typeof leadBody>, typed: ReturnType<typeof typedNow>): Omit<LeadAct, "keyId" | "by"> {
  const faults: Fault[] = [];
  const only = (part: "kundeemne" | "kontaktperson", fields: readonly string[]) => {
    for (const name of Object.keys(body[part] ?? {}))
      if (!fields.includes(name))
        faults.push({ pointer: `/${part}/${name}`, code: "not_allowed", facts: { choices: fields.join(", ") } });
  };
  only("kundeemne", COMPANY_FIELDS);
  only("kontaktperson", CONTACT_FIELDS);
  const { today } = typed;
  const dato = body.dato ?? today;
  if (dato > today) faults.push({ pointer: "/dato", code: "date_ahead" });
  if (faults.length > 0) throw new Problem(422, "invalid_request", { faults });
  const kundeemne = readRecordBody(kundeemneCatalogue, body.kundeemne, "create", { ...typed, base: "/kundeemne" });
  const landekode = typeof kundeemne.landekode === "string" ? kundeemne.landekode : null;
  const kontaktperson: Values | null =
    body.kontaktperson === undefined
      ? null
      : readRecordBody(kontaktpersonCatalogue, body.kontaktperson, "create", {
          ...{ ...typed, landekode, base: "/kontaktperson" },
        });
  return {
    ...{ kilde: body.kilde, submissionId: body.submissionId, detalje: body.detalje ?? null, dato },
    ...{ kundeemne, kontaktperson, besked: body.besked ?? null },
  };
}

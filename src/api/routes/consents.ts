import { createRoute, z } from "@hono/zod-openapi";
import { type Channel, channels, consentPurposes } from "../../rules/consent-facts.ts";
import { refusalCodes } from "../../rules/eligibility.ts";
import { listConsents, type StoredConsent } from "../../store/consents.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { etagOf, matchVersion } from "../if-match.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { type Fault, Problem } from "../problems.ts";
import { wholeKundeemneSchema } from "../record-view.ts";
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
import { eligibilityTexts } from "../texts/eligibility.ts";
import { wholeOf } from "./kundeemner.ts";

const tags = ["consents"];
const params = z.object({ id: uuidParam("id") });
const kinds = ["given", "requested", "soft_opt_in", "withdrawn", "unreachable", "complained"] as const;
const channel = z.enum(channels).openapi({ description: "`letter` stands for all other means of distance as well." });
const purpose = z.enum(consentPurposes).openapi({
  description: "`markedsfoering`: our own advertising; `videregivelse`: that the address is passed on for another's.",
});

const consentSchema = z
  .strictObject({
    id: z.int(),
    channel,
    purpose,
    kind: z.enum(kinds),
    address: z.string().openapi({ description: "In the form in which addresses are compared." }),
    at: z.iso.datetime(),
    evidence: z.string().nullable(),
    optOutOffered: z.boolean().nullable(),
    source: z.string().nullable(),
    kundeemneId: z.uuid().nullable(),
    kontaktpersonId: z.uuid().nullable(),
    by: z.string(),
    notedAt: z.iso.datetime(),
  })
  .openapi("Consent");

const newConsent = z
  .strictObject({
    channel,
    purpose: purpose.default("markedsfoering"),
    kind: z.enum(kinds).openapi({
      description:
        "`given`: consent. `requested`: a consumer's own request to be called. `soft_opt_in`: got with a sale (markedsføringsloven § 10(2)). " +
        "`withdrawn`, `unreachable` and `complained` end what was permitted before.",
    }),
    kontaktpersonId: z.uuid().optional(),
    address: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .optional()
      .openapi({ description: "The record's or contact's own if left out." }),
    at: z.iso.datetime({ offset: true }).optional().openapi({ description: "When it was said; now if left out." }),
    evidence: z.string().trim().min(1).max(1000).optional().openapi({
      description: "What proves a permission: the text's version, the form, the sale. A permission takes it.",
    }),
    optOutOffered: z.boolean().optional().openapi({
      description: "Told before that it can be withdrawn, or offered to opt out then and in every message.",
    }),
    source: z.string().trim().min(1).max(200).optional(),
  })
  .openapi("NewConsent");

const list = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/samtykker",
  tags,
  summary: "What was said at a Kundeemne of being contacted, newest first",
  ...secured("look"),
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(consentSchema), "A page."), ...securedProblems(404, 410) },
});

const add = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/samtykker",
  tags,
  summary: "Note a consent, or its withdrawal",
  description:
    "Facts are added and never changed. What is said of an address holds for every record that has it; the stricter wins, and a withdrawal " +
    "is one call without any proof.",
  ...secured("campaign"),
  request: { params, headers: idempotencyHeader, body: jsonBody(newConsent) },
  responses: { 201: json(consentSchema, "Noted."), ...bodyProblems(404, 410) },
});

const reason = <Code extends z.ZodType>(code: Code) => z.strictObject({ code, text: z.string() });

const eligibilitySchema = z
  .strictObject({
    allowed: z.boolean(),
    reasons: z
      .array(reason(z.enum(refusalCodes)))
      .openapi({ description: "All that speaks against it; one is enough." }),
    warnings: z.array(reason(z.enum(["consent_lapsing", "gdpr_old", "company_ceased"]))),
  })
  .openapi("Eligibility");

const ask = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/eligibility",
  tags,
  summary: "May a Kundeemne, or its contact, be contacted?",
  description:
    "The rule that every campaign is asked by: consent, objection, protection against advertising, the Robinson list, the state of the record. " +
    "What is not known is no.",
  ...secured("look"),
  request: {
    params,
    query: z.strictObject({
      channel,
      purpose: z.enum(["markedsfoering", "service"]).default("markedsfoering"),
      sender: z.enum(["own", "third_party"]).default("own").openapi({ description: "Whose advertising it is." }),
      kontaktpersonId: z.uuid().optional(),
    }),
  },
  responses: { 200: json(eligibilitySchema, "The verdict."), ...securedProblems(404) },
});

const restriction = (act: "restrict" | "unrestrict") =>
  createRoute({
    method: "post",
    path: `/v1/kundeemner/{id}/${act}`,
    tags: ["kundeemner"],
    summary: act === "restrict" ? "Restrict the processing of a Kundeemne (art. 18)" : "Lift a restriction",
    description:
      act === "restrict"
        ? "It is stored and nothing else: nothing is written to it or sent of it, no campaign reaches it, no directory refreshes it."
        : "What its systems have changed meanwhile is decided first; then what they are owed goes out.",
    ...secured(act === "restrict" ? "write" : "loosen"),
    request: {
      params,
      headers: z.object({ ...idempotencyHeader.shape, "if-match": z.string().optional() }),
      body: jsonBody(z.strictObject({ reason: z.string().trim().min(1).max(200) }).openapi("RestrictionReason")),
    },
    responses: {
      200: { ...json(wholeKundeemneSchema, "The record."), headers: z.object({ etag: z.string() }) },
      ...bodyProblems(404, 410, 412),
    },
  });

const PERMISSIONS: ReadonlySet<string> = new Set(["given", "requested", "soft_opt_in"]);
const ELECTRONIC: ReadonlySet<Channel> = new Set(["email", "sms", "push", "automatic_call", "fax"]);

/** Consents, eligibility and restriction (S60, S66, S72; domain notes, d.9 and d.10). */
export function consentRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { id } = c.req.valid("param");
    await getKundeemne(deps, id);
    const { cursor, limit } = c.req.valid("query");
    const question = { samtykker: id };
    const page = await listConsents(deps.sql, {
      kundeemneId: id,
      before: readPageCursor(question, cursor, z.int()),
      limit,
    });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    return c.json({ items: page.rows.map(viewConsent), next }, 200);
  });

  app.openapi(add, async (c) => {
    const body = c.req.valid("json");
    const faults = faultsOf(body, deps.now());
    if (faults.length > 0) throw new Problem(422, "invalid_request", { faults });
    const { channel: by, purpose: for_, kind, ...rest } = body;
    const act = {
      kundeemneId: c.req.valid("param").id,
      channel: by,
      purpose: for_,
      kind,
      ...given(rest),
      by: actorOf(c),
    };
    return c.json(viewConsent(await deps.gateway.noteConsent(act)), 201);
  });

  app.openapi(ask, async (c) => {
    const { channel: by, purpose: for_, sender, ...rest } = c.req.valid("query");
    const question = { kundeemneId: c.req.valid("param").id, channel: by, purpose: for_, sender, ...given(rest) };
    const { allowed, reasons, warnings } = await deps.gateway.askEligibility(question);
    const language = c.get("language");
    c.header("vary", "Accept-Language");
    const told = <Code extends keyof typeof eligibilityTexts>(code: Code) => ({
      code,
      text: eligibilityTexts[code][language],
    });
    return c.json({ allowed, reasons: reasons.map(told), warnings: warnings.map(told) }, 200);
  });

  for (const act of ["restrict", "unrestrict"] as const) {
    app.openapi(restriction(act), async (c) => {
      const { id } = c.req.valid("param");
      const { reason: why } = c.req.valid("json");
      const ifVersion = matchVersion(c.req.header("if-match"), (await getKundeemne(deps, id)).version);
      await deps.gateway[act]({ id, reason: why, by: actorOf(c), ...given({ ifVersion }) });
      const { view, version } = await wholeOf(deps, id, c.get("language"));
      return c.json(view, 200, { etag: etagOf(version) });
    });
  }
}

const viewConsent = ({ ...consent }: StoredConsent) => consent;

/** What a permission needs to be one; an end of permissions needs nothing. */
function faultsOf({ kind, channel: by, evidence, optOutOffered, at }: z.output<typeof newConsent>, now: Date): Fault[] {
  if (!PERMISSIONS.has(kind)) return [];
  const faults: Fault[] = [];
  if (evidence === undefined) faults.push({ pointer: "/evidence", code: "missing" });
  if (kind !== "requested" && optOutOffered !== true) faults.push({ pointer: "/optOutOffered", code: "missing" });
  if (kind === "requested" && by !== "phone")
    faults.push({ pointer: "/kind", code: "contradiction", facts: { other: "channel" } });
  if (kind === "soft_opt_in" && !ELECTRONIC.has(by))
    faults.push({ pointer: "/kind", code: "contradiction", facts: { other: "channel" } });
  if (at !== undefined && Date.parse(at) > now.getTime()) faults.push({ pointer: "/at", code: "date_ahead" });
  return faults;
}

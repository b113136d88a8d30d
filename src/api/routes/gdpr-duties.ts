import { createRoute, z } from "@hono/zod-openapi";
import { listIdleLeads } from "../../store/idle-leads.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { json, pageQuery, pageSchema, secured, securedProblems } from "../route.ts";

const tags = ["gdpr"];

const register = createRoute({
  method: "get",
  path: "/v1/gdpr/processing-register",
  tags,
  summary: "The record of processing activities (art. 30)",
  description:
    "From the configuration and the mappings in force: which system gives and gets which personal data, and when what is dropped.",
  ...secured("read"),
  responses: {
    200: json(
      z
        .strictObject({
          controller: z.string().nullable(),
          purpose: z.string(),
          entries: z.array(
            z.strictObject({
              connection: z.string(),
              connector: z.string(),
              object: z.string(),
              side: z.string(),
              registered: z.enum(["kundeemne", "kontaktperson"]),
              from: z.array(z.string()),
              to: z.array(z.string()),
            }),
          ),
          campaignTools: z.array(z.string()),
          deletion: z.record(z.string(), z.number()).openapi({ description: "Days, by kind." }),
          bookkeeping: z.strictObject({ years: z.int(), financialYearEnds: z.string() }),
        })
        .openapi("ProcessingRegister"),
      "The record.",
    ),
    ...securedProblems(),
  },
});

const idle = createRoute({
  method: "get",
  path: "/v1/gdpr/idle-leads",
  tags,
  summary: "Leads that are due to be erased: nothing has happened for long",
  description:
    "A dry run of the retention of leads (art. 5(1)(e)): neither debitor nor kreditor, nothing planned, nothing done for `gdpr.leadMonths`. Nothing is erased by itself; " +
    "`POST /v1/kundeemner/{id}/erase` with ground `retention` does.",
  ...secured("read"),
  request: { query: z.strictObject({ months: z.coerce.number().int().min(1).max(240).optional(), ...pageQuery }) },
  responses: {
    200: json(
      pageSchema(
        z
          .strictObject({ id: z.uuid(), firmanavn: z.string().nullable(), lastAt: z.iso.datetime() })
          .openapi("IdleLead"),
      ),
      "A page.",
    ),
    ...securedProblems(),
  },
});

/** What the controller owes without having been asked (domain notes, d.10). */
export function gdprDutyRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(register, (c) => {
    const { entries, campaignTools, ...rest } = deps.gateway.processingRegister();
    const listed = entries.map(({ from, to, ...entry }) => ({ ...entry, from: [...from], to: [...to] }));
    return c.json({ ...rest, entries: listed, campaignTools: [...campaignTools], deletion: { ...rest.deletion } }, 200);
  });

  app.openapi(idle, async (c) => {
    const { limit, cursor, months = deps.gateway.leadMonths() } = c.req.valid("query");
    const question = { idle: months };
    const rows = await listIdleLeads(deps.sql, {
      months,
      after: readPageCursor(question, cursor, z.uuid()),
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? writePageCursor(question, page.at(-1)?.id) : null;
    return c.json({ items: page, next }, 200);
  });
}

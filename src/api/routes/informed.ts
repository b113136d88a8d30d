import { createRoute, z } from "@hono/zod-openapi";
import { listNotInformed, noteInformed } from "../../store/informed.ts";
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
} from "../route.ts";
import { todayOf } from "../today.ts";

const tags = ["gdpr"];

const personSchema = z
  .strictObject({
    entity: z.enum(["kundeemne", "kontaktperson"]),
    id: z.uuid(),
    kundeemneId: z.uuid(),
    name: z.string().nullable(),
    from: z.string().openapi({ description: "A directory's connection, `domaene` or `import`." }),
    since: z.iso.datetime(),
    dueOn: z.iso.date(),
  })
  .openapi("NotInformed");

const list = createRoute({
  method: "get",
  path: "/v1/gdpr/not-informed",
  tags,
  summary: "People whose data came from elsewhere and who have not been told (art. 14), the oldest first",
  ...secured("read"),
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageSchema(personSchema), "A page."), ...securedProblems() },
});

const note = createRoute({
  method: "post",
  path: "/v1/gdpr/informed",
  tags,
  summary: "Note who has been told",
  ...secured("write"),
  request: {
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          entityIds: z.array(z.uuid()).min(1).max(500),
          how: z.enum(["email", "letter", "phone", "in_person"]),
          on: z.iso.date().optional().openapi({ description: "Today in Copenhagen if left out." }),
        })
        .openapi("Informed"),
    ),
  },
  responses: { 200: json(z.strictObject({ noted: z.int() }), "How many were not noted before."), ...bodyProblems() },
});

/** The duty to tell people whose data came from elsewhere (GDPR art. 14; domain notes, d.10). */
export function informedRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const question = { notInformed: true };
    const after = readPageCursor(question, cursor, z.tuple([z.string(), z.string()]));
    const rows = await listNotInformed(deps.sql, { after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? writePageCursor(question, [last.since, last.id]) : null;
    return c.json({ items: page, next }, 200);
  });

  app.openapi(note, async (c) => {
    const today = todayOf(deps.now());
    const { entityIds, how, on: informedOn = today } = c.req.valid("json");
    if (informedOn > today)
      throw new Problem(422, "invalid_request", { faults: [{ pointer: "/on", code: "date_ahead" }] });
    return c.json({ noted: await noteInformed(deps.sql, { entityIds, how, informedOn, by: actorOf(c).name }) }, 200);
  });
}

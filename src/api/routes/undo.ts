import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { findRun } from "../../store/runs-read.ts";
import type { UndoTarget } from "../../store/undo.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps, ApiEnv } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, numberParam, secured } from "../route.ts";
import { runSchema } from "./runs.ts";

const tags = ["runs"];

const how = {
  preview: z.boolean().optional().openapi({ description: "Write nothing but the list of what would be done." }),
  pin: z.boolean().optional().openapi({
    description:
      "Also undo what a remote holds that we may not write: the old value is pinned. Else listed as needs_pin.",
  }),
};

const description = `Answers with a run of kind \`undo\`, carried out by a worker, also while the connection is paused. Its items tell what became
of each field, its counts add up to \`read\`. Undone is only what nobody has changed since; the rest stays and is listed with its
reason as \`plan\`: changed_since, needs_pin, held, consent (a withdrawn consent is not brought back), protection (none is lifted, and a lifted one
is not brought back), erased, expired, merged, record_archived, restricted, part_of_group, required, no_link, gone, failed. A Kundeemne that was made is archived, a
contact that was made is unlinked. An undo is itself a run and can be undone (R33).`;

const undoRun = createRoute({
  method: "post",
  path: "/v1/runs/{id}/undo",
  tags,
  summary: "Undo what a run has written, field by field",
  description,
  ...secured("admin"),
  request: {
    params: z.object({ id: numberParam("id") }),
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject(how).openapi("UndoRunBody")),
  },
  responses: { 202: json(runSchema, "The undo, a run that waits for a worker."), ...bodyProblems(404) },
});

const undoMapping = createRoute({
  method: "post",
  path: "/v1/undo",
  tags,
  summary: "Undo what a connection has written with a mapping version, or since a time",
  description: `For changes that an ERP has pushed, which belong to no run. ${description}`,
  ...secured("admin"),
  request: {
    headers: idempotencyHeader,
    body: jsonBody(
      z
        .strictObject({
          connection: z.string().min(1).max(63),
          object: z.string().min(1).max(63).optional(),
          mapping: z
            .string()
            .min(1)
            .max(100)
            .optional()
            .openapi({ description: "A mapping version, as history and explain name it. It or `from` must be given." }),
          from: z.iso.datetime({ offset: true }).optional().openapi({ description: "Written at this time or later." }),
          to: z.iso.datetime({ offset: true }).optional().openapi({ description: "Written before this time." }),
          ...how,
        })
        .openapi("UndoBody"),
    ),
  },
  responses: { 202: json(runSchema, "The undo, a run that waits for a worker."), ...bodyProblems(404) },
});

export function undoRoutes(app: Api, deps: ApiDeps): void {
  const start = async (c: Context<ApiEnv>, target: UndoTarget, wish: { preview?: boolean; pin?: boolean }) => {
    const { id } = await deps.gateway.startUndo({ target, ...wish, by: actorOf(c) });
    const run = await findRun(deps.sql, id);
    if (run === undefined) throw new Problem(404, "not_found");
    return run;
  };

  app.openapi(undoRun, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await start(c, { run: id }, given(c.req.valid("json"))), 202);
  });

  app.openapi(undoMapping, async (c) => {
    const { preview, pin, ...target } = c.req.valid("json");
    return c.json(await start(c, given(target), given({ preview, pin })), 202);
  });
}

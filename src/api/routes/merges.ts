import { createRoute, z } from "@hono/zod-openapi";
import type { MergeOutcome } from "../../pipelines/merging/merge.ts";
import { type Obstacle, obstacleInWords, type Refusal } from "../../pipelines/merging/obstacles.ts";
import type { UnmergeOutcome } from "../../pipelines/merging/unmerge.ts";
import { findKundeemne } from "../../store/kundeemner-read.ts";
import { listMerges } from "../../store/merges.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { matchVersion } from "../if-match.ts";
import {
  leftSchema,
  mergedFieldSchema,
  mergedLinkSchema,
  mergeSchema,
  obstacleSchema,
  viewMergedField,
  viewObstacle,
} from "../merge-view.ts";
import { Problem } from "../problems.ts";
import {
  bodyProblems,
  idempotencyHeader,
  json,
  jsonBody,
  numberParam,
  secured,
  securedProblems,
  uuidParam,
} from "../route.ts";

const tags = ["kundeemner"];
const params = z.object({ id: uuidParam("id") });
const dryRun = z.boolean().optional().openapi({ description: "Tell what would be done, and do nothing." });
const counts = z.record(z.string(), z.int()).openapi({ description: "How much goes along, by kind." });

const outcomeSchema = z
  .strictObject({
    dryRun: z.boolean(),
    merge: z.int().nullable().openapi({ description: "By this number it is taken back; null: nothing was done." }),
    repeated: z.boolean().openapi({ description: "It was done before; fields, links and moves are told no more." }),
    survivorId: z.uuid(),
    otherId: z.uuid(),
    refusal: z.enum(["merge_uncertain", "merge_refused", "main_link_needed"]).nullable().openapi({
      description: "Of a dry run: the code that the merge itself would be refused with.",
    }),
    obstacles: z.array(obstacleSchema),
    fields: z.array(mergedFieldSchema).openapi({ description: "Fields and groups in which the two are not the same." }),
    links: z.array(mergedLinkSchema),
    moves: counts,
  })
  .openapi("MergeOutcome");

const merge = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/merge",
  tags,
  summary: "Merge another Kundeemne into this one",
  description: `The record of the path stays, \`other\` goes up in it; its id answers 410 with \`mergedInto\` for ever (R28). Values: the stricter one
of a consent or objection, a pinned one, the one chosen under \`fields\`, what only one of the two has, the members of both sets, else what
survivorship says, else the one of the record that stays; \`dryRun\` shows all of it. Links, contacts, activities, tasks, tilbud, notes, leads,
open cases, pins and refusals go along. Where both have an object at one place, \`main\` names the link that is written to; the other
one becomes \`extra\`. A 409 tells what hinders it: \`merge_uncertain\`, \`merge_refused\`, \`main_link_needed\`. The same merge again changes nothing.`,
  ...secured("write"),
  request: {
    params,
    headers: z.object({ ...idempotencyHeader.shape, "if-match": z.string().optional() }),
    body: jsonBody(
      z
        .strictObject({
          other: z.uuid().openapi({ description: "The record that goes up in this one." }),
          fields: z
            .record(z.string().max(60), z.enum(["survivor", "other"]))
            .optional()
            .openapi({
              description: "Whose value is to stand, by field or group; of a group all parts.",
              example: { telefon: "other", adresse: "survivor" },
            }),
          main: z
            .array(z.uuid())
            .max(100)
            .optional()
            .openapi({ description: "Ids of links that are to be written to." }),
          dryRun,
        })
        .openapi("MergeBody"),
    ),
  },
  responses: { 200: json(outcomeSchema, "What was done, or would be."), ...bodyProblems(404, 410, 412) },
});

const list = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}/merges",
  tags,
  summary: "Merges of a Kundeemne, as the one that stayed or the one that went, newest first",
  ...secured("read"),
  request: { params },
  responses: { 200: json(z.strictObject({ items: z.array(mergeSchema) }), "Merges."), ...securedProblems(404) },
});

const undoneSchema = z
  .strictObject({
    dryRun: z.boolean(),
    repeated: z.boolean().openapi({ description: "It was taken back before." }),
    survivorId: z.uuid(),
    otherId: z.uuid(),
    refusal: z.enum(["merge_uncertain", "merge_refused", "main_link_needed"]).nullable(),
    obstacles: z.array(obstacleSchema),
    restored: z.array(z.string()).openapi({ description: "Fields and groups of the survivor that are as before." }),
    moves: counts,
    left: z.array(leftSchema).openapi({ description: "What stays as it is now, and why." }),
  })
  .openapi("UnmergeOutcome");

const undo = createRoute({
  method: "post",
  path: "/v1/merges/{id}/undo",
  tags,
  summary: "Take a merge back",
  description: `Both records stand for themselves again. What the merge moved goes back, as far as nobody has moved it since; fields of the
survivor get their values from before where nobody has changed them (R33). The rest stays and is listed with its reason. What a system
has edited meanwhile is decided for the record that its link comes back to. A withdrawn consent does not return, and a refused pair stays
refused. To undo this in turn, merge the two again.`,
  ...secured("write"),
  request: {
    params: z.object({ id: numberParam("id") }),
    headers: idempotencyHeader,
    body: jsonBody(z.strictObject({ dryRun }).openapi("UnmergeBody")),
  },
  responses: { 200: json(undoneSchema, "What came back, and what did not."), ...bodyProblems(404, 410) },
});

/** Merging two Kundeemner, and taking it back (R28, R33). */
export function mergeRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(merge, async (c) => {
    const { id } = c.req.valid("param");
    const { other, fields, main, dryRun = false } = c.req.valid("json");
    const ifVersion = matchVersion(c.req.header("if-match"), (await getKundeemne(deps, id)).version);
    const act = { id, other, dryRun, by: actorOf(c), ...given({ fields, main, ifVersion }) };
    const outcome = await deps.gateway.merge(act);
    if (!dryRun) refuse(outcome.refusal, outcome.obstacles);
    return c.json({ ...viewOutcome(outcome), dryRun, survivorId: id, otherId: other }, 200);
  });

  app.openapi(list, async (c) => {
    const { id } = c.req.valid("param");
    if ((await findKundeemne(deps.sql, id)) === undefined) throw new Problem(404, "not_found");
    return c.json({ items: await listMerges(deps.sql, id) }, 200);
  });

  app.openapi(undo, async (c) => {
    const { id } = c.req.valid("param");
    const { dryRun = false } = c.req.valid("json");
    const outcome = await deps.gateway.unmerge({ merge: id, dryRun, by: actorOf(c) });
    if (!dryRun) refuse(outcome.refusal, outcome.obstacles);
    return c.json({ ...viewUndone(outcome), dryRun }, 200);
  });
}

const viewOutcome = ({ fields, links, obstacles, moves, ...outcome }: MergeOutcome) => ({
  ...outcome,
  obstacles: obstacles.map(viewObstacle),
  fields: fields.map(viewMergedField),
  links: [...links],
  moves: { ...moves },
});

const viewUndone = ({ obstacles, restored, moves, left, ...outcome }: UnmergeOutcome) => ({
  ...outcome,
  obstacles: obstacles.map(viewObstacle),
  restored: [...restored],
  moves: { ...moves },
  left: [...left],
});

function refuse(refusal: Refusal | null, obstacles: readonly Obstacle[]): void {
  if (refusal === null) return;
  throw new Problem(409, refusal, {
    facts: { obstacles: obstacles.map(obstacleInWords).join(", ") },
    extra: { obstacles: obstacles.map(viewObstacle) },
  });
}

import { z } from "@hono/zod-openapi";
import type { Values } from "../model/catalogue.ts";
import type { Obstacle } from "../pipelines/merging/obstacles.ts";
import type { MergedUnit } from "../rules/merge.ts";

const values = z.record(z.string(), z.unknown());
const place = { connection: z.string(), object: z.string() };

export const mergedFieldSchema = z
  .strictObject({
    unit: z.string().openapi({ description: "Field or group.", example: "telefon" }),
    from: z.enum(["survivor", "other", "both"]).openapi({ description: "Whose value stands." }),
    rule: z.string().openapi({ example: "R28:only_one" }),
    differs: z.boolean().openapi({ description: "Both have a value, and these differ." }),
    choice: z.boolean().openapi({ description: "The other record's value may be chosen under `fields`." }),
    survivor: values,
    other: values,
  })
  .openapi("MergedField");

export const mergedLinkSchema = z
  .strictObject({
    id: z.uuid(),
    ...place,
    externalId: z.string(),
    of: z.enum(["survivor", "other"]),
    state: z.string().openapi({ description: "Afterwards. `extra`: read as proposals, not written to." }),
  })
  .openapi("MergedLink");

export const obstacleSchema = z
  .strictObject({
    code: z
      .enum(["uncertain", "in_flight", "stopped_run", "other_company", "orphaned", "refused_pair", "main_needed"])
      .openapi({
        description:
          "`uncertain`: the outcome of a write or conversion is not known. `refused_pair`: a person said no.",
      }),
    connection: z.string().optional(),
    object: z.string().optional(),
    what: z.enum(["delivery", "create", "conversion"]).optional(),
    id: z.union([z.int(), z.uuid()]).optional(),
    state: z.string().optional(),
    link: z.uuid().optional(),
    review: z.int().nullable().optional().openapi({ description: "To be decided first." }),
    externalId: z.string().optional(),
    links: z
      .array(z.strictObject({ id: z.uuid(), externalId: z.string() }))
      .optional()
      .openapi({ description: "One of them is to be named under `main`." }),
  })
  .openapi("MergeObstacle");

export const viewObstacle = (obstacle: Obstacle): z.infer<typeof obstacleSchema> =>
  obstacle.code === "main_needed" ? { ...obstacle, links: [...obstacle.links] } : { ...obstacle };

export const mergeSchema = z
  .strictObject({
    id: z.int(),
    survivorId: z.uuid(),
    otherId: z.uuid(),
    survivorVersion: z.int().openapi({ description: "The survivor's version that the merge made." }),
    at: z.iso.datetime(),
    by: z.string(),
    undoneAt: z.iso.datetime().nullable(),
    undoneBy: z.string().nullable(),
  })
  .openapi("Merge");

export const leftSchema = z
  .strictObject({
    what: z.enum(["field", "link", "contact", "policy", "review", "rows"]),
    name: z.string(),
    reason: z.string().openapi({ example: "changed_since" }),
  })
  .openapi("LeftByUnmerge");

export const viewMergedField = ({
  write: _,
  survivor,
  other,
  ...field
}: MergedUnit): z.infer<typeof mergedFieldSchema> => ({
  ...field,
  survivor: viewValues(survivor),
  other: viewValues(other),
});

const viewValues = (given: Values) =>
  Object.fromEntries(
    Object.entries(given).map(([field, value]) => [
      field,
      typeof value === "object" && value !== null ? [...value] : value,
    ]),
  );

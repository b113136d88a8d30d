import { createRoute, z } from "@hono/zod-openapi";
import { kundeemneCatalogue } from "../../model/catalogue.ts";
import { readCriterion } from "../../model/criteria-text.ts";
import { dimensionNames, SMALL_GROUP, summed } from "../../model/statistics.ts";
import { countKundeemner } from "../../store/kundeemner-read.ts";
import { MOST_GROUPS, readStatistics } from "../../store/statistics.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { json, secured, securedProblems } from "../route.ts";
import { FILTER_ALIASES, faultOfText, notArchived } from "./criteria.ts";

const MOST_DIMENSIONS = 2;

/** `a,b` of a closed list, each once. */
const listOf = <T extends string>(names: readonly [T, ...T[]], most: number, least: number) =>
  z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((each) => each.trim())
        .filter((each) => each !== ""),
    )
    .pipe(
      z
        .array(z.enum(names))
        .min(least)
        .max(most)
        .refine((list) => new Set(list).size === list.length, { error: "each once" }),
    );

const query = z.object({
  by: listOf(dimensionNames, MOST_DIMENSIONS, 1).openapi({
    type: "string",
    example: "branche,kundetype",
    description: `One or two of ${dimensionNames.join(", ")}, with a comma between them. A record with several målgrupper counts in each.`,
  }),
  filter: z.string().max(5000).default("").openapi({ description: "A criterion as text, as lists take it." }),
  sums: listOf(summed, summed.length, 0)
    .default([])
    .openapi({ type: "string", description: `Any of ${summed.join(", ")}: added up by group, in DKK.` }),
  digits: z.coerce.number().int().min(1).max(6).default(2).openapi({
    description: "Digits of the code of branche that make a group: 2 is the main group, 6 the code itself.",
  }),
  width: z.coerce
    .number()
    .refine((width) => width === 10 || width === 100 || width === 1000)
    .default(1000)
    .openapi({
      description: "Postal codes in an interval: 10, 100 or 1000. Other countries' stand together as `other`.",
    }),
});

const answer = z
  .strictObject({
    count: z.int().openapi({ description: "Records that meet the filter: what a list of the same filter shows." }),
    groups: z.array(
      z.strictObject({
        keys: z.record(z.string(), z.string().nullable()).openapi({ description: "By dimension; null: it is empty." }),
        count: z.int(),
        sums: z
          .record(z.string(), z.string())
          .nullable()
          .openapi({
            description: `Exact decimals. Null in a group of fewer than ${SMALL_GROUP}: a sum would tell of single persons.`,
          }),
      }),
    ),
    more: z.boolean().openapi({ description: `There are more than ${MOST_GROUPS} groups; the smallest are left out.` }),
  })
  .openapi("Statistics");

const read = createRoute({
  method: "get",
  path: "/v1/statistics",
  tags: ["kundeemner"],
  summary: "Count Kundeemner by branche, målgruppe, kundetype, status or postal codes",
  description:
    "Counts the records that a list of the same filter shows; the archived are none. The largest group comes first. " +
    `Sums are told of groups of at least ${SMALL_GROUP}.`,
  ...secured("look"),
  request: { query },
  responses: { 200: json(answer, "The groups."), ...securedProblems() },
});

/** Statistics of customers in the language of criteria (S39, S42). */
export function statisticsRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(read, async (c) => {
    const { filter, ...asked } = c.req.valid("query");
    const said = readCriterion(kundeemneCatalogue, filter, FILTER_ALIASES);
    if ("fault" in said) throw new Problem(400, "invalid_query", { faults: [faultOfText("/filter", said.fault)] });
    const criterion = { and: [said.criterion, notArchived] };
    const groups = await readStatistics(deps.sql, { ...asked, criterion });
    return c.json(
      { count: await countKundeemner(deps.sql, criterion), groups, more: groups.length === MOST_GROUPS },
      200,
    );
  });
}

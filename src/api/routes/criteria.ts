import { createRoute, z } from "@hono/zod-openapi";
import { kundeemneCatalogue } from "../../model/catalogue.ts";
import type { Criterion } from "../../model/criteria.ts";
import { checkCriterion, criterionSchema } from "../../model/criteria-json.ts";
import { readCriterion, type TextFault } from "../../model/criteria-text.ts";
import { criterionInWords } from "../../model/criteria-words.ts";
import { writeCriterion } from "../../model/criteria-write.ts";
import { countKundeemner, listKundeemner } from "../../store/kundeemner-read.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { type Fault, Problem } from "../problems.ts";
import { bodyProblems, json, jsonBody, secured } from "../route.ts";

/** Other names of fields in filters. */
export const FILTER_ALIASES: ReadonlyMap<string, string> = new Map([
  ["arkiveret", "arkiveret.vaerdi"],
  ["begraenset", "begraenset.vaerdi"],
]);

/** Records that lists, segments and statistics speak of: the archived are none of them. */
export const notArchived: Criterion = { field: "arkiveret.vaerdi", is: false };

export const faultOfText = (pointer: string, { at, code, wanted }: TextFault): Fault => ({
  pointer,
  code,
  facts: { at, wanted, rule: "filter_value" },
});

const checkBody = z
  .strictObject({
    filter: z
      .string()
      .max(5000)
      .optional()
      .openapi({ example: 'postnr in 8000..8299 and branche.kode ~ "43" and not findesDeb' }),
    criterion: z.any().optional().openapi({ description: "The same as a tree, as this call gives it back." }),
    sample: z.int().min(0).max(50).default(5).openapi({ description: "How many of the records to show." }),
  })
  .openapi("CriterionCheckBody");

const checkedSchema = z
  .strictObject({
    criterion: z.any(),
    filter: z.string().openapi({ description: "As text, in its plain form." }),
    words: z.strictObject({ da: z.string(), en: z.string() }),
    count: z.int(),
    sample: z.array(
      z.strictObject({ id: z.uuid(), kontonummer: z.string().nullable(), firmanavn: z.string().nullable() }),
    ),
  })
  .openapi("CriterionChecked");

const check = createRoute({
  method: "post",
  path: "/v1/criteria/check",
  tags: ["kundeemner"],
  summary: "Read a criterion, say it in words, and count what meets it",
  description:
    '`postnr in (8000..8299, 9000) and (branche.kode ~ "43" or vaerdi >= 10000) and not maalgrupper = webshop and nyesteAkt < today-90d`. Signs: `=`, ' +
    "`!=` (a field of several values: does it contain it), `<`, `<=`, `>`, `>=`, `~` (begins with), `in`, `is empty`, `near(lat,lng,metres)`, " +
    "`bbox(west,south,east,north)`, `polygon(lng,lat;…)`, `and`, `or`, `not` (Danish: `og`, `eller`, `ikke`). The archived are not counted.",
  ...secured("look"),
  request: { body: jsonBody(checkBody) },
  responses: { 200: json(checkedSchema, "What it means."), ...bodyProblems() },
});

/** The language of criteria, to be tried before it is used (S38, S58). */
export function criteriaRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(check, async (c) => {
    const { filter, criterion: given, sample } = c.req.valid("json");
    const criterion = criterionFrom({ filter, criterion: given });
    const asked: Criterion = { and: [criterion, notArchived] };
    const page =
      sample === 0 ? [] : (await listKundeemner(deps.sql, { criterion: asked, sort: SORT, limit: sample })).records;
    return c.json(
      {
        criterion,
        filter: writeCriterion(criterion),
        words: {
          da: criterionInWords(kundeemneCatalogue, criterion, "da"),
          en: criterionInWords(kundeemneCatalogue, criterion, "en"),
        },
        count: await countKundeemner(deps.sql, asked),
        sample: page.map(({ id, values }) => ({
          id,
          kontonummer: text(values.kontonummer),
          firmanavn: text(values.firmanavn),
        })),
      },
      200,
    );
  });
}

/** A criterion as a body gives it, as text or as a tree. Throws the problem that says where it is wrong. */
export const criterionFrom = ({
  filter,
  criterion,
}: {
  filter?: string | undefined;
  criterion?: unknown;
}): Criterion => (criterion === undefined ? fromText(filter ?? "") : fromTree(criterion));

const SORT = { by: "createdAt", descending: false } as const;
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

function fromText(filter: string): Criterion {
  const read = readCriterion(kundeemneCatalogue, filter, FILTER_ALIASES);
  if ("criterion" in read) return read.criterion;
  throw new Problem(422, "invalid_request", { faults: [faultOfText("/filter", read.fault)] });
}

function fromTree(given: unknown): Criterion {
  const parsed = criterionSchema.safeParse(given);
  if (!parsed.success)
    throw new Problem(422, "invalid_request", {
      faults: [{ pointer: "/criterion", code: "wrong_type", facts: { expected: "object" } }],
    });
  const faults = checkCriterion(kundeemneCatalogue, parsed.data);
  if (faults.length === 0) return parsed.data;
  throw new Problem(422, "invalid_request", {
    faults: faults.map(({ pointer, code }) => ({ pointer: `/criterion${pointer}`, code, facts: { rule: "type" } })),
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { kundeemneCatalogue } from "../../model/catalogue.ts";
import { type Criterion, criterionOf } from "../../model/criteria.ts";
import { readCriterion } from "../../model/criteria-text.ts";
import { readBox, readCircle, readPolygon } from "../../model/geo.ts";
import { countRecent } from "../../store/dealing-sums.ts";
import { listKontaktpersoner, listKundeemner } from "../../store/kundeemner-read.ts";
import { listLinksOf } from "../../store/links-read.ts";
import { canSortBy } from "../../store/list-stretches.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { assertAllowed } from "../auth.ts";
import { featuresSchema, GEO_JSON, viewFeatures } from "../geo-json.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { etagOf, matchVersion } from "../if-match.ts";
import type { Language } from "../language.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { type Fault, Problem } from "../problems.ts";
import { bodySchema, readRecordBody } from "../record-body.ts";
import { kundeemneSchema, viewKundeemne, viewWhole, wholeKundeemneSchema } from "../record-view.ts";
import { bodyProblems, idempotencyHeader, json, pageSchema, secured, securedProblems, uuidParam } from "../route.ts";
import { todayOf, typedNow } from "../today.ts";
import { FILTER_ALIASES, faultOfText } from "./criteria.ts";

const tags = ["kundeemner"];
const params = z.object({ id: uuidParam("id") });
const etagHeader = z.object({
  etag: z.string().openapi({ description: "The record's version; send it as If-Match." }),
});
const ifMatchHeader = z.object({
  "if-match": z
    .string()
    .optional()
    .openapi({ description: "ETag of the version that was seen; another one is a 412." }),
});

/** Parts of the map that a list can be asked for, by the name of the parameter (S20). */
const AREAS = { bbox: readBox, near: readCircle, polygon: readPolygon } as const;
const RESERVED = new Set([
  "limit",
  "cursor",
  "sort",
  "filter",
  "updatedAfter",
  "arkiveret",
  "include",
  ...Object.keys(AREAS),
]);

const list = createRoute({
  method: "get",
  path: "/v1/kundeemner",
  tags,
  summary: "Kundeemner, a page at a time",
  description:
    "Any field is a filter: `?findesDeb=true&postnr=8000`; a group's member with a dot (`branche.kode`); the same name again " +
    "is *or*; an empty value asks for empty fields; a field of several values is asked whether it contains the value. " +
    "Numbers, dates and postal codes compare: `?vaerdi[gte]=10000&nyesteAkt[lt]=2026-01-01` (`gt`, `gte`, `lt`, `lte`). " +
    "`bbox`, `near` and `polygon` ask for records whose position lies there. With `Accept: application/geo+json` the page is a " +
    "GeoJSON FeatureCollection with a point for each record. " +
    "Archived records are left out unless `arkiveret` says otherwise.",
  ...secured("look"),
  request: {
    query: z.looseObject({
      limit: z.coerce.number().int().min(1).max(500).default(50),
      cursor: z.string().max(2000).optional(),
      sort: z.string().max(60).default("createdAt").openapi({
        description: "A field, `createdAt` or `updatedAt`; with `-` before it descending.",
        example: "-updatedAt",
      }),
      filter: z.string().max(5000).default("").openapi({
        description: "A criterion as text, as `POST /v1/criteria/check` explains; besides the other filters.",
        example: 'postnr in 8000..8299 and (branche.kode ~ "43" or vaerdi >= 10000)',
      }),
      updatedAfter: z.iso.datetime({ offset: true }).optional(),
      arkiveret: z.enum(["true", "false", "any"]).default("false"),
      include: z.literal("sources").optional().openapi({ description: "`meta.sources` of each record too." }),
      bbox: z.string().max(100).optional().openapi({
        description: "west,south,east,north in degrees; a west beyond the east goes over the antimeridian.",
        example: "9.9,56.0,10.4,56.3",
      }),
      near: z.string().max(100).optional().openapi({
        description: "lat,lng,metres: not farther than that along the earth.",
        example: "56.1629,10.2039,25000",
      }),
      polygon: z.string().max(20_000).optional().openapi({ description: "Corners lng,lat;lng,lat;… of one ring." }),
    }),
  },
  responses: {
    200: {
      description: "Kundeemner.",
      content: {
        "application/json": { schema: pageSchema(kundeemneSchema) },
        "application/geo+json": { schema: featuresSchema },
      },
    },
    ...securedProblems(),
  },
});

const create = createRoute({
  method: "post",
  path: "/v1/kundeemner",
  tags,
  summary: "Make a Kundeemne",
  description: "Only `firmanavn` is required; without `kontonummer` the next of the series is given.",
  ...secured("write"),
  request: {
    headers: idempotencyHeader,
    body: { required: true, content: { "application/json": { schema: bodySchema(kundeemneCatalogue, "create") } } },
  },
  responses: { 201: { ...json(wholeKundeemneSchema, "The record."), headers: etagHeader }, ...bodyProblems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/kundeemner/{id}",
  tags,
  summary: "One Kundeemne with contacts, links and what the gateway knows of it",
  description: "An id that was merged into another record answers 410 with that record's id in `mergedInto`, for ever.",
  ...secured("look"),
  request: { params },
  responses: {
    200: { ...json(wholeKundeemneSchema, "The record."), headers: etagHeader },
    ...securedProblems(404, 410),
  },
});

const patch = createRoute({
  method: "patch",
  path: "/v1/kundeemner/{id}",
  tags,
  summary: "Change fields (RFC 7396: null clears, absent stays)",
  ...secured("write"),
  request: {
    params,
    headers: ifMatchHeader,
    body: {
      required: true,
      content: {
        "application/merge-patch+json": { schema: bodySchema(kundeemneCatalogue, "patch") },
        "application/json": { schema: bodySchema(kundeemneCatalogue, "patch") },
      },
    },
  },
  responses: {
    200: { ...json(wholeKundeemneSchema, "The record."), headers: etagHeader },
    ...bodyProblems(404, 410, 412),
  },
});

export function kundeemneRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, sort, filter, updatedAfter, arkiveret, include } = c.req.valid("query");
    const filters = Object.entries(c.req.queries()).flatMap(([name, values]) =>
      RESERVED.has(name) ? [] : values.map((value): [string, string] => [name, value]),
    );
    const by = sort.replace(/^-/, "");
    const faults: Fault[] = canSortBy(by) ? [] : [{ pointer: "/sort", code: "unknown_field" }];
    const asked = criterionOf(kundeemneCatalogue, filters, FILTER_ALIASES);
    faults.push(...asked.faults.map(faultOfFilter));
    const areas = areasOf(c.req.valid("query"), faults);
    const said = readCriterion(kundeemneCatalogue, filter, FILTER_ALIASES);
    if ("fault" in said) faults.push(faultOfText("/filter", said.fault));
    if (faults.length > 0) throw new Problem(400, "invalid_query", { faults });

    const terms: Criterion[] = [asked.criterion, ...areas, ...("criterion" in said ? [said.criterion] : [])];
    if (arkiveret !== "any") terms.push({ field: "arkiveret.vaerdi", is: arkiveret === "true" });
    if (updatedAfter !== undefined) terms.push({ meta: "updatedAt", after: updatedAfter });
    const criterion: Criterion = { and: terms };
    const question = { criterion, sort };
    const after = readPageCursor(question, cursor, z.strictObject({ value: z.string().nullable(), id: z.uuid() }));
    const page = await listKundeemner(deps.sql, {
      criterion,
      sort: { by, descending: sort.startsWith("-") },
      after,
      limit,
    });
    const next = page.next === undefined ? null : writePageCursor(question, page.next);
    const beside = { sources: include === "sources" };
    const items = page.records.map((record) => viewKundeemne(record, c.get("language"), beside));
    c.header("vary", "Accept, Accept-Language");
    const supports = ["application/json", GEO_JSON];
    if (accepts(c, { header: "Accept", supports, default: "application/json" }) !== GEO_JSON)
      return c.json({ items, next }, 200);
    return c.json(viewFeatures(page.records, items, next), 200, { "content-type": GEO_JSON });
  });

  app.openapi(create, async (c) => {
    const values = readRecordBody(kundeemneCatalogue, await jsonOf(c.req), "create", typedNow(deps));
    const { id } = await deps.gateway.createEntity({ entity: "kundeemne", values, by: actorOf(c) });
    const { view, version } = await wholeOf(deps, id, c.get("language"));
    return c.json(view, 201, { etag: etagOf(version), location: `/v1/kundeemner/${id}` });
  });

  app.openapi(get, async (c) => {
    const { view, version } = await wholeOf(deps, c.req.valid("param").id, c.get("language"));
    return c.json(view, 200, { etag: etagOf(version) });
  });

  app.openapi(patch, async (c) => {
    const { id } = c.req.valid("param");
    const body = await jsonOf(c.req);
    const record = await getKundeemne(deps, id);
    const context = { ...typedNow(deps), before: record.values };
    const values = readRecordBody(kundeemneCatalogue, body, "patch", context);
    // An objection is the person's own: whoever sells does not take it back (S92).
    const before = record.values.indsigelse ?? null;
    if (before !== null && values.indsigelse !== undefined && values.indsigelse !== before) assertAllowed(c, "loosen");
    const ifVersion = matchVersion(c.req.header("if-match"), record.version);
    await deps.gateway.editEntity({
      entity: "kundeemne",
      id,
      patch: values,
      by: actorOf(c),
      ...(ifVersion === undefined ? {} : { ifVersion }),
    });
    const { view, version } = await wholeOf(deps, id, c.get("language"));
    return c.json(view, 200, { etag: etagOf(version) });
  });
}

function areasOf(query: { readonly [name in keyof typeof AREAS]?: string | undefined }, faults: Fault[]): Criterion[] {
  const terms: Criterion[] = [];
  for (const name of ["bbox", "near", "polygon"] as const) {
    const text = query[name];
    if (text === undefined) continue;
    const area = AREAS[name](text);
    if (area === undefined) faults.push({ pointer: `/${name}`, code: "bad_value", facts: { rule: name } });
    else terms.push({ area });
  }
  return terms;
}

/** A Kundeemne as `GET` shows it, with its version. */
export async function wholeOf(deps: ApiDeps, id: string, language: Language) {
  const record = await getKundeemne(deps, id);
  const contacts = await listKontaktpersoner(deps.sql, [id]);
  const links = await listLinksOf(deps.sql, [id]);
  const recent = await countRecent(deps.sql, id);
  const view = viewWhole(record, contacts, links, recent, language, todayOf(deps.now()));
  const unknown = (await deps.gateway.unknownCodes(record.values)).map((field) => ({ field, code: "code_unknown" }));
  return { view: { ...view, meta: withWarnings(view.meta, unknown) }, version: record.version };
}

const withWarnings = <Meta extends { warnings?: { field: string; code: string }[] | undefined }>(
  meta: Meta,
  more: readonly { field: string; code: string }[],
): Meta => (more.length === 0 ? meta : { ...meta, warnings: [...(meta.warnings ?? []), ...more] });

export const faultOfFilter = ({ name, code }: { name: string; code: "unknown_field" | "bad_value" }): Fault => ({
  pointer: `/${name}`,
  code,
  facts: { rule: "type" },
});

const JSON_TYPES = /^application\/(json|merge-patch\+json)\b/i;

/** The body of a record as JSON; its fields are judged one by one afterwards, so that each fault can be told. */
export async function jsonOf(req: {
  header(name: string): string | undefined;
  text(): Promise<string>;
}): Promise<unknown> {
  if (!JSON_TYPES.test(req.header("content-type") ?? "")) {
    throw new Problem(415, "unsupported_media_type", { facts: { expected: "application/json" } });
  }
  try {
    return JSON.parse(await req.text());
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new Problem(400, "invalid_json");
    throw cause; // the body limit's own refusal passes
  }
}

import { createRoute, z } from "@hono/zod-openapi";
import type { Values } from "../../model/catalogue.ts";
import { type Criterion, criterionOf } from "../../model/criteria.ts";
import { type DealingKind, dealingKinds, dealings, readDealing } from "../../model/dealings.ts";
import type { BodyMode } from "../../model/schemas.ts";
import { type Dealing, findDealing, listDealings } from "../../store/dealings.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { dealingSchemas, viewDealing } from "../dealing-view.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { etagOf, matchVersion } from "../if-match.ts";
import { readPageCursor, writePageCursor } from "../page-cursor.ts";
import { Problem } from "../problems.ts";
import { bodySchema } from "../record-body.ts";
import { bodyProblems, idempotencyHeader, json, pageSchema, secured, securedProblems, uuidParam } from "../route.ts";
import { todayOf } from "../today.ts";
import { faultsOf } from "../validation.ts";
import { faultOfFilter, jsonOf } from "./kundeemner.ts";

const query = z.looseObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(2000).optional(),
});
const positionSchema = z.strictObject({ value: z.string().nullable(), id: z.uuid() });
const etagHeader = z.object({ etag: z.string() });
const ifMatchHeader = z.object({ "if-match": z.string().optional() });
const FILTERS =
  "Any field is a filter, of Kundeemner's language: `?saelger=Ida&dato[gte]=2026-01-01&dato[lt]=2026-02-01`.";

/** Aktiviteter, opgaver, tilbud and noter: per emne, and over all emner by contact, seller or any other field (S5, S51). */
export function dealingRoutes(app: Api, deps: ApiDeps): void {
  for (const kind of dealingKinds) {
    listing(app, deps, kind);
    adding(app, deps, kind);
    if (!dealings[kind].appendOnly) changing(app, deps, kind);
  }
}

function listing(app: Api, deps: ApiDeps, kind: DealingKind): void {
  const tags = [kind];
  const schema = dealingSchemas[kind];
  const { order } = dealings[kind];
  const sorted = `By \`${order.by}\`, ${order.descending ? "newest" : "oldest"} first. ${FILTERS}`;
  const answers = { 200: json(pageSchema(schema), "A page."), ...securedProblems() };
  const all = createRoute({
    method: "get",
    path: `/v1/${kind}`,
    tags,
    summary: `${named(kind)} of all Kundeemner`,
    description: sorted,
    ...secured("read"),
    request: { query },
    responses: answers,
  });
  const ofOne = createRoute({
    method: "get",
    path: `/v1/kundeemner/{id}/${kind}`,
    tags,
    summary: `${named(kind)} of a Kundeemne`,
    description: sorted,
    ...secured("read"),
    request: { params: z.object({ id: uuidParam("id") }), query },
    responses: { ...answers, ...securedProblems(404, 410) },
  });
  const one = createRoute({
    method: "get",
    path: `/v1/${kind}/{id}`,
    tags,
    summary: `One ${dealings[kind].one}`,
    ...secured("read"),
    request: { params: z.object({ id: uuidParam("id") }) },
    responses: { 200: { ...json(schema, "It."), headers: etagHeader }, ...securedProblems(404) },
  });
  app.openapi(all, async (c) => c.json(await pageOf(deps, kind, c.req.queries(), c.req.valid("query")), 200));
  app.openapi(ofOne, async (c) => {
    const { id } = c.req.valid("param");
    await getKundeemne(deps, id);
    return c.json(await pageOf(deps, kind, c.req.queries(), c.req.valid("query"), id), 200);
  });
  app.openapi(one, async (c) => {
    const dealing = await getDealing(deps, kind, c.req.valid("param").id);
    return c.json(viewDealing(dealing), 200, { etag: etagOf(dealing.version) });
  });
}

function adding(app: Api, deps: ApiDeps, kind: DealingKind): void {
  const { catalogue, one } = dealings[kind];
  const add = createRoute({
    method: "post",
    path: `/v1/kundeemner/{id}/${kind}`,
    tags: [kind],
    summary: `Add ${one === "note" || one === "tilbud" ? "a" : "an"} ${one}`,
    description: DESCRIPTIONS[kind],
    ...secured("write"),
    request: {
      params: z.object({ id: uuidParam("id") }),
      headers: idempotencyHeader,
      body: { required: true, content: { "application/json": { schema: bodySchema(catalogue, "create") } } },
    },
    responses: {
      201: { ...json(dealingSchemas[kind], "It."), headers: etagHeader },
      ...bodyProblems(404, 410),
    },
  });
  app.openapi(add, async (c) => {
    const { id } = c.req.valid("param");
    const values = readBody(deps, kind, "create", await jsonOf(c.req));
    const made = await deps.gateway.changeDealing({ does: "add", kind, kundeemneId: id, values, by: actorOf(c) });
    const dealing = await getDealing(deps, kind, made.id);
    const headers = { etag: etagOf(dealing.version), location: `/v1/${kind}/${made.id}` };
    return c.json(viewDealing(dealing), 201, headers);
  });
}

function changing(app: Api, deps: ApiDeps, kind: DealingKind): void {
  const { catalogue, one } = dealings[kind];
  const schema = bodySchema(catalogue, "patch");
  const params = z.object({ id: uuidParam("id") });
  const patch = createRoute({
    method: "patch",
    path: `/v1/${kind}/{id}`,
    tags: [kind],
    summary: `Change ${one === "tilbud" ? "a" : "an"} ${one} (RFC 7396: null clears, absent stays)`,
    description: DESCRIPTIONS[kind],
    ...secured("write"),
    request: {
      params,
      headers: ifMatchHeader,
      body: {
        required: true,
        content: { "application/merge-patch+json": { schema }, "application/json": { schema } },
      },
    },
    responses: { 200: { ...json(dealingSchemas[kind], "It."), headers: etagHeader }, ...bodyProblems(404, 410, 412) },
  });
  const remove = createRoute({
    method: "delete",
    path: `/v1/${kind}/{id}`,
    tags: [kind],
    summary: `Take ${one === "tilbud" ? "a" : "an"} ${one} away; that it was there stays in the Kundeemne's history`,
    ...secured("write"),
    request: { params, headers: ifMatchHeader },
    responses: { 204: { description: "Taken away." }, ...securedProblems(404, 409, 410, 412, 422) },
  });
  app.openapi(patch, async (c) => {
    const { id } = c.req.valid("param");
    const before = await getDealing(deps, kind, id);
    const values = readBody(deps, kind, "patch", await jsonOf(c.req), before.values);
    const ifVersion = matchVersion(c.req.header("if-match"), before.version);
    const act = { does: "change", kind, id, patch: values, by: actorOf(c), ...given({ ifVersion }) } as const;
    await deps.gateway.changeDealing(act);
    const dealing = await getDealing(deps, kind, id);
    return c.json(viewDealing(dealing), 200, { etag: etagOf(dealing.version) });
  });
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid("param");
    const before = await getDealing(deps, kind, id);
    const ifVersion = matchVersion(c.req.header("if-match"), before.version);
    await deps.gateway.changeDealing({ does: "remove", kind, id, by: actorOf(c), ...given({ ifVersion }) });
    return c.body(null, 204);
  });
}

const named = (kind: DealingKind): string => kind.replace(/^./, (letter) => letter.toUpperCase());

const DESCRIPTIONS: Record<DealingKind, string> = {
  aktiviteter:
    "`tidspunkt` says `dato` too, which is the date in Copenhagen. One whose date lies ahead is planned: it counts in `nyesteAkt` " +
    "when its day comes. `vaerdi` counts in the Kundeemne's `vaerdi` unless `udfald` is `tabt`.",
  opgaver: "What somebody is to do, and by when.",
  tilbud:
    "`beloeb` is without VAT. In another currency than DKK `kurs` is required: DKK for 100 of the currency, as Danmarks " +
    "Nationalbank quotes it (746.05 for EUR). `tilbudKr` of the Kundeemne adds up what is not `annulleret`.",
  noter: "A note is written once, by the key that asks, and stays as it is.",
};

function readBody(deps: ApiDeps, kind: DealingKind, mode: BodyMode, body: unknown, before?: Values): Values {
  const read = readDealing(kind, mode, body, { today: todayOf(deps.now()), ...given({ before }) });
  if (read.ok) return read.values;
  throw new Problem(422, "invalid_request", { faults: faultsOf(read.issues) });
}

async function getDealing(deps: ApiDeps, kind: DealingKind, id: string): Promise<Dealing> {
  const found = await findDealing(deps.sql, kind, id);
  if (found === undefined) throw new Problem(404, "not_found");
  return found;
}

async function pageOf(
  deps: ApiDeps,
  kind: DealingKind,
  queries: Record<string, string[]>,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  kundeemneId?: string,
) {
  const filters = Object.entries(queries).flatMap(([name, values]) =>
    name === "limit" || name === "cursor" ? [] : values.map((value): [string, string] => [name, value]),
  );
  const asked = criterionOf(dealings[kind].catalogue, filters);
  if (asked.faults.length > 0) throw new Problem(400, "invalid_query", { faults: asked.faults.map(faultOfFilter) });
  const criterion: Criterion =
    kundeemneId === undefined ? asked.criterion : { and: [asked.criterion, { field: "kundeemneId", is: kundeemneId }] };
  const after = readPageCursor({ kind, criterion }, cursor, positionSchema);
  const page = await listDealings(deps.sql, kind, { criterion, after, limit });
  const next = page.next === undefined ? null : writePageCursor({ kind, criterion }, page.next);
  return { items: page.dealings.map(viewDealing), next };
}

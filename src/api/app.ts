import { randomBytes } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { routePath } from "hono/route";
import { KoblingError } from "../lib/errors.ts";
import { type Api, type ApiDeps, type ApiEnv, defaultLimits } from "./api-deps.ts";
import { audited } from "./audited.ts";
import { signIn } from "./auth.ts";
import { idempotent } from "./idempotency.ts";
import { languageOf } from "./language.ts";
import { Problem, problemOf, renderProblem } from "./problems.ts";
import { archiveRoutes } from "./routes/archive.ts";
import { audienceHookRoutes } from "./routes/audience-hooks.ts";
import { auditRoutes } from "./routes/audit.ts";
import { campaignRoutes } from "./routes/campaigns.ts";
import { codeListRoutes } from "./routes/code-lists.ts";
import { connectionRoutes } from "./routes/connections.ts";
import { consentRoutes } from "./routes/consents.ts";
import { conversionRoutes } from "./routes/conversions.ts";
import { criteriaRoutes } from "./routes/criteria.ts";
import { dealingRoutes } from "./routes/dealings.ts";
import { documentRoutes } from "./routes/documents.ts";
import { domainContactRoutes } from "./routes/domain-contacts.ts";
import { duplicateRoutes } from "./routes/duplicates.ts";
import { erasureRoutes } from "./routes/erasures.ts";
import { exportRoutes } from "./routes/exports.ts";
import { feedRoutes } from "./routes/feed.ts";
import { gdprDutyRoutes } from "./routes/gdpr-duties.ts";
import { gdprRequestRoutes } from "./routes/gdpr-requests.ts";
import { handOverRoutes } from "./routes/hand-overs.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { importRoutes } from "./routes/imports.ts";
import { inboundRoutes } from "./routes/inbound.ts";
import { informedRoutes } from "./routes/informed.ts";
import { keyRoutes } from "./routes/keys.ts";
import { kontaktpersonRoutes } from "./routes/kontaktpersoner.ts";
import { kundeemneRoutes } from "./routes/kundeemner.ts";
import { leadRoutes, leadsFromPages } from "./routes/leads.ts";
import { linkRoutes } from "./routes/links.ts";
import { lookupRoutes } from "./routes/lookups.ts";
import { mergeRoutes } from "./routes/merges.ts";
import { outboundRoutes } from "./routes/outbound.ts";
import { policyRoutes } from "./routes/policies.ts";
import { quarantineRoutes } from "./routes/quarantine.ts";
import { recordStoryRoutes } from "./routes/record-story.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { robinsonRoutes } from "./routes/robinson.ts";
import { runRoutes } from "./routes/runs.ts";
import { segmentMemberRoutes } from "./routes/segment-members.ts";
import { segmentRoutes } from "./routes/segments.ts";
import { snapshotRoutes } from "./routes/snapshots.ts";
import { statisticsRoutes } from "./routes/statistics.ts";
import { statusRoutes } from "./routes/status.ts";
import { undoRoutes } from "./routes/undo.ts";
import { visitPlanRoutes } from "./routes/visit-plans.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { refuseInvalid } from "./validation.ts";
import { veiled } from "./veil.ts";

/** The whole HTTP API. Opens nothing: everything it needs is in `deps`, so several can live in one process. */
export function createApi(deps: ApiDeps): Api {
  const limits = { ...defaultLimits, ...deps.limits };
  const app: Api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid });
  app.onError((error, c) => answerProblem(deps, c, problemOf(error)));
  app.notFound((c) => answerProblem(deps, c, new Problem(404, "not_found")));

  app.use("*", observed(deps));
  app.use("/metrics", signIn(deps));
  app.use("/v1/hooks/*", signIn(deps, { basic: true }));
  app.use("/v1/leads", ...leadsFromPages(deps.leadOrigins ?? []));
  app.use("/v1/*", except(/^\/v1\/hooks\//, signIn(deps)));
  app.use("/v1/*", audited(deps));
  const limited = bodyLimit({
    maxSize: limits.bodyBytes,
    onError: () => {
      throw new Problem(413, "body_too_large", { facts: { limit: limits.bodyBytes } });
    },
  });
  app.use("/v1/*", exceptStreams(limited));
  // A stream cannot be remembered; its lines are idempotent by event id or counter (rule R5).
  app.use("/v1/*", exceptStreams(veiled()));
  app.use("/v1/*", exceptStreams(idempotent(deps)));

  kundeemneRoutes(app, deps);
  kontaktpersonRoutes(app, deps);
  archiveRoutes(app, deps);
  mergeRoutes(app, deps);
  duplicateRoutes(app, deps);
  leadRoutes(app, deps);
  visitPlanRoutes(app, deps);
  dealingRoutes(app, deps);
  policyRoutes(app, deps);
  recordStoryRoutes(app, deps);
  linkRoutes(app, deps);
  lookupRoutes(app, deps);
  consentRoutes(app, deps);
  robinsonRoutes(app, deps);
  erasureRoutes(app, deps);
  gdprRequestRoutes(app, deps);
  gdprDutyRoutes(app, deps);
  informedRoutes(app, deps);
  criteriaRoutes(app, deps);
  statisticsRoutes(app, deps);
  segmentRoutes(app, deps);
  segmentMemberRoutes(app, deps);
  campaignRoutes(app, deps);
  handOverRoutes(app, deps);
  exportRoutes(app, deps);
  conversionRoutes(app, deps);
  codeListRoutes(app, deps);
  connectionRoutes(app, deps);
  importRoutes(app, deps, limits);
  // Before /inbound/{object}, which would take it for an object.
  domainContactRoutes(app, deps, limits);
  inboundRoutes(app, deps, limits);
  snapshotRoutes(app, deps);
  outboundRoutes(app, deps);
  hookRoutes(app, deps);
  audienceHookRoutes(app, deps);
  feedRoutes(app, deps);
  webhookRoutes(app, deps);
  runRoutes(app, deps);
  undoRoutes(app, deps);
  reviewRoutes(app, deps);
  quarantineRoutes(app, deps);
  keyRoutes(app, deps);
  auditRoutes(app, deps);
  statusRoutes(app, deps);
  documentRoutes(app, deps);
  return app;
}

const INBOUND = /^\/v1\/connections\/[^/]+\/inbound\//;

const except =
  (paths: RegExp, middleware: MiddlewareHandler<ApiEnv>): MiddlewareHandler<ApiEnv> =>
  (c, next) =>
    paths.test(c.req.path) ? next() : middleware(c, next);

/** Bodies that are read as a stream, of any length: pushes, and files that are brought in. */
const exceptStreams =
  (middleware: MiddlewareHandler<ApiEnv>): MiddlewareHandler<ApiEnv> =>
  (c, next) =>
    INBOUND.test(c.req.path) || (c.req.method === "POST" && c.req.path === "/v1/imports")
      ? next()
      : middleware(c, next);

/** Language, trace id, metric and one debug line of each request. */
function observed(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const beganAt = performance.now();
    c.set("beganAt", beganAt);
    c.set("language", languageOf(c.req.header("accept-language")));
    c.set("traceId", traceIdOf(c.req.header("traceparent")));
    await next();
    const route = routePath(c, -1);
    const seconds = (performance.now() - beganAt) / 1000;
    deps.metrics.observeRequest({ method: c.req.method, route, status: c.res.status, seconds });
    deps.log.debug("request.answered", {
      traceId: c.get("traceId"),
      request: `${c.req.method} ${route}`,
      status: c.res.status,
      durationMs: Math.round(seconds * 1000),
    });
  };
}

function answerProblem(deps: ApiDeps, c: Context<ApiEnv>, problem: Problem): Response {
  const language = c.get("language") ?? languageOf(c.req.header("accept-language"));
  const traceId = c.get("traceId") ?? traceIdOf(c.req.header("traceparent"));
  if (problem.status >= 500) {
    const isForeseen = problem.options.cause instanceof KoblingError;
    const tell = isForeseen ? deps.log.warn : deps.log.error;
    tell("request.failed", {
      traceId,
      request: `${c.req.method} ${routePath(c, -1)}`,
      error: problem.options.cause ?? problem,
    });
  }
  const { body, headers } = renderProblem(problem, { language, traceId, instance: `urn:kobling:trace:${traceId}` });
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { ...headers, vary: "Accept-Language" },
  });
}

/** Of a W3C `traceparent`, else a new one. */
const traceIdOf = (header: string | undefined): string =>
  /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(header ?? "")?.[1] ?? randomBytes(16).toString("hex");

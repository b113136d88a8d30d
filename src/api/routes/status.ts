import { createRoute, z } from "@hono/zod-openapi";
import { readFeedLag } from "../../store/feed.ts";
import { ping, readHeld, readOpenReviews } from "../../store/status.ts";
import { addAgreements, agreementSchema } from "../agreement-view.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { type ConnectionView, connectionSchema, viewConnections } from "../connection-view.ts";
import { Problem } from "../problems.ts";
import { json, problems, secured, securedProblems } from "../route.ts";

const statusSchema = z
  .strictObject({
    version: z.string(),
    at: z.iso.datetime(),
    connections: z.array(connectionSchema),
    totals: z.strictObject({
      waiting: z.int(),
      due: z.int(),
      withheld: z.int(),
      uncertain: z.int(),
      quarantined: z.int(),
      drift: z.int(),
      held: z.int(),
    }),
    agreement: agreementSchema,
    openReviews: z.record(z.string(), z.int()).openapi({ description: "By kind." }),
    feed: z.strictObject({ unnumbered: z.int(), oldestSeconds: z.number() }),
  })
  .openapi("Status");

const status = createRoute({
  method: "get",
  path: "/v1/status",
  tags: ["status"],
  summary: "How it goes",
  ...secured("read"),
  responses: { 200: json(statusSchema, "Status."), ...securedProblems() },
});

const health = createRoute({
  method: "get",
  path: "/healthz",
  tags: ["status"],
  summary: "The process answers",
  responses: { 200: json(z.strictObject({ status: z.literal("ok") }), "It does."), ...problems(500) },
});

const ready = createRoute({
  method: "get",
  path: "/readyz",
  tags: ["status"],
  summary: "The process can work: its database answers",
  responses: { 200: json(z.strictObject({ status: z.literal("ready") }), "It can."), ...problems(500, 503) },
});

const metrics = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["status"],
  summary: "Metrics in the Prometheus text format",
  ...secured("read"),
  responses: {
    200: { description: "Metrics.", content: { "text/plain": { schema: z.string() } } },
    ...securedProblems(),
  },
});

export function statusRoutes(app: Api, deps: ApiDeps): void {
  gauges(deps);

  app.openapi(status, async (c) => {
    const [connections, openReviews, feed, held] = await Promise.all([
      viewConnections(deps),
      readOpenReviews(deps.sql),
      readFeedLag(deps.sql),
      readHeld(deps.sql),
    ]);
    const objects = connections.flatMap((connection) => connection.objects);
    const total = (name: "waiting" | "due" | "withheld" | "uncertain" | "quarantined" | "drift") =>
      objects.reduce((sum, object) => sum + object[name], 0);
    const totals = {
      waiting: total("waiting"),
      due: total("due"),
      withheld: total("withheld"),
      uncertain: total("uncertain"),
      quarantined: total("quarantined"),
      drift: total("drift"),
      held,
    };
    const at = deps.now().toISOString();
    const agreement = addAgreements(connections.map((connection) => connection.agreement));
    return c.json(
      { version: deps.version, at, connections, totals, agreement, openReviews: { ...openReviews }, feed },
      200,
    );
  });

  app.openapi(health, (c) => c.json({ status: "ok" as const }, 200));

  app.openapi(ready, async (c) => {
    try {
      await ping(deps.sql);
    } catch (cause) {
      throw new Problem(503, "database_unreachable", { headers: { "retry-after": "1" }, cause });
    }
    return c.json({ status: "ready" as const }, 200);
  });

  app.openapi(metrics, async (c) => {
    const { registry } = deps.metrics;
    return c.text(await registry.metrics(), 200, { "content-type": registry.contentType });
  });
}

/** Gauges that are worked out when somebody scrapes, so that they are true in any process. */
function gauges(deps: ApiDeps): void {
  const { sql, metrics } = deps;
  const lane = ["connection", "object"] as const;
  // The gauges of one scrape are read at the same time: they share one look.
  let look: Promise<ConnectionView[]> | undefined;
  const view = () => {
    look ??= viewConnections(deps).finally(() => {
      look = undefined;
    });
    return look;
  };
  const of = (name: "waiting" | "due" | "withheld" | "uncertain" | "quarantined" | "drift" | "held") => async () =>
    (await view()).flatMap((connection) =>
      connection.objects.map((object) => ({
        labels: { connection: connection.name, object: object.object },
        value: object[name],
      })),
    );
  metrics.collect("kobling_changes_waiting", "Changes kept and not decided yet.", lane, of("waiting"));
  metrics.collect("kobling_changes_quarantined", "Changes put aside.", lane, of("quarantined"));
  metrics.collect("kobling_deliveries_due", "Writes owed and due.", lane, of("due"));
  metrics.collect("kobling_deliveries_withheld", "Writes that the gate withholds.", lane, of("withheld"));
  metrics.collect("kobling_deliveries_uncertain", "Writes that may have gone through.", lane, of("uncertain"));
  metrics.collect("kobling_drift", "Fields that differ though they should not.", lane, of("drift"));
  metrics.collect("kobling_held", "Fields that wait for a person.", lane, of("held"));
  const each = (value: (object: ObjectView) => number | null) => async () =>
    (await view()).flatMap((connection) =>
      connection.objects.flatMap((object) => {
        const found = value(object);
        return found === null ? [] : [{ labels: { connection: connection.name, object: object.object }, value: found }];
      }),
    );
  metrics.collect("kobling_two_way_fields", "Linked fields kept in agreement both ways.", lane, each(fieldsOf));
  metrics.collect("kobling_agreeing_ratio", "Share of these that agree, 0 to 1.", lane, each(agreeing));
  metrics.collect("kobling_oldest_disagreement_seconds", "Age of the oldest disagreement.", lane, each(age(deps)));
  const spending = (value: (spent: NonNullable<ConnectionView["spending"]>) => number) => async () =>
    (await view()).flatMap(({ name, spending: spent }) =>
      spent === null ? [] : [{ labels: { connection: name }, value: value(spent) }],
    );
  const own = ["connection"] as const;
  const cost = spending((spent) => Number(spent.cost));
  metrics.collect(
    "kobling_directory_calls_today",
    "Calls made to a directory today.",
    own,
    spending(({ calls }) => calls),
  );
  metrics.collect("kobling_directory_cost_today", "What these cost, by the prices in the configuration.", own, cost);
  metrics.collect("kobling_reviews_open", "Open reviews by kind.", ["kind"], async () =>
    Object.entries(await readOpenReviews(sql)).map(([kind, value]) => ({ labels: { kind }, value })),
  );
  metrics.collect("kobling_feed_lag_seconds", "Age of the oldest feed batch without numbers.", [], async () => [
    { labels: {}, value: (await readFeedLag(sql)).oldestSeconds },
  ]);
}

type ObjectView = ConnectionView["objects"][number];
const fieldsOf = ({ agreement }: ObjectView): number => agreement.fields;
const agreeing = ({ agreement }: ObjectView): number | null =>
  agreement.fields === 0 ? null : agreement.agreeing / agreement.fields;
/** 0 where nothing differs. */
const age =
  ({ now }: ApiDeps) =>
  ({ agreement }: ObjectView): number =>
    agreement.oldestAt === null ? 0 : Math.max(0, (now().getTime() - Date.parse(agreement.oldestAt)) / 1000);

import { createRoute, z } from "@hono/zod-openapi";
import { orderVisits } from "../../rules/visit-plan.ts";
import { findKundeemner, type ReadRecord } from "../../store/kundeemner-read.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { bodyProblems, json, jsonBody, secured } from "../route.ts";

const MOST_STOPS = 500;

const positionSchema = z
  .strictObject({ lat: z.number().min(-90).max(90), lng: z.number().min(-180).max(180) })
  .openapi("Position");

const planBody = z
  .strictObject({
    start: positionSchema,
    end: positionSchema.optional().openapi({ description: "Where the day ends; left out: at the last visit." }),
    kundeemner: z.array(z.uuid()).min(1).max(MOST_STOPS),
  })
  .openapi("NewVisitPlan");

const planSchema = z
  .strictObject({
    stops: z.array(
      z.strictObject({
        kundeemneId: z.uuid(),
        firmanavn: z.string().nullable(),
        lat: z.number(),
        lng: z.number(),
        metres: z.number().openapi({ description: "From the stop before it, or the start." }),
      }),
    ),
    metresToEnd: z.number().nullable().openapi({ description: "From the last stop; null without an end." }),
    metres: z.number().openapi({ description: "In all, along great circles: roads are longer." }),
    left: z
      .array(z.strictObject({ kundeemneId: z.uuid(), reason: z.enum(["no_position", "archived", "not_found"]) }))
      .openapi({ description: "Who cannot be visited, and why." }),
  })
  .openapi("VisitPlan");

const plan = createRoute({
  method: "post",
  path: "/v1/visit-plans",
  tags: ["kundeemner"],
  summary: "An order in which to visit Kundeemner",
  description:
    "The nearest is next, then ways that cross are uncrossed (2-opt): a good order by great-circle distance, not the shortest of all. " +
    "Nothing is kept.",
  ...secured("read"),
  request: { body: jsonBody(planBody) },
  responses: { 200: json(planSchema, "The order."), ...bodyProblems() },
});

/** Route planning (S20). */
export function visitPlanRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(plan, async (c) => {
    const { start, end, kundeemner } = c.req.valid("json");
    const ids = [...new Set(kundeemner.map((id) => id.toLowerCase()))];
    const found = new Map((await findKundeemner(deps.sql, ids)).map((record) => [record.id, record]));
    const stops: { record: ReadRecord; lat: number; lng: number }[] = [];
    const left: z.infer<typeof planSchema>["left"] = [];
    for (const id of ids) {
      const record = found.get(id);
      const reason = whyLeft(record);
      if (reason !== undefined || record === undefined) left.push({ kundeemneId: id, reason: reason ?? "not_found" });
      else stops.push({ record, lat: Number(record.values["gps.lat"]), lng: Number(record.values["gps.lng"]) });
    }
    const { order, legs, metres } = orderVisits(stops, start, end);
    const view = order.flatMap((place, n) => {
      const stop = stops[place];
      if (stop === undefined) return [];
      const { lat, lng, record } = stop;
      const name = record.values.firmanavn;
      const firmanavn = typeof name === "string" ? name : null;
      return [{ kundeemneId: record.id, firmanavn, lat, lng, metres: rounded(legs[n] ?? 0) }];
    });
    const metresToEnd = end === undefined ? null : rounded(legs.at(-1) ?? 0);
    return c.json({ stops: view, metresToEnd, metres: rounded(metres), left }, 200);
  });
}

function whyLeft(record: ReadRecord | undefined) {
  if (record === undefined || record.mergedInto !== null || record.erasedAt !== null) return "not_found" as const;
  if (record.values["arkiveret.vaerdi"] === true) return "archived" as const;
  const { "gps.lat": lat, "gps.lng": lng } = record.values;
  return typeof lat === "string" && typeof lng === "string" ? undefined : ("no_position" as const);
}

const rounded = (metres: number): number => Math.round(metres);

import { createRoute, z } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { findSnapshot } from "../../store/snapshots-read.ts";
import type { Api, ApiDeps, ApiLimits } from "../api-deps.ts";
import type { ReceivedFrom } from "../gateway.ts";
import { envelopeSchema, itemsOfJson, itemsOfLines, takePush } from "../inbound.ts";
import { Problem } from "../problems.ts";
import { json, nameParam, secured, securedProblems } from "../route.ts";
import { assertObject } from "./connections.ts";

const NDJSON = "application/x-ndjson";

const pushSchema = z
  .strictObject({
    kept: z.int(),
    repeats: z.int(),
    rejectedCount: z.int(),
    rejected: z
      .array(z.strictObject({ line: z.int(), code: z.string(), detail: z.string() }))
      .openapi({ description: "The first thousand; the others were kept." }),
    lastLine: z.int().openapi({ description: "The last line that was dealt with." }),
  })
  .openapi("Push");

const ENVELOPE = { $ref: "#/components/schemas/InboundEnvelope" };

const push = createRoute({
  method: "post",
  path: "/v1/connections/{name}/inbound/{object}",
  tags: ["inbound"],
  summary: "Push changes",
  description:
    "One object, an array, or NDJSON of any length. What is counted as kept survives a crash of any process. A 429 or 503 " +
    "says how far it came: send the rest from the line after `lastLine`.",
  ...secured("connection"),
  request: {
    params: z.object({ name: nameParam("name"), object: nameParam("object") }),
    query: z.strictObject({
      snapshot: z.uuid().optional().openapi({ description: "The snapshot that the objects belong to." }),
    }),
    // References, not schemas: the body is read as a stream, so nothing may read it whole to check it.
    body: {
      required: true,
      content: {
        "application/json": { schema: { anyOf: [ENVELOPE, { type: "array", items: ENVELOPE }] } },
        [NDJSON]: { schema: ENVELOPE },
      },
    },
  },
  responses: { 202: json(pushSchema, "What was kept."), ...securedProblems(404, 409, 413, 415, 422, 429) },
});

export function inboundRoutes(app: Api, deps: ApiDeps, limits: ApiLimits): void {
  const wholeBody = bodyLimit({
    maxSize: limits.arrayBytes,
    onError: () => {
      throw new Problem(413, "body_too_large", { facts: { limit: limits.arrayBytes } });
    },
  });
  // Only NDJSON is a stream; an object or an array is read whole, and so has a limit.
  app.use("/v1/connections/:name/inbound/:object", (c, next) =>
    typeOf(c.req.header("content-type")) === NDJSON ? next() : wholeBody(c, next),
  );

  app.openapi(push, async (c) => {
    const { name, object } = c.req.valid("param");
    assertObject(deps, name, object);
    const from = await receivedFrom(deps, name, object, c.req.valid("query").snapshot);
    const type = typeOf(c.req.header("content-type"));
    if (type !== NDJSON && type !== "application/json") {
      throw new Problem(415, "unsupported_media_type", { facts: { expected: `application/json, ${NDJSON}` } });
    }
    const items =
      type === NDJSON ? itemsOfLines(c.req.raw.body ?? emptyBody(), limits.lineBytes) : itemsOfJson(await c.req.text());
    const taken = await takePush(deps.gateway, from, items);
    deps.metrics.received(name, object, "kept", taken.kept);
    deps.metrics.received(name, object, "repeat", taken.repeats);
    deps.metrics.received(name, object, "refused", taken.rejectedCount);
    return c.json(taken, 202);
  });

  app.openAPIRegistry.register("InboundEnvelope", envelopeSchema);
}

async function receivedFrom(
  deps: ApiDeps,
  connection: string,
  object: string,
  snapshot: string | undefined,
): Promise<ReceivedFrom> {
  if (snapshot === undefined) return { connection, object, via: "push" };
  const found = await findSnapshot(deps.sql, snapshot);
  if (found?.connection !== connection || found.object !== object || found.state !== "open") {
    throw new Problem(409, "snapshot_closed");
  }
  return { connection, object, via: "snapshot", runId: found.runId };
}

const typeOf = (header: string | undefined): string => {
  const type = (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "application/ndjson" || type === "application/jsonl" ? NDJSON : type;
};

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
}

import { z } from "@hono/zod-openapi";
import type { DriftCount } from "../pipelines/agreement.ts";
import { findSpent } from "../store/spending.ts";
import {
  type ConnectionRow,
  type LaneCounts,
  type LaneRow,
  readConnections,
  readLaneCounts,
  readLanes,
} from "../store/status.ts";
import { addAgreements, agreementOf, agreementSchema } from "./agreement-view.ts";
import type { ApiDeps, WishedObject } from "./api-deps.ts";

const objectSchema = z
  .strictObject({
    object: z.string(),
    side: z.enum(["crm", "ledger", "directory", "audience"]).nullable(),
    direction: z.enum(["in", "out", "both", "off"]).openapi({ description: "What configuration wishes (R27)." }),
    create: z.enum(["in", "out", "both", "none"]),
    firstMeeting: z.enum(["remote", "crm", "ask"]).nullable(),
    releasedIn: z.boolean(),
    releasedOut: z.boolean(),
    armed: z
      .boolean()
      .openapi({ description: "Wished in a direction that is not released: it reads and previews, writes nothing." }),
    linked: z.int(),
    waiting: z.int().openapi({ description: "Changes kept and not decided yet." }),
    oldestWaitingAt: z.iso.datetime().nullable(),
    due: z.int(),
    leased: z.int(),
    withheld: z.int(),
    uncertain: z.int(),
    quarantined: z.int(),
    drift: z
      .int()
      .openapi({ description: "Fields that differ though they should not, those that the remote ignored among them." }),
    held: z.int().openapi({ description: "Fields that wait for a person, counted with the drift." }),
    agreement: agreementSchema,
    countedAt: z.iso.datetime().nullable().openapi({
      description: "When drift and held were counted; null: never yet. A run of kind `reconcile` counts them anew.",
    }),
    lastFullAt: z.iso.datetime().nullable(),
    unverifiableSince: z.iso.datetime().nullable(),
    stopped: z.strictObject({ review: z.int(), reason: z.string().nullable() }).nullable(),
  })
  .openapi("ConnectionObject");

export const connectionSchema = z
  .strictObject({
    name: z.string(),
    connector: z.string(),
    mode: z.enum(["call", "queue"]).nullable(),
    configured: z.boolean(),
    state: z.string().openapi({
      description: "active, paused (by a person or the configuration), stopped (credentials, capability).",
    }),
    reason: z.string().nullable(),
    circuit: z.enum(["closed", "half_open", "open"]),
    lastAnswerAt: z.iso.datetime().nullable(),
    lastError: z.string().nullable(),
    lastErrorAt: z.iso.datetime().nullable(),
    window: z
      .strictObject({ p50Ms: z.number(), p99Ms: z.number(), samples: z.int() })
      .nullable()
      .openapi({ description: "From reading to writing at a remote without a lock (R20)." }),
    spending: z
      .strictObject({
        calls: z.int(),
        cost: z.string().openapi({ description: "By the prices in the configuration; an exact decimal." }),
        kinds: z.record(z.string(), z.int()).openapi({ description: "Calls by kind." }),
        budget: z.strictObject({ calls: z.int(), cost: z.number().nullable() }),
      })
      .nullable()
      .openapi({
        description: "Of a directory: calls made today (Copenhagen), and what the refresh keeps to; null: it is none.",
      }),
    agreement: agreementSchema,
    objects: z.array(objectSchema),
  })
  .openapi("Connection");

export type ConnectionView = z.infer<typeof connectionSchema>;

const NOTHING = { calls: 0, cost: "0", kinds: {} };

/** All connections, configured or only remembered, with what is under way; five queries for all together. */
export async function viewConnections(deps: ApiDeps): Promise<ConnectionView[]> {
  const [rows, lanes, counts, drift, spent] = await Promise.all([
    readConnections(deps.sql),
    readLanes(deps.sql),
    readLaneCounts(deps.sql),
    deps.countDrift(),
    findSpent(deps.sql),
  ]);
  const wished = new Map(deps.connections().map((connection) => [connection.name, connection]));
  const kept = new Map(rows.map((row) => [row.name, row]));
  const names = [...new Set([...wished.keys(), ...kept.keys()])].sort();
  return names.map((name): ConnectionView => {
    const wish = wished.get(name);
    const row = kept.get(name);
    const own = {
      lanes: lanes.filter((lane) => lane.connection === name),
      counts: counts.filter((count) => count.connection === name),
      drift: drift.filter((count) => count.connection === name),
    };
    const wishes = new Map(wish?.objects.map((object) => [object.object, object]));
    const objects = [...new Set([...wishes.keys(), ...own.lanes.map((lane) => lane.object)])].map((object) =>
      viewObject(object, wishes.get(object), own),
    );
    return {
      name,
      connector: wish?.connector ?? row?.connector ?? "unknown",
      mode: wish?.mode ?? null,
      configured: wish !== undefined,
      ...stateOf(row, wish !== undefined),
      spending: wish?.budget === undefined ? null : { ...NOTHING, ...spent.get(name), budget: wish.budget },
      agreement: addAgreements(objects.map((object) => object.agreement)),
      objects,
    };
  });
}

const stateOf = (row: ConnectionRow | undefined, configured: boolean) => ({
  // A connection that was taken out of the file is paused and keeps its links.
  state: configured ? (row?.state ?? "active") : "paused",
  reason: configured ? (row?.reason ?? null) : (row?.reason ?? "Not in the configuration"),
  circuit: row?.circuit ?? "closed",
  lastAnswerAt: row?.lastAnswerAt ?? null,
  lastError: row?.lastError ?? null,
  lastErrorAt: row?.lastErrorAt ?? null,
  window: row?.window ?? null,
});

function viewObject(
  object: string,
  wish: WishedObject | undefined,
  own: { lanes: readonly LaneRow[]; counts: readonly LaneCounts[]; drift: readonly DriftCount[] },
): ConnectionView["objects"][number] {
  const lane = own.lanes.find((each) => each.object === object);
  const count = own.counts.find((each) => each.object === object);
  const drift = own.drift.find((each) => each.object === object);
  const direction = wish?.direction ?? "off";
  const releasedIn = lane?.releasedIn ?? false;
  const releasedOut = lane?.releasedOut ?? false;
  const wishesIn = direction === "in" || direction === "both";
  const wishesOut = direction === "out" || direction === "both";
  return {
    object,
    side: wish?.side ?? null,
    direction,
    create: wish?.create ?? "none",
    firstMeeting: wish?.firstMeeting ?? null,
    releasedIn,
    releasedOut,
    armed: (wishesIn && !releasedIn) || (wishesOut && !releasedOut),
    linked: count?.linked ?? 0,
    waiting: count?.waiting ?? 0,
    oldestWaitingAt: count?.oldestWaitingAt ?? null,
    due: count?.due ?? 0,
    leased: count?.leased ?? 0,
    withheld: count?.withheld ?? 0,
    uncertain: count?.uncertain ?? 0,
    quarantined: count?.quarantined ?? 0,
    drift: drift?.drift ?? 0,
    held: drift?.held ?? 0,
    agreement: agreementOf(count?.linked ?? 0, drift),
    countedAt: drift?.at ?? null,
    lastFullAt: lane?.lastFullAt ?? null,
    unverifiableSince: lane?.unverifiableSince ?? null,
    stopped: lane?.stoppedBy == null ? null : { review: lane.stoppedBy, reason: lane.stoppedReason },
  };
}

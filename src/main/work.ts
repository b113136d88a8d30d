import { selectCampaigns } from "../pipelines/audience/campaigns.ts";
import { handOver } from "../pipelines/audience/hand-over.ts";
import { readOptOuts } from "../pipelines/audience/opt-outs.ts";
import { sealAudit } from "../pipelines/audit.ts";
import { codeListTypesOf, readCodeLists } from "../pipelines/code-lists.ts";
import { makeDocuments } from "../pipelines/conversions/documents.ts";
import { turnDay } from "../pipelines/dealing-sums.ts";
import { deliver } from "../pipelines/deliver.ts";
import type { Deps } from "../pipelines/deps.ts";
import { workDuplicateSearch } from "../pipelines/duplicates.ts";
import { endPolicies } from "../pipelines/end-policies.ts";
import type { WebhookDeps } from "../pipelines/event-webhooks.ts";
import { sendEvents } from "../pipelines/event-webhooks.ts";
import { exchangeFiles } from "../pipelines/exchange.ts";
import { expire } from "../pipelines/expire.ts";
import { finishErasures } from "../pipelines/finish-erasures.ts";
import { followSegments, runDueSegments } from "../pipelines/follow-segments.ts";
import { ingestAndReadAgain } from "../pipelines/listing.ts";
import { dealingTypesOf, readDealings } from "../pipelines/read-dealings.ts";
import { retain } from "../pipelines/retention.ts";
import { poll, workRuns } from "../pipelines/runs.ts";
import { workUndos } from "../pipelines/undo.ts";
import type { Handlers } from "../pipelines/worker.ts";
import { isActive } from "../store/connections.ts";
import { loadLanes } from "../store/lanes.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DEALINGS_MS = 5 * 60_000;
const WEBHOOKS_MS = 1_000;
const AUDIT_MS = 10_000;
/** A record that may not be contacted any more leaves the tools at the latest by then; a withdrawal at once. */
const CAMPAIGNS_MS = 5 * 60_000;

/** The steps by kind of work; a key begins with the connection's name. */
export function handlersOf(deps: Deps, webhooks: WebhookDeps): Handlers {
  const active = async (connection: string): Promise<boolean> => {
    if (deps.config.connections[connection] === undefined) return false;
    return (await loadLanes(deps.db.sql)).some(
      (lane) => lane.connection === connection && lane.connectionState === "active",
    );
  };
  /** A campaign tool has no lanes. */
  const connected = async (connection: string): Promise<boolean> =>
    deps.config.connections[connection] !== undefined && (await isActive(deps.db.sql, connection));
  const [connectionOf, objectOf] = [
    (key: string) => key.split("/")[0] ?? key,
    (key: string) => key.split("/")[1] ?? "",
  ];
  return {
    ingest: async (key) => {
      if (await active(key)) await ingestAndReadAgain(deps, key);
    },
    deliver: async (key) => {
      if (!(await active(key))) return;
      await deliver(deps, key);
      await makeDocuments(deps, key);
    },
    run: async (key) => {
      if (await active(key)) await workRuns(deps, key);
    },
    poll: (key) => poll(deps, connectionOf(key), objectOf(key), "delta"),
    reconcile: (key) => poll(deps, connectionOf(key), objectOf(key), "reconcile"),
    codes: async (key) => {
      if (await active(key)) await readCodeLists(deps, key);
    },
    files: async (key) => {
      if (await active(key)) await exchangeFiles(deps, key);
    },
    dealings: async (key) => {
      if (await active(key)) await readDealings(deps, key);
    },
    audience: async (key) => {
      if (await connected(key)) await handOver(deps, key);
    },
    optOuts: async (key) => {
      if (await connected(key)) await readOptOuts(deps, key);
    },
    segments: async () => {
      await followSegments(deps);
      await runDueSegments(deps);
    },
    campaigns: () => selectCampaigns(deps),
    undo: () => workUndos(deps),
    duplicates: () => workDuplicateSearch(deps),
    audit: async () => {
      await sealAudit(deps);
    },
    retention: async () => {
      await retain(deps);
      await expire(deps);
      await finishErasures(deps);
    },
    policies: async () => {
      await endPolicies(deps);
      await turnDay(deps);
    },
    webhooks: async () => {
      await sendEvents(webhooks);
    },
  };
}

/** Repeated work; upserting it again, from any number of processes, changes nothing. */
export async function scheduleAll(deps: Deps): Promise<void> {
  for (const [name, { objects }] of Object.entries(deps.config.connections)) {
    if (deps.connectorOf(name).exchange !== undefined) {
      const pollMs = Math.min(...Object.values(objects).map((object) => object.pollMs));
      if (Number.isFinite(pollMs)) await deps.queue.schedule("files", name, pollMs);
    }
    if (deps.connectorOf(name).mode !== "call") continue;
    if (deps.connectorOf(name).drop !== undefined) continue;
    if (deps.connectorOf(name).audience !== undefined) {
      await deps.queue.schedule("optOuts", name, deps.connection(name).optOutsMs);
      continue;
    }
    if (codeListTypesOf(deps, name).length > 0) {
      await deps.queue.schedule("codes", name, HOUR_MS);
      await deps.queue.due("codes", name);
    }
    if (dealingTypesOf(deps, name).length > 0) {
      await deps.queue.schedule("dealings", name, DEALINGS_MS);
      await deps.queue.due("dealings", name);
    }
    for (const [object, wish] of Object.entries(objects)) {
      if (wish.direction !== "off") await deps.queue.schedule("poll", `${name}/${object}`, wish.pollMs);
      await deps.queue.schedule("reconcile", `${name}/${object}`, wish.reconcileMs);
    }
  }
  await deps.queue.schedule("retention", "kobling", HOUR_MS);
  await deps.queue.schedule("duplicates", "kobling", HOUR_MS);
  await deps.queue.schedule("policies", "kobling", MINUTE_MS);
  await deps.queue.schedule("segments", "kobling", MINUTE_MS);
  await deps.queue.schedule("campaigns", "kobling", CAMPAIGNS_MS);
  await deps.queue.schedule("audit", "kobling", AUDIT_MS);
  await deps.queue.schedule("webhooks", "kobling", WEBHOOKS_MS);
}

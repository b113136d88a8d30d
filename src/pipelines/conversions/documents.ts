import type { HandOver } from "../../config/resolved.ts";
import type { DocumentType } from "../../connectors/connector.ts";
import { RejectedError } from "../../lib/errors.ts";
import { isDocument } from "../../model/conversions.ts";
import { readNow } from "../../store/clock.ts";
import { type DocumentEnd, endDocuments, leaseDocuments, markSent, type OwedDocument } from "../../store/documents.ts";
import { loadLanes } from "../../store/lanes.ts";
import { iso } from "../batch.ts";
import { classify } from "../classify.ts";
import type { Deps } from "../deps.ts";
import { asError, eachAtOnce } from "../each.ts";
import { stopConnection } from "../stop-connection.ts";
import { laneKey, openLanes } from "../world.ts";
import { handOver } from "./hand-over.ts";
import { documentTypesOf } from "./requirements.ts";

const LEASE_MS = 120_000;
const LARGEST = 64;

/**
 * Makes the documents that are owed to a connection until none is due (S84–S87): those whose debitor is linked by now.
 * Written ahead; one whose request left is looked up by our mark before any other try (rule R19), when the remote must
 * have shown it. Safe to run twice at once: leases are fenced. Gives how many were made or found.
 */
export async function makeDocuments(deps: Deps, connection: string): Promise<number> {
  const { sql } = deps.db;
  const connector = deps.connectorOf(connection);
  const unseenMs = deps.connection(connection).quietMs + connector.showsAfterMs;
  let made = 0;
  for (;;) {
    const lane = openLanes(deps, await loadLanes(sql)).get(laneKey(connection, "debitor"));
    if (lane === undefined || !lane.outbound || lane.paused || lane.row.stopped) return made;
    const leases = await leaseDocuments(sql, connection, LARGEST, LEASE_MS, unseenMs);
    if (leases.length === 0) return made;
    const ends = await makeAll(deps, connection, leases);
    await endDocuments(deps.db.sql, ends);
    made += ends.filter((end) => end.state === "done").length;
  }
}

async function makeAll(deps: Deps, connection: string, leases: readonly OwedDocument[]): Promise<DocumentEnd[]> {
  const ends: DocumentEnd[] = [];
  const taken = documentTypesOf(deps, connection);
  const byKind = Map.groupBy(leases, (lease) => lease.target);
  for (const [kind, own] of byKind) {
    const to = isDocument(kind) ? deps.connection(connection).handOver[kind] : undefined;
    if (to !== undefined) {
      ends.push(...(await handOverAll(deps, connection, to, own)));
      continue;
    }
    const type = isDocument(kind) ? taken[kind] : undefined;
    const client = deps.clientOf(connection);
    if (type === undefined || client.createDocument === undefined || client.listDocuments === undefined) {
      for (const { id, fence } of own) ends.push({ id, fence, state: "failed", reason: "not_taken" });
      continue;
    }
    const go = await lookUp(deps, connection, type, own, ends);
    const mine = await markSent(deps.db.sql, go);
    await sendAll(
      deps,
      connection,
      type,
      go.filter((each) => mine.has(each.id)),
      ends,
    );
  }
  return ends;
}

/** Told again after any doubt: the receiver knows a message that it has by its id. A receiver that refuses is waited for. */
async function handOverAll(
  deps: Deps,
  connection: string,
  to: HandOver,
  leases: readonly OwedDocument[],
): Promise<DocumentEnd[]> {
  const mine = await markSent(deps.db.sql, leases);
  const ends: DocumentEnd[] = [];
  await handOver(
    deps,
    to,
    leases.filter(({ id }) => mine.has(id)),
    ({ id, fence, target }, externalId) => {
      ends.push({ id, fence, state: "done", externalId });
      deps.log.info("conversion.handed_over", { conversionId: id, connection, to: target });
    },
    ({ id, fence }, error) => {
      const { outcome, code, afterMs } = classify(asError(error), deps.connection(connection).quietMs, 1);
      const end = { id, fence, reason: code, isClear: outcome !== "uncertain" };
      ends.push(outcome === "rejected" ? { ...end, state: "failed" } : { ...end, state: "open", afterMs });
    },
  );
  return ends;
}

/** Documents whose request left once, found by our mark at the ledger; the rest may be sent. */
async function lookUp(
  deps: Deps,
  connection: string,
  type: DocumentType,
  leases: readonly OwedDocument[],
  ends: DocumentEnd[],
): Promise<OwedDocument[]> {
  const doubted = new Map(leases.flatMap((each) => (each.wasSent ? [[each.marker, each] as const] : [])));
  if (doubted.size === 0) return [...leases];
  const found = new Map<number, string>();
  const seen = { documents: 0, marked: 0 };
  try {
    await deps.limits.call(connection, async () => {
      for await (const { externalId, marker } of deps.clientOf(connection).listDocuments?.(type) ?? []) {
        seen.documents += 1;
        if (typeof marker === "string") seen.marked += 1;
        const lease = typeof marker === "string" ? doubted.get(marker.trim()) : undefined;
        if (lease !== undefined) found.set(lease.id, externalId);
      }
    });
  } catch (error) {
    for (const lease of doubted.values()) ends.push(await endOf(deps, connection, lease, asError(error)));
    return leases.filter((each) => !each.wasSent);
  }
  for (const { id, fence } of doubted.values()) {
    const externalId = found.get(id);
    if (externalId !== undefined) ends.push({ id, fence, state: "done", externalId });
  }
  if (seen.documents === 0 || seen.marked > 0) return leases.filter((each) => !found.has(each.id));
  // The ledger shows no marks at all: whether ours arrived cannot be known, and another request could double it.
  for (const { id, fence } of doubted.values()) ends.push({ id, fence, state: "failed", reason: "R19:mark_not_shown" });
  return leases.filter((each) => !each.wasSent);
}

async function sendAll(
  deps: Deps,
  connection: string,
  type: DocumentType,
  leases: readonly OwedDocument[],
  ends: DocumentEnd[],
): Promise<void> {
  const client = deps.clientOf(connection);
  const failed: { lease: OwedDocument; error: Error }[] = [];
  await eachAtOnce(
    deps,
    connection,
    leases,
    async (lease) => {
      const body = { ...lease.data, [type.account]: lease.account, [type.marker]: lease.marker };
      const answer = await client.createDocument?.(type, body);
      if (answer === undefined) throw new RejectedError("capability_missing", "The connection makes no documents");
      ends.push({ id: lease.id, fence: lease.fence, state: "done", externalId: answer.externalId });
      deps.log.info("conversion.made", { conversionId: lease.id, connection, to: lease.target });
    },
    (lease, error) => {
      failed.push({ lease, error });
    },
  );
  for (const { lease, error } of failed) ends.push(await endOf(deps, connection, lease, error));
}

/** What a failure means for the document: tried again later, looked up first, or put before whoever asked for it. */
async function endOf(deps: Deps, connection: string, lease: OwedDocument, error: Error): Promise<DocumentEnd> {
  const { id, fence } = lease;
  const { quietMs } = deps.connection(connection);
  const failure = classify(error, quietMs, 1);
  const { showsAfterMs } = deps.connectorOf(connection);
  if (failure.outcome === "rejected")
    return { id, fence, state: "failed", reason: failure.code, isClear: !lease.wasSent };
  if (failure.outcome === "uncertain")
    return { id, fence, state: "open", reason: failure.code, afterMs: quietMs + showsAfterMs };
  if (failure.outcome === "connection") {
    await stopConnection(deps.db.sql, connection, failure.code, iso(await readNow(deps.db.sql)));
  }
  return { id, fence, state: "open", reason: failure.code, afterMs: failure.afterMs, isClear: !lease.wasSent };
}

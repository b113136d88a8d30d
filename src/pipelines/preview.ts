import { RejectedError } from "../lib/errors.ts";
import { contentHash } from "../lib/hash.ts";
import { newestWaiting } from "../store/changes.ts";
import { readNow } from "../store/clock.ts";
import { grant } from "../store/guards.ts";
import { lockStopped, releaseLane } from "../store/lanes.ts";
import {
  addPreviewItems,
  findRun,
  openRun,
  type PlannedItem,
  planItems,
  previewItems,
  previewMoved,
} from "../store/runs.ts";
import type { Batch, Incoming } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { linkOwes } from "./owing.ts";
import { freeStopped, grantsOf } from "./released.ts";
import { laneKey } from "./world.ts";

/** What releasing an object would do, field by field; counts of objects and of fields. Nothing of it is written. */
export interface Effects {
  read: number;
  created: number;
  linked: number;
  updated: number;
  unchanged: number;
  held: number;
  quarantined: number;
  /** Fields of our records: filled while empty, and overwritten. */
  fieldsFilled: number;
  fieldsOverwritten: number;
  fieldsCleared: number;
  /** Fields that would be written at this remote. */
  fieldsOut: number;
  matchCases: number;
  conflicts: number;
  /** By `connection/object`: links of other systems that would be written or created (rule R26). */
  thirdSystems: Record<string, { updates: number; creates: number }>;
}

const PAGE = 500;
const SAMPLES = 10;
/** How long what a preview has named may be done without being counted. */
const GRANTED_MS = 24 * 3_600_000;

/** Remembers what a preview is to decide as items of its run. Gives the number of objects. */
export type Take = (deps: Deps, connection: string, object: string, runId: number) => Promise<number>;

/** Thrown to leave the transaction of a preview without a trace. */
class Undone extends Error {}

/**
 * Reads an object whole and decides it as if it were released, in a transaction that is rolled back (rule R27). Counts
 * the effects on third systems too; remembers which objects and records it saw, so that a release can tell whether they
 * have moved.
 */
export async function preview(
  deps: Deps,
  connection: string,
  object: string,
  runId: number,
  take: Take = deps.connectorOf(connection).mode === "queue" ? takeInbox : takeListing,
): Promise<{ effects: Effects; samples: unknown[] }> {
  const began = await readNow(deps.db.sql);
  const read = await take(deps, connection, object, runId);
  const effects: Effects = {
    read,
    created: 0,
    linked: 0,
    updated: 0,
    unchanged: 0,
    held: 0,
    quarantined: 0,
    fieldsFilled: 0,
    fieldsOverwritten: 0,
    fieldsCleared: 0,
    fieldsOut: 0,
    matchCases: 0,
    conflicts: 0,
    thirdSystems: {},
  };
  const samples: unknown[] = [];
  await deps.db.sql
    .begin(async (tx) => {
      let after = "";
      for (;;) {
        const items = await previewItems(tx, runId, object, after, PAGE);
        const last = items.at(-1);
        if (last === undefined) break;
        after = last.externalId;
        const incomings = items.map(
          (item, n): Incoming => ({
            object,
            externalId: item.externalId,
            // No change of the inbox: the number only carries the outcome back.
            changeId: -(n + 1),
            runId: null,
            deleted: false,
            body: item.image,
            hash: item.hash,
            counter: null,
            lastDelivery: null,
            remoteVersion: null,
            changedAt: null,
            beganAt: began,
            receivedAt: began,
            writeCount: null,
            whole: true,
            pushed: false,
            confirmed: true,
            certain: true,
          }),
        );
        const batch = await decideBatch(deps, tx, connection, incomings, { asReleased: { connection, object } });
        count(batch, object, effects, samples);
        const plans: PlannedItem[] = [];
        for (const { id, outcome, reason } of batch.outcomes) {
          const item = items[-id - 1];
          if (item === undefined) continue;
          const link = batch.links.get(`${object}\u0000${item.externalId}`)?.link;
          const slot = batch.entities.get(link?.entityId ?? "");
          const known = slot !== undefined && slot.was > 0;
          plans.push({
            externalId: item.externalId,
            plan: outcome,
            entityId: known ? slot.entity.id : null,
            entityVersion: known ? slot.was : null,
            ...(outcome === "quarantined" ? { reason } : {}),
          });
        }
        // Beside the transaction, which leaves no trace: so that no plan of a whole object has to be held.
        await planItems(deps.db.sql, runId, object, plans);
      }
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return { effects, samples };
}

/** Reads the object whole at the remote and remembers what it showed. Gives the number of objects. */
async function takeListing(deps: Deps, connection: string, object: string, runId: number): Promise<number> {
  await deps.limits.take(connection);
  let read = 0;
  for await (const page of deps.clientOf(connection).list(object, {})) {
    for (let at = 0; at < page.objects.length; at += PAGE) {
      const part = page.objects.slice(at, at + PAGE);
      await addPreviewItems(
        deps.db.sql,
        runId,
        object,
        part.map((each) => ({ externalId: each.externalId, hash: contentHash(each.image), image: each.image })),
      );
      read += part.length;
    }
  }
  return read;
}

/** A system that pushes cannot be listed: its preview looks at the changes that wait in the inbox, the newest of each object. */
async function takeInbox(deps: Deps, connection: string, object: string, runId: number): Promise<number> {
  let read = 0;
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const changes = await newestWaiting(deps.db.sql, connection, object, before, PAGE);
    const last = changes.at(-1);
    if (last === undefined) return read;
    before = last.id;
    // The first that names an object stays: they come newest first.
    read += await addPreviewItems(
      deps.db.sql,
      runId,
      object,
      changes.flatMap(({ externalId, hash, body }) => (body === null ? [] : [{ externalId, hash, image: body }])),
    );
  }
}

function count(batch: Batch, object: string, effects: Effects, samples: unknown[]): void {
  for (const { outcome } of batch.outcomes) {
    if (
      outcome === "created" ||
      outcome === "linked" ||
      outcome === "updated" ||
      outcome === "unchanged" ||
      outcome === "held" ||
      outcome === "quarantined"
    )
      effects[outcome] += 1;
  }
  for (const { review } of batch.openings) {
    if (review.kind === "match_case") effects.matchCases += 1;
    if (review.kind === "conflict") effects.conflicts += 1;
    if (samples.length < SAMPLES && (review.kind === "match_case" || review.kind === "conflict"))
      samples.push({
        kind: review.kind,
        object: review.object,
        externalId: review.externalId,
        unit: review.unit,
        reason: review.reason,
      });
  }
  for (const entry of batch.history) {
    if (entry.version === 1 || entry.by.kind !== "connection") continue;
    for (const [old, now] of Object.values(entry.fields)) {
      if (old === null) effects.fieldsFilled += 1;
      else if (now === null) effects.fieldsCleared += 1;
      else effects.fieldsOverwritten += 1;
    }
  }
  const lane = batch.lanes.get(laneKey(batch.connection, object));
  const mapping = batch.deps.mappingOf(batch.connection, object);
  for (const { link } of batch.links.values()) {
    const slot = batch.entities.get(link.entityId ?? "");
    if (lane === undefined || mapping === undefined || slot === undefined || !lane.outbound) continue;
    const primary = mapping.hasView ? primaryOf(batch, slot.entity.id) : undefined;
    effects.fieldsOut += linkOwes(slot, primary, link, lane, mapping, batch.now).units.length;
  }
  for (const due of batch.due) {
    if (due.connection === batch.connection && due.object === object && due.kind === "update") continue;
    const name = `${due.connection}/${due.object}`;
    const third = effects.thirdSystems[name] ?? { updates: 0, creates: 0 };
    if (due.kind === "create") third.creates += 1;
    else third.updates += 1;
    effects.thirdSystems[name] = third;
  }
}

/** Frees an object and direction after a preview that is still fresh: no record or link that it names has moved (rule R27). */
export async function release(
  deps: Deps,
  wanted: { connection: string; object: string; preview: number; direction?: "in" | "out" | "both"; by: Actor },
): Promise<{ releasedIn: boolean; releasedOut: boolean; run: number }> {
  const { connection, object } = wanted;
  const wish = deps.connection(connection).objects[object];
  if (wish === undefined) throw new RejectedError("not_found", `Connection ${connection} has no object ${object}`);
  const run = await findRun(deps.db.sql, wanted.preview);
  if (
    run === undefined ||
    run.kind !== "preview" ||
    run.connection !== connection ||
    (run.object !== null && run.object !== object)
  ) {
    throw new RejectedError("not_found", "This is not a preview of that object", {
      context: { preview: wanted.preview },
    });
  }
  if (run.state !== "done")
    throw new RejectedError("not_fresh", "The preview has not ended; wait for it, or take another", {
      context: { preview: wanted.preview },
    });
  const asked = wanted.direction ?? wish.direction;
  const releasedIn = (asked === "in" || asked === "both") && (wish.direction === "in" || wish.direction === "both");
  const releasedOut = (asked === "out" || asked === "both") && (wish.direction === "out" || wish.direction === "both");
  const byHand = deps.connectorOf(connection).byHand === true;
  await deps.db.sql.begin(async (tx) => {
    const moved = await previewMoved(tx, wanted.preview, connection, object, !byHand);
    if (moved > 0)
      throw new RejectedError("not_fresh", "Records or links of the preview have moved since; take a new preview", {
        context: { moved },
      });
    const stoppedBy = await lockStopped(tx, connection, object);
    await releaseLane(tx, {
      connection,
      object,
      releasedIn,
      releasedOut,
      previewId: wanted.preview,
      by: wanted.by.name,
    });
    // Rows of the guards are locked last, by every transaction.
    if (stoppedBy !== null) await freeStopped(tx, connection, object, stoppedBy, wanted.by);
    await grant(tx, grantsOf(run, connection, object), GRANTED_MS);
  });
  const next =
    deps.connectorOf(connection).mode === "call"
      ? await openRun(deps.db.sql, { connection, object, kind: "full", by: wanted.by.name })
      : 0;
  await deps.queue.due("run", connection);
  await deps.queue.due("ingest", connection);
  return { releasedIn, releasedOut, run: next };
}

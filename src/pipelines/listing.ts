import type { Page } from "../connectors/connector.ts";
import { asLanes, loadWriteCountsOf } from "../store/absence.ts";
import { readNow } from "../store/clock.ts";
import { noteAnswer } from "../store/connections.ts";
import { alert } from "../store/reviews.ts";
import { addRunItems, dropRunItems } from "../store/runs.ts";
import { confirmGone } from "./absence.ts";
import { iso } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { ingest } from "./ingest.ts";
import { judgeMissing } from "./missing.ts";
import { receive } from "./receive.ts";

const PAGE = 500;

/**
 * Reads an object of a connection whole, page by page as a stream, and takes what changed in. A page that fails ends the
 * listing: nothing is concluded from it (rule R9). Equal content is told apart before it is kept.
 */
export async function readListing(
  deps: Deps,
  connection: string,
  object: string,
  runId: number,
): Promise<{ read: number }> {
  const sql = deps.db.sql;
  const client = deps.clientOf(connection);
  const mapping = deps.mappingOf(connection, object);
  if (mapping === undefined) throw new Error(`No mapping for ${object}`);
  const began = await readNow(sql);
  const writeCounts = await loadWriteCountsOf(sql, connection, object);
  const before = await asLanes(sql, connection, object);
  const hadBaseAt = before.lastFullAt === null ? undefined : new Date(before.lastFullAt);
  const fields = new Set<string>();
  let read = 0;
  let offsetMs: number | null = null;
  await deps.limits.take(connection);
  for await (const page of client.list(object, {})) {
    offsetMs = clockOffset(page) ?? offsetMs;
    for (let at = 0; at < page.objects.length; at += PAGE) {
      const objects = page.objects.slice(at, at + PAGE);
      for (const each of objects) for (const field in each.image) fields.add(field);
      const envelopes = objects.map((each) => ({
        externalId: each.externalId,
        data: each.image,
        ...(each.version === undefined ? {} : { version: each.version }),
        ...(each.changedAt === undefined ? {} : { changedAt: each.changedAt }),
      }));
      // Our clock for the reading: when the request of the listing began, so that nothing read before it is believed newer.
      await receive(
        deps,
        { connection, object, via: "poll", runId, beganAt: new Date(began), writeCounts, hadBaseAt, whole: page.whole },
        envelopes,
      );
      await addRunItems(
        sql,
        runId,
        object,
        objects.map((each) => each.externalId),
      );
      read += objects.length;
    }
  }
  await noteAnswer(sql, connection, offsetMs);
  await lostFields(deps, connection, object, fields, read);
  await judgeMissing(deps, connection, object, runId, began);
  await dropRunItems(sql, runId);
  await asLanes(sql, connection, object, iso(began), [...fields]);
  return { read };
}

/** Offset of the remote's clock in ms, positive when it is ahead (rule R3). */
function clockOffset({ times }: Page): number | undefined {
  if (times.remoteDate === undefined) return undefined;
  const middle = (times.beganAt.getTime() + times.endedAt.getTime()) / 2;
  const offset = times.remoteDate.getTime() - middle;
  // The Date header counts whole seconds: less than two says nothing.
  return Math.abs(offset) < 2_000 ? 0 : Math.round(offset);
}

/** A field gone from all objects at once is a loss of capability, told to the owner; it clears nothing (rule R8). */
async function lostFields(
  deps: Deps,
  connection: string,
  object: string,
  fields: ReadonlySet<string>,
  read: number,
): Promise<void> {
  if (read === 0) return;
  const lane = await asLanes(deps.db.sql, connection, object);
  const mapping = deps.mappingOf(connection, object);
  const mapped = new Set(mapping?.units.flatMap((unit) => unit.remote) ?? []);
  for (const field of lane.fieldsSeen) {
    if (!mapped.has(field) || fields.has(field)) continue;
    const at = iso(await readNow(deps.db.sql));
    await alert(deps.db.sql, at, { connection, object, reason: "R8:field_lost", externalId: field, detail: { field } });
    deps.log.warn("capability.lost", { connection, object, field });
  }
}

/** Readings that must be made once more (rules R6, R8): read by id, kept as a reading that is believed. */
export async function readAgain(
  deps: Deps,
  connection: string,
  wanted: readonly { object: string; externalId: string; why: string }[],
): Promise<void> {
  const client = deps.clientOf(connection);
  for (const { object, externalId, why } of wanted) {
    const writeCounts = await loadWriteCountsOf(deps.db.sql, connection, object, [externalId]);
    const beganAt = new Date(await readNow(deps.db.sql));
    await deps.limits.take(connection);
    const answer = await client.get(object, externalId);
    if ("gone" in answer) {
      await confirmGone(deps, connection, object, [externalId], null);
      continue;
    }
    const telling = {
      connection,
      object,
      via: "read",
      beganAt,
      writeCounts,
      confirming: why === "many_clears",
    } as const;
    await receive(deps, telling, [
      {
        externalId,
        data: answer.object.image,
        ...(answer.object.version === undefined ? {} : { version: answer.object.version }),
      },
    ]);
  }
}

/** Takes waiting changes in, and reads again what was too old to be decided; a bounded number of rounds. */
export async function ingestAndReadAgain(deps: Deps, connection: string): Promise<void> {
  const ROUNDS = 3;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { readAgain: wanted } = await ingest(deps, connection);
    const unique = [...new Map(wanted.map((each) => [`${each.object} ${each.externalId}`, each])).values()];
    if (unique.length === 0 || deps.connectorOf(connection).mode !== "call") return;
    await readAgain(deps, connection, unique);
  }
}

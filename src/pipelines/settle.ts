import { contentHash } from "../lib/hash.ts";
import { versionOf } from "../rules/unit-case.ts";
import { type AttemptEnd, endAttempts } from "../store/attempts.ts";
import { readNow } from "../store/clock.ts";
import { noteFault } from "../store/connections.ts";
import { type DeliveryEnd, endLeases, findLeases, STALE } from "../store/deliveries.ts";
import { remoteKey } from "../store/links.ts";
import type { Answered } from "./answers.ts";
import { type Batch, type Incoming, iso, type Known } from "./batch.ts";
import { type Classified, classify, tellRejected } from "./classify.ts";
import { databaseTimes } from "./database-times.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { kindsOfDraft } from "./draft.ts";
import { countOnly } from "./guard.ts";
import type { Attempt } from "./prepare.ts";
import type { SendResult } from "./send.ts";
import { stopConnection } from "./stop-connection.ts";

export interface SettledAll {
  /** Other connections that are owed something by what the answers showed. */
  readonly dueElsewhere: ReadonlySet<string>;
  /** The connection stopped, or must wait: nothing more is leased now. */
  readonly stop: boolean;
}

/** A lease ran out while its settle waited for the locks of links: nothing of the transaction may stand. */
class LeaseLost extends Error {}

/**
 * Settles a batch of attempts: answers are judged field by field, failures by what happens next; one transaction. Of a
 * lease that was lost meanwhile only the attempt's outcome is noted (rule R18).
 */
export async function settleAll(
  deps: Deps,
  connection: string,
  results: readonly SendResult[],
  known?: Known,
): Promise<SettledAll> {
  if (results.length === 0) return { dueElsewhere: new Set(), stop: false };
  try {
    return await settleHeld(deps, connection, results, known);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    // Once more without what was lost; what was noted of rows is of a transaction that was taken back.
    return settleAll(deps, connection, results);
  }
}

async function settleHeld(
  deps: Deps,
  connection: string,
  results: readonly SendResult[],
  known: Known | undefined,
): Promise<SettledAll> {
  const { quietMs } = deps.connection(connection);
  const timesOf = await databaseTimes(deps.db.sql);
  return deps.db.sql.begin(async (tx) => {
    const leases = results.map(({ attempt }) => attempt.delivery);
    const [held, now] = await Promise.all([findLeases(tx, leases), readNow(tx)]);
    const mine = results.filter(({ attempt }) => held.has(attempt.delivery.id));
    const failures = failuresOf(results, quietMs);
    const mineFailed = failures.filter(({ attempt }) => held.has(attempt.delivery.id));
    const { incomings, answers, tied } = readAnswers(mine, timesOf);
    const at = iso(now);
    for (const { attempt, failed } of mineFailed)
      if (failed.outcome === "rejected") await tellRejected(tx, at, connection, attempt, failed);
    const batch = await decideBatch(deps, tx, connection, incomings, {
      answers,
      tied,
      alsoLinks: mineFailed.flatMap(({ attempt }) =>
        attempt.externalId === null ? [] : [{ object: attempt.delivery.object, externalId: attempt.externalId }],
      ),
      alsoEntities: new Map(mine.map(({ attempt }) => [attempt.delivery.entityId, attempt.delivery.entity] as const)),
      ...(known === undefined ? {} : { known }),
      after: (each) => {
        for (const { attempt, failed } of mineFailed) endFlight(each, attempt, failed, quietMs);
      },
    });
    await endAttempts(tx, attemptEnds(results, failures));
    const ended = await endLeases(tx, leaseEnds(deps, connection, batch, mine, mineFailed));
    if (mine.some(({ attempt }) => !ended.has(attempt.delivery.id))) throw new LeaseLost();
    const stopped = failures.find(({ failed }) => failed.outcome === "connection")?.failed;
    if (stopped !== undefined) await stopConnection(tx, connection, stopped.code, at);
    else if (failures.length > 0) await noteFault(tx, connection, failures[0]?.failed.code ?? "fault");
    const undone = failures
      .filter(({ failed }) => failed.outcome !== "uncertain")
      .map(({ attempt }) => countedOf(attempt));
    await countOnly(batch, undone);
    const waiting = failures.filter(({ failed }) => failed.outcome === "retry").length;
    return {
      dueElsewhere: new Set(batch.due.map((due) => due.connection)),
      stop: stopped !== undefined || (waiting > 0 && waiting === results.length),
    };
  });
}

interface Failure {
  readonly attempt: Attempt;
  readonly failed: Classified;
}

const failuresOf = (results: readonly SendResult[], quietMs: number): Failure[] =>
  results.flatMap(({ attempt, answer, error }) =>
    answer?.object === undefined
      ? [
          {
            attempt,
            failed: classify(error ?? new Error("An attempt without an answer"), quietMs, attempt.delivery.tries),
          },
        ]
      : [],
  );

/** The answers as readings to be judged (rule R17); the id of a create stands for the record that was sent. */
function readAnswers(results: readonly SendResult[], timesOf: Awaited<ReturnType<typeof databaseTimes>>) {
  const incomings: Incoming[] = [];
  const answers = new Map<string, Answered>();
  const tied = new Map<string, string>();
  for (const { attempt, answer, readLater } of results) {
    if (answer?.object === undefined) continue;
    const key = remoteKey(attempt.delivery.object, answer.externalId);
    incomings.push({
      object: attempt.delivery.object,
      externalId: answer.externalId,
      changeId: null,
      runId: null,
      deleted: false,
      body: { ...answer.object.image },
      hash: contentHash(answer.object.image),
      counter: null,
      lastDelivery: null,
      remoteVersion: answer.object.version ?? null,
      changedAt: null,
      ...timesOf(answer.times),
      writeCount: null,
      whole: true,
      pushed: false,
      confirmed: true,
      certain: true,
    });
    answers.set(key, {
      values: attempt.sent,
      versions: attempt.versions,
      how: readLater === true ? "read" : "answer",
      ends: true,
      arrived: true,
    });
    if (attempt.externalId === null) tied.set(key, attempt.delivery.entityId);
  }
  return { incomings, answers, tied };
}

/** What an attempt has counted for the guards; what was refused or never left is taken back (rule R30). */
const countedOf = (attempt: Attempt) => ({
  connection: attempt.delivery.connection,
  object: attempt.delivery.object,
  direction: "out" as const,
  kinds: kindsOfDraft(attempt),
});

const attemptEnds = (results: readonly SendResult[], failures: readonly Failure[]): AttemptEnd[] => [
  ...results.flatMap(({ attempt, answer }): AttemptEnd[] =>
    answer?.object === undefined ? [] : [{ id: attempt.id, state: "settled" }],
  ),
  ...failures.map(({ attempt, failed }): AttemptEnd => ({ id: attempt.id, state: failed.outcome, error: failed.code })),
];

/** What becomes of the deliveries: due again where the newest state owes more by now. */
function leaseEnds(
  deps: Deps,
  connection: string,
  batch: Batch,
  results: readonly SendResult[],
  failures: readonly Failure[],
): DeliveryEnd[] {
  const { showsAfterMs } = deps.connectorOf(connection);
  const ends = failures.map(({ attempt, failed }) => {
    const end = failureEnd(attempt, failed, showsAfterMs);
    // What was refused is not tried again; what has been typed meanwhile is.
    return end.state === "rejected" && isOlder(batch, attempt) ? { ...end, state: "due" as const } : end;
  });
  for (const { attempt, answer } of results) {
    if (answer?.object === undefined) continue;
    const slot = batch.links.get(remoteKey(attempt.delivery.object, answer.externalId));
    const more = batch.due.some((due) => due.linkId === slot?.link.id);
    const waits = Object.keys(attempt.withheld).length > 0;
    ends.push({
      id: attempt.delivery.id,
      fence: attempt.delivery.fence,
      state: more ? "due" : waits ? "withheld" : "settled",
      linkId: slot?.link.id ?? null,
      ...(waits ? { withheld: attempt.withheld, reason: Object.values(attempt.withheld)[0] } : {}),
    });
  }
  return ends;
}

/** Has the record changed since the attempt, in a unit that it sent? */
function isOlder(batch: Batch, { delivery, versions }: Attempt): boolean {
  const entity = batch.entities.get(delivery.entityId)?.entity;
  return entity !== undefined && Object.entries(versions).some(([unit, sent]) => versionOf(entity, unit) > sent);
}

function failureEnd(attempt: Attempt, failed: Classified, showsAfterMs: number): DeliveryEnd {
  const { id, fence } = attempt.delivery;
  switch (failed.outcome) {
    case "rejected":
      return { id, fence, state: "rejected", reason: failed.code };
    case "uncertain": {
      // A create is looked up before any other try, when the remote must have shown it (rule R19).
      const late = attempt.externalId === null ? showsAfterMs : 0;
      return { id, fence, state: "uncertain", afterMs: failed.afterMs + late, reason: failed.code };
    }
    // Tried again with what is known, the same precondition would be refused for ever (rule R20).
    case "stale":
      return { id, fence, state: "due", afterMs: failed.afterMs, reason: STALE };
    default:
      return { id, fence, state: "due", afterMs: failed.afterMs, reason: failed.code };
  }
}

/** The attempt has ended without an answer that shows the object: its image goes, or outlives as a possible late write (R13). */
function endFlight(batch: Batch, attempt: Attempt, failed: Classified, quietMs: number): void {
  if (attempt.externalId === null) return;
  const slot = batch.links.get(remoteKey(attempt.delivery.object, attempt.externalId));
  if (slot === undefined) return;
  const { link } = slot;
  const uncertain = failed.outcome === "uncertain";
  const images = uncertain
    ? link.images.map((image) => (image.attempt === attempt.id ? { ...image, until: batch.now + 2 * quietMs } : image))
    : link.images.filter((image) => image.attempt !== attempt.id);
  slot.link = {
    ...link,
    images,
    inFlight: false,
    writeCount: link.writeCount + 1,
    // Nothing was written: what stood before is known, and showing it again is no news that would send it once more.
    newestHash: uncertain || attempt.image === null ? link.newestHash : contentHash(attempt.image),
    quietUntil: uncertain ? batch.now + quietMs : link.quietUntil,
  };
  slot.dirty = true;
}

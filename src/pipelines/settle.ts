import { ConnectionError, RejectedError, RetryableError, StaleError, UncertainError } from "../lib/errors.ts";
import { contentHash } from "../lib/hash.ts";
import { noteFault, setConnectionState } from "../store/connections.ts";
import { type AttemptEnd, type DeliveryEnd, endAttempts, endLeases } from "../store/deliveries.ts";
import { remoteKey } from "../store/links.ts";
import { alert } from "../store/reviews.ts";
import type { Answered } from "./answers.ts";
import { type Batch, type Incoming, iso } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import type { Attempt } from "./prepare.ts";
import type { SendResult } from "./send.ts";

export interface Classified {
  readonly outcome: "retry" | "uncertain" | "stale" | "rejected" | "connection";
  readonly code: string;
  /** Not before this long, in ms. */
  readonly afterMs: number;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15 * 60_000;

/** What happens next after a failed call (design, section 4); its own waiting time, else a growing one. */
export function classify(error: Error, quietMs: number, tries: number): Classified {
  const code = "code" in error && typeof error.code === "string" ? error.code : "fault";
  const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(Math.max(tries - 1, 0), 12));
  if (error instanceof UncertainError) return { outcome: "uncertain", code, afterMs: quietMs };
  if (error instanceof StaleError) return { outcome: "stale", code, afterMs: 0 };
  if (error instanceof RejectedError) return { outcome: "rejected", code, afterMs: 0 };
  if (error instanceof ConnectionError) return { outcome: "connection", code, afterMs: growing };
  if (error instanceof RetryableError) return { outcome: "retry", code, afterMs: error.retryAfterMs ?? growing };
  // Nobody foresaw it: it may have happened after the request left.
  return { outcome: "uncertain", code, afterMs: quietMs };
}

export interface SettledAll {
  /** Other connections that are owed something by what the answers showed. */
  readonly dueElsewhere: ReadonlySet<string>;
  /** The connection stopped, or must wait: nothing more is leased now. */
  readonly stop: boolean;
}

/** Settles a batch of attempts: answers are judged field by field, failures by what happens next; one transaction. */
export async function settleAll(deps: Deps, connection: string, results: readonly SendResult[]): Promise<SettledAll> {
  if (results.length === 0) return { dueElsewhere: new Set(), stop: false };
  const config = deps.connection(connection);
  const connector = deps.connectorOf(connection);
  const incomings: Incoming[] = [];
  const answers = new Map<string, Answered>();
  const tied = new Map<string, string>();
  const failures: { attempt: Attempt; failed: Classified }[] = [];
  for (const { attempt, answer, error, readLater } of results) {
    if (answer?.object === undefined) {
      failures.push({
        attempt,
        failed: classify(error ?? new Error("An attempt without an answer"), config.quietMs, attempt.delivery.tries),
      });
      continue;
    }
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
      beganAt: answer.times.beganAt.getTime(),
      receivedAt: answer.times.endedAt.getTime(),
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
    });
    if (attempt.externalId === null) tied.set(key, attempt.delivery.entityId);
  }
  const alsoLinks = failures.flatMap(({ attempt }) =>
    attempt.externalId === null ? [] : [{ object: attempt.delivery.object, externalId: attempt.externalId }],
  );
  const entities = new Map(results.map(({ attempt }) => [attempt.delivery.entityId, attempt.delivery.entity] as const));
  let stop = failures.some(({ failed }) => failed.outcome === "connection");
  const dueElsewhere = await deps.db.sql.begin(async (tx) => {
    const attemptEnds: AttemptEnd[] = [];
    const leaseEnds: DeliveryEnd[] = [];
    for (const { attempt, answer } of results) {
      if (answer?.object !== undefined) attemptEnds.push({ id: attempt.id, state: "settled" });
    }
    for (const { attempt, failed } of failures) {
      attemptEnds.push({ id: attempt.id, state: failed.outcome, error: failed.code });
      leaseEnds.push(failureEnd(attempt, failed, connector.showsAfterMs));
      if (failed.outcome === "rejected") await tellRejected(tx, iso(Date.now()), connection, attempt, failed);
    }
    const batch = await decideBatch(deps, tx, connection, incomings, {
      answers,
      tied,
      alsoLinks,
      alsoEntities: entities,
      after: (each) => {
        for (const { attempt, failed } of failures) endFlight(each, attempt, failed, config.quietMs);
      },
    });
    for (const { attempt, answer } of results) {
      if (answer?.object === undefined) continue;
      const slot = batch.links.get(remoteKey(attempt.delivery.object, answer.externalId));
      const more = batch.due.some((due) => due.linkId === slot?.link.id);
      const waits = Object.keys(attempt.withheld).length > 0;
      leaseEnds.push({
        id: attempt.delivery.id,
        fence: attempt.delivery.fence,
        state: more ? "due" : waits ? "withheld" : "settled",
        linkId: slot?.link.id ?? null,
        ...(waits ? { withheld: attempt.withheld, reason: Object.values(attempt.withheld)[0] } : {}),
      });
    }
    await endAttempts(tx, attemptEnds);
    await endLeases(tx, leaseEnds);
    const connectionFault = failures.find(({ failed }) => failed.outcome === "connection");
    if (connectionFault !== undefined) {
      await setConnectionState(tx, connection, "stopped", connectionFault.failed.code);
      await noteFault(tx, connection, connectionFault.failed.code);
      await alert(tx, iso(batch.now), { connection, reason: `connection:${connectionFault.failed.code}` });
    } else if (failures.length > 0) await noteFault(tx, connection, failures[0]?.failed.code ?? "fault");
    return new Set(batch.due.map((due) => due.connection));
  });
  const waiting = failures.filter(({ failed }) => failed.outcome === "retry").length;
  if (waiting > 0 && waiting === results.length) stop = true;
  return { dueElsewhere, stop };
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
    quietUntil: uncertain ? batch.now + quietMs : link.quietUntil,
  };
  slot.dirty = true;
}

/** A record that the remote refuses is told to a person; its units and ids, never its values. */
export async function tellRejected(
  tx: Parameters<typeof alert>[0],
  at: string,
  connection: string,
  attempt: Pick<Attempt, "delivery" | "externalId" | "versions">,
  failed: Pick<Classified, "code">,
  detail: { readonly [name: string]: string } = {},
): Promise<void> {
  await alert(tx, at, {
    connection,
    object: attempt.delivery.object,
    externalId: attempt.externalId ?? undefined,
    entity: attempt.delivery.entity,
    entityId: attempt.delivery.entityId,
    reason: `delivery:${failed.code}`,
    detail: { units: Object.keys(attempt.versions), deliveryId: attempt.delivery.id, ...detail },
  });
}

import { readNow } from "../store/clock.ts";
import type { GuardKey } from "../store/guards.ts";
import { lockStopped, stopLane } from "../store/lanes.ts";
import { openReviews } from "../store/reviews.ts";
import { addReviewDetail } from "../store/reviews-decide.ts";
import { clearRanges } from "../store/stopped.ts";
import { iso } from "./batch.ts";
import type { Deps } from "./deps.ts";
import type { LaneStopped } from "./lane-stopped.ts";
import { stoppedText } from "./stopped-text.ts";
import type { OpenLane } from "./world.ts";
import { sampleOf, wouldHave } from "./would-have.ts";

/**
 * Stops a lane before the batch that would go too far; what is told meanwhile waits, and a person is told (R26, R30).
 * Safe to be called by several at once: a lane is stopped once. What waits is worked out after that, when nothing goes on.
 */
export async function stopLaneFor(
  deps: Deps,
  connection: string,
  { object, reason, stop }: LaneStopped,
): Promise<void> {
  const review = await deps.db.sql.begin(async (tx) => {
    if ((await lockStopped(tx, connection, object)) !== null) return undefined;
    const at = iso(await readNow(tx));
    const detail =
      stop === undefined
        ? {}
        : {
            detail: { direction: stop.direction, ...stop.trip, batch: stop.items.length, sample: sampleOf(stop.items) },
          };
    const runId = stop?.items.find((item) => item.runId !== null)?.runId;
    const [id] = await openReviews(tx, at, [{ kind: "stopped_run", connection, object, reason, runId, ...detail }]);
    if (id !== undefined) await stopLane(tx, connection, object, reason, id);
    return id;
  });
  if (review === undefined) return;
  deps.log.warn("lane.stopped", { connection, object, reason, direction: stop?.direction, reviewId: review });
  if (stop !== undefined)
    await describeStop(deps, { connection, object, direction: stop.direction }, review, { trip: stop.trip });
}

/** Writes into the review what the stopped run would have done: counts, a bounded sample of ids and fields, no values. */
export async function describeStop(
  deps: Deps,
  key: GuardKey,
  review: number,
  known: Parameters<typeof stoppedText>[1],
): Promise<void> {
  try {
    const would = await wouldHave(deps, key);
    const { sample, ...counts } = would;
    await addReviewDetail(deps.db.sql, review, {
      ...counts,
      ...(sample.length === 0 ? {} : { sample }),
      text: stoppedText(key, known, would),
    });
  } catch (error) {
    // The lane is stopped all the same; a person sees what tripped, and not what else waits.
    const { connection, object } = key;
    deps.log.warn("stop.not_described", { connection, object, reviewId: review, error });
  }
}

/** What a person has said of what was stopped is carried out: it is forgotten once nothing of it waits any more. */
export async function forgetRanges(
  deps: Deps,
  { connection, object, row }: OpenLane,
  direction: "in" | "out",
): Promise<void> {
  const upTo = Math.max(...row.ranges[direction].map((range) => range.upTo));
  await clearRanges(deps.db.sql, { connection, object, direction }, upTo);
}

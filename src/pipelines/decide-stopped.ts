import { RejectedError } from "../lib/errors.ts";
import type { GuardRange } from "../rules/guards.ts";
import { readNow } from "../store/clock.ts";
import type { Tx } from "../store/database.ts";
import { type GuardKey, lockGuards, writeGuards } from "../store/guards.ts";
import { lockStopped, resumeLane, stopLane } from "../store/lanes.ts";
import { openReviews, type Review } from "../store/reviews.ts";
import { addReviewDetail, lockReviewToDecide } from "../store/reviews-decide.ts";
import { lastWaiting, waitsOutside } from "../store/stopped.ts";
import { assertOneOf, assertOpen, close, type Decision, type StoppedRange } from "./decision.ts";
import type { Deps } from "./deps.ts";
import { describeStop } from "./stop-lane.ts";

/**
 * Decides on what a guard has stopped (rule R30). `approve`: it is carried out, uncounted. `dismiss`: it is put aside, in
 * quarantine on the way in and withheld on the way out, where it stays until a person retries it or it changes again.
 * Either may name a part: the rest goes on waiting under a review of its own. Once all that was stopped is decided the
 * lane goes on, and what comes after is judged afresh. A lane that stopped for want of a preview is only freed by one.
 */
export async function decideStopped(deps: Deps, review: Review, act: Decision): Promise<void> {
  assertOneOf(review, act, ["approve", "dismiss"]);
  const key = keyOf(review);
  if (key === undefined && act.decision === "approve")
    throw new RejectedError("not_allowed", "A stopped lane goes on by the release of a fresh preview");
  const rest = await deps.db.sql.begin(async (tx) => {
    const locked = await lockReviewToDecide(tx, act.id);
    if (locked === undefined)
      throw new RejectedError("not_found", "There is no review with this id", { context: { id: act.id } });
    assertOpen(locked, act);
    const now = await readNow(tx);
    let left: number | undefined;
    if (key !== undefined && (await lockStopped(tx, key.connection, key.object)) === review.id) {
      const all = await stoppedUpTo(tx, key, locked);
      const range = await rangeOf(tx, key, all, act.range);
      const isWhole = !(await waitsOutside(tx, key, all, range));
      await say(tx, key, act.decision === "approve" ? "approved" : "dismissed", range, isWhole);
      if (isWhole) await resumeLane(tx, key.connection, key.object);
      else left = await reopen(tx, key, locked, new Date(now).toISOString());
      await addReviewDetail(tx, review.id, { decided: { ...range, all: isWhole } });
    }
    await close({ tx, now }, locked, act);
    return left ?? null;
  });
  if (key === undefined) return;
  deps.log.info("stop.decided", { reviewId: review.id, ...key, decision: act.decision, by: act.by.name });
  if (rest !== null) await describeStop(deps, key, rest, {});
  for (const kind of ["ingest", "deliver"]) await deps.queue.due(kind, key.connection);
}

/** The direction that a guard has stopped; undefined: no guard did. */
function keyOf({ connection, object, detail }: Review): GuardKey | undefined {
  const direction = detail?.direction;
  if (connection === null || object === null || (direction !== "in" && direction !== "out")) return undefined;
  return { connection, object, direction };
}

/** What the person saw waiting. What came after it was seen by nobody, and is not part of it. */
async function stoppedUpTo(tx: Tx, key: GuardKey, { detail }: Review): Promise<number> {
  const seen = detail?.upTo;
  return typeof seen === "number" ? seen : ((await lastWaiting(tx, key)) ?? 0);
}

async function rangeOf(tx: Tx, key: GuardKey, all: number, said: StoppedRange = {}): Promise<GuardRange> {
  const counted = said.count === undefined ? all : ((await lastWaiting(tx, key, said.count)) ?? all);
  const upTo = Math.min(all, counted, said.upTo ?? all);
  return { upTo, ...(said.objects === undefined ? {} : { objects: said.objects }) };
}

async function say(
  tx: Tx,
  key: GuardKey,
  what: "approved" | "dismissed",
  range: GuardRange,
  isWhole: boolean,
): Promise<void> {
  const [row] = await lockGuards(tx, [key]);
  if (row === undefined) throw new Error("A guard's row was not made");
  // What was counted before a person looked is known to one: counting begins anew.
  await writeGuards(tx, [{ ...row, [what]: [...row[what], range], counts: isWhole ? [] : row.counts }]);
}

/** The rest waits under a review of its own. */
async function reopen(tx: Tx, { connection, object, direction }: GuardKey, of: Review, at: string): Promise<number> {
  const detail = { direction, restOf: of.id };
  const [id] = await openReviews(tx, at, [{ kind: "stopped_run", connection, object, reason: of.reason, detail }]);
  if (id === undefined) throw new Error("The review of the rest was not opened");
  await stopLane(tx, connection, object, of.reason, id);
  return id;
}

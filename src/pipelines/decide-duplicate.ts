import { RejectedError } from "../lib/errors.ts";
import { addDistinct } from "../store/distinct-pairs.ts";
import { findOldest } from "../store/merges.ts";
import { closeReviews, lockReviews, type Review } from "../store/reviews.ts";
import { findReviewToDecide } from "../store/reviews-decide.ts";
import { iso } from "./batch.ts";
import { candidatesOf, decideMatch } from "./decide-match.ts";
import { close, type Decision, retake } from "./decision.ts";
import type { Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { mergeKundeemner } from "./merging/merge.ts";
import { obstacleInWords } from "./merging/obstacles.ts";

/**
 * Decides whether records are one company (rule R28): `merge` merges them into the one that `target` names, else into the
 * one with most links, the oldest of them; `not_same` remembers that they are not, all of them or the one that `target`
 * names against the others. Each merge is whole by itself: where one is refused, those before it stand, and the case waits on.
 */
export async function decideDuplicate(deps: Deps, review: Review, act: Decision): Promise<void> {
  if (act.decision === "merge") {
    await mergeAll(deps, candidatesOf(review), act);
    await inBatch(deps, async ({ tx, now }) => {
      await lockReviews(tx, [review.id]);
      const closing = { id: review.id, state: "decided" as const, decision: "merge", by: act.by.name, why: act.why };
      await closeReviews(tx, iso(now), [closing]);
    });
    return;
  }
  await inBatch(deps, async (batch) => {
    const standing = await retake(batch, act);
    const ids = candidatesOf(standing);
    const { target } = act;
    if (target !== undefined) assertCandidate(ids, target);
    const pairs = ids.flatMap((a, n) => ids.slice(n + 1).map((b) => [a, b] as const));
    const meant = target === undefined ? pairs : pairs.filter((pair) => pair.includes(target));
    await addDistinct(batch.tx, meant, act.by.name, iso(batch.now));
    await close(batch, standing, act);
  });
}

/** The records that a remote object may stand for are one company: they are merged, and the object stands for that one. */
export async function mergeCandidates(deps: Deps, before: Review, act: Decision): Promise<void> {
  const target = await mergeAll(deps, candidatesOf(before), act);
  const review = (await findReviewToDecide(deps.db.sql, before.id)) ?? before;
  const { revision: _, ...said } = act;
  await decideMatch(deps, review, { ...said, target });
}

/** Merges records into one, which it gives. Throws RejectedError with the code of what hinders a merge. */
async function mergeAll(deps: Deps, ids: readonly string[], { target, by }: Decision): Promise<string> {
  if (target !== undefined) assertCandidate(ids, target);
  const id = target ?? (await findOldest(deps.db.sql, ids));
  if (id === undefined)
    throw new RejectedError("not_found", "None of the records is there any more", { context: { candidates: ids } });
  for (const other of ids) {
    if (other === id) continue;
    const { refusal, obstacles } = await mergeKundeemner(deps, { id, other, by });
    if (refusal === null) continue;
    const named = obstacles.map(obstacleInWords).join(", ");
    throw new RejectedError(refusal, `${other} cannot be merged into ${id}`, {
      context: { id, other, obstacles: named },
    });
  }
  return id;
}

function assertCandidate(ids: readonly string[], target: string): void {
  if (ids.includes(target)) return;
  throw new RejectedError("bad_value", "`target` names one of the records", { context: { candidates: ids } });
}

import { RejectedError } from "../lib/errors.ts";
import { decisionsOf } from "../model/review-kinds.ts";
import type { Review } from "../store/reviews.ts";
import { findReviewToDecide } from "../store/reviews-decide.ts";
import type { Batch } from "./batch.ts";
import { decideCase } from "./decide-case.ts";
import { decideDuplicate, mergeCandidates } from "./decide-duplicate.ts";
import { decideMatch } from "./decide-match.ts";
import { decideOrphan } from "./decide-orphan.ts";
import { decidePrimary } from "./decide-primary.ts";
import { decideStopped } from "./decide-stopped.ts";
import { assertOneOf, assertOpen, close, type Decision, retake } from "./decision.ts";
import type { Deps } from "./deps.ts";
import { decideAddress } from "./domain-contacts.ts";
import { inBatch } from "./edit.ts";

/**
 * Decides what waits for a person, one transaction; what it makes owed is due when this returns. Throws RejectedError:
 * `not_found`; `side_moved` when it is decided already, or another revision stands than the one that was seen; `bad_value`
 * or `not_allowed` when this cannot be said of it.
 */
export async function decideReview(deps: Deps, act: Decision): Promise<{ state: string }> {
  const review = await findReviewToDecide(deps.db.sql, act.id);
  if (review === undefined)
    throw new RejectedError("not_found", "There is no review with this id", { context: { id: act.id } });
  assertOpen(review, act);
  assertOneOf(review, act, decisionsOf(review));
  switch (review.kind) {
    case "conflict":
    case "proposal":
      await inBatch(deps, (batch) => decideCase(batch, review, act));
      break;
    case "primary_contact":
      await inBatch(deps, (batch) => decidePrimary(batch, review, act));
      break;
    case "orphaned":
      await inBatch(deps, (batch) => decideOrphan(batch, review, act));
      break;
    case "match_case":
      if (act.decision === "merge") await mergeCandidates(deps, review, act);
      else await decideMatch(deps, review, act);
      break;
    case "unknown_address":
      await inBatch(deps, (batch) => decideAddress(batch, review, act));
      break;
    case "duplicate":
      await decideDuplicate(deps, review, act);
      break;
    case "ignored_write":
    case "alert":
      await inBatch(deps, (batch) => finish(batch, review, act));
      break;
    case "stopped_run":
      await decideStopped(deps, review, act);
      break;
  }
  return { state: "decided" };
}

/** There is nothing to carry out: it is noted who saw it, and when. */
async function finish(batch: Batch, review: Review, act: Decision): Promise<void> {
  await retake(batch, act);
  await close(batch, review, act);
}

import { RejectedError } from "../lib/errors.ts";
import type { Values } from "../model/catalogue.ts";
import { closeReviews, type Review } from "../store/reviews.ts";
import { lockReviewToDecide } from "../store/reviews-decide.ts";
import { type Batch, iso } from "./batch.ts";
import type { Actor } from "./deps.ts";

/** A part of what a guard has stopped (rule R30): the first so many, what stands up to a number, some objects. */
export interface StoppedRange {
  readonly count?: number;
  /** Id of a change or delivery. */
  readonly upTo?: number;
  /** External ids. */
  readonly objects?: readonly string[];
}

/** A person's word on what waits for one. */
export interface Decision {
  readonly id: number;
  /** What may be said depends on the kind of the review. */
  readonly decision: string;
  /** The revision that was seen (rule R16). */
  readonly revision?: number;
  /** With `value`: the fields of the unit, checked already. */
  readonly value?: Values;
  /** A link or connection (`take_theirs`), a record (`link`, `not_same`), a contact (`make_primary`). */
  readonly target?: string;
  /** Of a stopped run, where not all of it is meant. */
  readonly range?: StoppedRange;
  readonly why?: string;
  readonly by: Actor;
}

/** Refuses what was decided meanwhile, and a decision that saw other sides than those that stand (rule R16). */
export function assertOpen(review: Pick<Review, "id" | "state" | "revision">, act: Decision): void {
  if (review.state === "suspended")
    throw new RejectedError("conflict", "The case rests while its record is archived", { context: { id: review.id } });
  if (review.state !== "open")
    throw new RejectedError("side_moved", "This was decided or closed meanwhile", {
      context: { id: review.id, state: review.state },
    });
  if (act.revision !== undefined && act.revision !== review.revision)
    throw new RejectedError("side_moved", "A side has moved since it was seen: look again, then decide", {
      context: { id: review.id, revision: review.revision },
    });
}

/** Refuses what cannot be said of this review, naming what can. */
export function assertOneOf(review: Review, act: Decision, allowed: readonly string[]): void {
  if (allowed.includes(act.decision)) return;
  throw new RejectedError("not_allowed", `Of a review of kind ${review.kind} may be said: ${allowed.join(", ")}`, {
    context: { id: review.id, field: "decision", allowed },
  });
}

/** The review as it stands now that links and records are held; locked until the transaction ends. */
export async function retake(batch: Batch, act: Decision): Promise<Review> {
  const review = await lockReviewToDecide(batch.tx, act.id);
  if (review === undefined)
    throw new RejectedError("not_found", "There is no review with this id", { context: { id: act.id } });
  assertOpen(review, act);
  return review;
}

/** Notes who decided what, and why. */
export async function close(batch: Pick<Batch, "tx" | "now">, review: Review, act: Decision): Promise<void> {
  const closing = { id: review.id, state: "decided" as const, decision: act.decision, by: act.by.name, why: act.why };
  await closeReviews(batch.tx, iso(batch.now), [closing]);
}

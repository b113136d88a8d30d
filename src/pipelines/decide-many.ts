import { KoblingError, RejectedError } from "../lib/errors.ts";
import { type DecisionWord, kindsWith, type ReviewKind, reviewKinds } from "../model/review-kinds.ts";
import { listOpen, type ReviewFilter } from "../store/reviews-read.ts";
import type { Decision } from "./decision.ts";
import { decideReview } from "./decisions.ts";
import type { Actor, Deps } from "./deps.ts";

export interface ManyDecisions {
  readonly filter: ReviewFilter;
  readonly decision: DecisionWord;
  readonly target?: string;
  readonly why: string;
  /** Reviews at most. */
  readonly limit: number;
  /** Only those opened after this one: `next` of the answer before. */
  readonly after?: number;
  readonly by: Actor;
}

export interface ManyDecided {
  /** Reviews that the filter found, oldest first, up to the limit. */
  readonly found: number;
  readonly decided: number;
  readonly failures: readonly { readonly id: number; readonly kind: ReviewKind; readonly error: unknown }[];
  /** Where to go on; null when the filter finds no more. */
  readonly next: number | null;
}

/**
 * Decides what a filter finds, each in a transaction of its own and on the revision that the filter saw: what moved
 * since is left to be looked at again (rule R16). One that cannot be decided is told, the others go on. Kinds of which
 * the decision cannot be said are not found; when the filter names one, RejectedError `not_allowed` says what can.
 */
export async function decideMany(deps: Deps, act: ManyDecisions): Promise<ManyDecided> {
  const { filter, decision, limit, after } = act;
  const kinds = kindsWith(decision);
  if (filter.kind !== undefined && !kinds.includes(filter.kind)) {
    const allowed: readonly string[] = reviewKinds[filter.kind];
    throw new RejectedError("not_allowed", `Of a review of kind ${filter.kind} may be said: ${allowed.join(", ")}`, {
      context: { field: "decision", allowed },
    });
  }
  const { rows, next } = await listOpen(deps.db.sql, { ...filter, kinds, after, limit });
  const failures: { id: number; kind: ReviewKind; error: unknown }[] = [];
  for (const { id, kind, revision } of rows) {
    try {
      await decideReview(deps, { ...sayingOf(act), id, revision });
    } catch (error) {
      if (!(error instanceof KoblingError)) deps.log.error("review.failed", { reviewId: id, decision, error });
      failures.push({ id, kind, error });
    }
  }
  const decided = rows.length - failures.length;
  deps.log.info("reviews.decided", { decision, found: rows.length, decided, failed: failures.length, by: act.by.name });
  return { found: rows.length, decided, failures, next: next ?? null };
}

const sayingOf = ({ decision, target, why, by }: ManyDecisions): Omit<Decision, "id"> => ({
  decision,
  why,
  by,
  ...(target === undefined ? {} : { target }),
});

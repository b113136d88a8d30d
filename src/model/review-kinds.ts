/** What a person may say of what waits in the review queue. */
export const decisionWords = [
  "take_theirs",
  "keep_ours",
  "value",
  "link",
  "merge",
  "not_same",
  "new",
  "ignore",
  "make_primary",
  "archive",
  "erase",
  "write_back",
  "approve",
  "dismiss",
  "acknowledge",
] as const;

export type DecisionWord = (typeof decisionWords)[number];

/** Each kind of review with the decisions that may be taken of it; the API's answers, its document and the acts read it. */
export const reviewKinds = {
  /** A value that may not be written without a person (rule R15). */
  proposal: ["take_theirs", "keep_ours", "value"],
  /** Sides that differ (rules R12, R16). */
  conflict: ["take_theirs", "keep_ours", "value"],
  /** A remote object that could stand for several records, or for one that is taken (rule R24). */
  match_case: ["link", "merge", "not_same", "new", "ignore"],
  /** An address of a domain that no company has here, or several have (S25). */
  unknown_address: ["link", "ignore"],
  /** Records of ours that may be one company (rule R28). */
  duplicate: ["merge", "not_same"],
  /** Another person than the primary contact is meant (rule R29). */
  primary_contact: ["make_primary", "ignore"],
  /** Deleted on side crm (rule R1). */
  orphaned: ["archive", "write_back"],
  /** A write that the remote took without effect (rule R17). */
  ignored_write: ["acknowledge"],
  /** A lane that was stopped before it did what a person has not seen (rules R26, R30). */
  stopped_run: ["approve", "dismiss"],
  alert: ["acknowledge"],
} as const satisfies { readonly [kind: string]: readonly DecisionWord[] };

export type ReviewKind = keyof typeof reviewKinds;

// The keys of the table are the kinds.
export const reviewKindNames = Object.keys(reviewKinds) as [ReviewKind, ...ReviewKind[]];

export const reviewStates = ["open", "decided", "closed", "suspended"] as const;
export type ReviewState = (typeof reviewStates)[number];

/** What may be decided of one review now; nothing once it is decided, closed or suspended. */
export function decisionsOf(review: {
  readonly kind: ReviewKind;
  readonly state: ReviewState;
  readonly detail: unknown;
}): readonly DecisionWord[] {
  if (review.state !== "open") return [];
  // What no guard has stopped goes on by the release of a fresh preview, not by a word (rule R26).
  if (review.kind === "stopped_run" && !isGuards(review.detail)) return ["dismiss"];
  return reviewKinds[review.kind];
}

/** Kinds of which this may be said. */
export const kindsWith = (decision: DecisionWord): readonly ReviewKind[] =>
  reviewKindNames.filter((kind) => (reviewKinds[kind] as readonly DecisionWord[]).includes(decision));

const isGuards = (detail: unknown): boolean => typeof detail === "object" && detail !== null && "direction" in detail;

import type { Link } from "./record.ts";

/** What a change says of when and how it was read. Times in ms. */
export interface ChangeFacts {
  readonly counter: number | null;
  readonly lastDelivery: number | null;
  readonly remoteVersion: string | null;
  /** The remote's own time of the change, where it states one. */
  readonly changedAt: number | null;
  readonly beganAt: number;
  readonly receivedAt: number;
  readonly writeCount: number | null;
  readonly hash: string;
  /** A push by a system that we cannot read (connector in mode `queue`). */
  readonly pushed: boolean;
}

export interface LinkFacts {
  readonly link: Link;
  readonly newestHash: string | null;
  /** Newest delivery id the remote has acknowledged, and the one it has outstanding (pull mode). */
  readonly acknowledged: number | null;
  readonly outstanding: number | null;
}

export type ReadingVerdict =
  | { readonly verdict: "decide" }
  /** Names our outstanding delivery: counts as its receipt, then is decided (rule R21). */
  | { readonly verdict: "receipt" }
  | { readonly verdict: "repeat" }
  | { readonly verdict: "stale"; readonly why: string; readonly readAgain: boolean };

const stale = (why: string, readAgain: boolean): ReadingVerdict => ({ verdict: "stale", why, readAgain });

/** Is this reading to be decided? Rules R5 (repeats), R6 (stale readings) and R21 (counters, last delivery). */
export function judgeReading(facts: LinkFacts, change: ChangeFacts): ReadingVerdict {
  const { link } = facts;
  if (change.counter !== null) {
    if (link.counter !== null && change.counter < link.counter) return stale("R21:counter", false);
    // Without a hash it is to be decided though it is known: its lane was released, or a write of ours is out (rule R27).
    if (link.counter !== null && change.counter === link.counter && facts.newestHash !== null) {
      return change.hash === facts.newestHash ? { verdict: "repeat" } : stale("R21:counter", false);
    }
  } else if (facts.newestHash !== null && change.hash === facts.newestHash && !hasNewVersion(link, change)) {
    return { verdict: "repeat" };
  }
  if (isOlder(link, change)) return stale("R5:older", false);
  if (change.pushed) {
    if (change.lastDelivery !== null && facts.acknowledged !== null && change.lastDelivery < facts.acknowledged) {
      return stale("R21:older_delivery", false);
    }
    if (change.lastDelivery !== null && change.lastDelivery === facts.outstanding) return { verdict: "receipt" };
    // Without counter and delivery id nothing tells a push from before our write from one after it.
    if (change.counter === null && change.lastDelivery === null && link.writeCount > 0) return stale("R21:hint", false);
    return { verdict: "decide" };
  }
  if (link.inFlight) return stale("R6:in_flight", true);
  if (change.writeCount !== null && change.writeCount < link.writeCount) return stale("R6:before_our_write", true);
  if (change.remoteVersion === null && link.decidedReceivedAt !== null && change.beganAt < link.decidedReceivedAt) {
    return stale("R6:begun_before_last_decided", true);
  }
  return { verdict: "decide" };
}

const WHOLE_NUMBER = /^\d{1,15}$/;

/** A version that counts, or a time that the remote states, below the newest kept (rule R5). Other versions have no order. */
function isOlder(link: Link, change: ChangeFacts): boolean {
  const known = link.remoteVersion;
  if (
    change.remoteVersion !== null &&
    known !== null &&
    WHOLE_NUMBER.test(change.remoteVersion) &&
    WHOLE_NUMBER.test(known)
  ) {
    return Number(change.remoteVersion) < Number(known);
  }
  const before = link.remoteChangedAt ?? null;
  return change.changedAt !== null && before !== null && change.changedAt < before && !wasAskedSince(link, change);
}

/**
 * We asked for it after the last decided reading had come: it is newer, whatever time the remote states. Its clock was set
 * back, or it states a local time that came twice.
 */
const wasAskedSince = (link: Link, change: ChangeFacts): boolean =>
  change.writeCount !== null && link.decidedReceivedAt !== null && change.beganAt >= link.decidedReceivedAt;

/** The same content under a new version is kept: the next write names that version. */
const hasNewVersion = (link: Link, change: ChangeFacts): boolean =>
  change.remoteVersion !== null && change.remoteVersion !== link.remoteVersion;

/**
 * The interval in which the remote's values came to be (rule R3), in ms: from when the request of the last reading that
 * still had base began to this reading; narrowed by a time the remote states, corrected by its clock's offset, capped
 * at receipt. A push without a stated time moves neither end beyond what is known.
 */
export function claimInterval(
  change: Pick<ChangeFacts, "changedAt" | "beganAt" | "receivedAt" | "pushed">,
  lastHadBase: number | null,
  clockOffsetMs: number,
): { from: number; to: number } {
  const to = change.receivedAt;
  const from = Math.min(lastHadBase ?? 0, to);
  if (change.changedAt === null) return { from, to };
  const stated = Math.min(change.changedAt - clockOffsetMs, to);
  // A time from before the last reading that still had base cannot be this field's: it narrows nothing.
  return stated < from ? { from, to } : { from: stated, to: stated };
}

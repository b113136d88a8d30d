import { ConnectionError, RejectedError, RetryableError, StaleError, UncertainError } from "../lib/errors.ts";
import { alert } from "../store/reviews.ts";
import type { Attempt } from "./prepare.ts";

export interface Classified {
  readonly outcome: "retry" | "uncertain" | "stale" | "rejected" | "connection";
  readonly code: string;
  /** Not before this long, in ms. */
  readonly afterMs: number;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15 * 60_000;
/** What a lock has refused is read and sent again at once; refused again, somebody else is writing: not faster than they. */
const LAST_STALE_MS = 60_000;

/** What happens next after a failed call (design, section 4); its own waiting time, else a growing one. */
export function classify(error: Error, quietMs: number, tries: number): Classified {
  const code = "code" in error && typeof error.code === "string" ? error.code : "fault";
  const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(Math.max(tries - 1, 0), 12));
  if (error instanceof UncertainError) return { outcome: "uncertain", code, afterMs: quietMs };
  if (error instanceof StaleError)
    return { outcome: "stale", code, afterMs: tries < 2 ? 0 : Math.min(LAST_STALE_MS, growing) };
  if (error instanceof RejectedError) return { outcome: "rejected", code, afterMs: 0 };
  if (error instanceof ConnectionError) return { outcome: "connection", code, afterMs: growing };
  if (error instanceof RetryableError) return { outcome: "retry", code, afterMs: error.retryAfterMs ?? growing };
  // Nobody foresaw it: it may have happened after the request left.
  return { outcome: "uncertain", code, afterMs: quietMs };
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

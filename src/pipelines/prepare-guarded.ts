import { type Delivery, type DeliveryEnd, endLeases } from "../store/deliveries.ts";
import type { Known } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { Dismissed, LaneStopped } from "./lane-stopped.ts";
import { type Attempt, prepare } from "./prepare.ts";
import type { ReadBefore } from "./read-before.ts";
import { stopLaneFor } from "./stop-lane.ts";

const READ_AGAIN_MS = 1_000;

/**
 * Prepares what the guards let through (rule R30). Where one trips, nothing of that object is sent: its leases are given
 * back and wait, and the lane stops. What a person has dismissed is withheld until its record changes again.
 */
export async function prepareGuarded(
  deps: Deps,
  connection: string,
  leases: readonly Delivery[],
  read: ReadBefore,
  /** What a batch that was stopped has noted there is of versions that were never committed: it is not taken for known. */
  known: Known,
): Promise<Attempt[]> {
  if (leases.length === 0) return [];
  try {
    return await prepare(deps, connection, leases, read, known);
  } catch (error) {
    if (error instanceof Dismissed) {
      const aside = new Set(error.ids);
      await endLeases(
        deps.db.sql,
        ends(leases, (lease) => aside.has(lease.id), "R30:dismissed"),
      );
      return prepareGuarded(
        deps,
        connection,
        leases.filter((lease) => !aside.has(lease.id)),
        read,
        known,
      );
    }
    if (!(error instanceof LaneStopped)) throw error;
    // Tripped by what was read: it is not read again at once, also where a person has approved the sending.
    const afterMs = error.stop?.direction === "in" ? READ_AGAIN_MS : 0;
    await endLeases(
      deps.db.sql,
      ends(leases, (lease) => lease.object === error.object, "lane_stopped", afterMs),
    );
    await stopLaneFor(deps, connection, error);
    return prepareGuarded(
      deps,
      connection,
      leases.filter((lease) => lease.object !== error.object),
      read,
      known,
    );
  }
}

/** What may have gone through at an earlier try stays uncertain while it waits. */
const ends = (
  leases: readonly Delivery[],
  which: (lease: Delivery) => boolean,
  reason: "lane_stopped" | "R30:dismissed",
  afterMs = 0,
): DeliveryEnd[] =>
  leases.filter(which).map(({ id, fence, attemptId }) => ({
    id,
    fence,
    afterMs,
    state: reason === "R30:dismissed" ? "withheld" : attemptId === null ? "due" : "uncertain",
    reason,
  }));

import { setTimeout as wait } from "node:timers/promises";
import { RejectedError } from "../lib/errors.ts";
import { loadLanes } from "../store/lanes.ts";
import { findPullable, isPullable } from "../store/outbound.ts";
import type { Deps } from "./deps.ts";
import type { Handed } from "./hand-out.ts";
import { handOutGuarded } from "./hand-out-guarded.ts";
import { type Receipt, type Receipts, takeReceipts } from "./receipts.ts";
import { forgetRanges } from "./stop-lane.ts";
import { isStopped, laneKey, openLanes } from "./world.ts";

/** A caller is never kept waiting longer than this, in ms. */
const LONGEST_WAIT_MS = 30_000;
/** How often a waiting caller's lane is looked at, in ms. */
const LOOK_EVERY_MS = 250;
const MOST_AT_ONCE = 500;

export interface Lease {
  readonly connection: string;
  readonly object: string;
  readonly limit: number;
  /** How long to wait for something to be due, in ms; at most 30 s. */
  readonly waitMs: number;
}

/**
 * What is owed to a remote that pulls (rule R21), oldest first, with only the owed fields in its own shape. What was not
 * acknowledged comes again with the same id and body. Throws RejectedError `not_found` for an object that is not
 * configured. A paused or stopped lane hands out nothing and withdraws nothing.
 */
export async function leaseOutbound(deps: Deps, asked: Lease): Promise<{ deliveries: Handed[] }> {
  const end = performance.now() + Math.min(asked.waitMs, LONGEST_WAIT_MS);
  for (;;) {
    const deliveries = await handOutDue(deps, asked);
    if (deliveries.length > 0) return { deliveries };
    // What is due may be shut by the gate, so it is looked at a few times a second, never in a ring.
    do {
      const leftMs = end - performance.now();
      if (leftMs <= 0) return { deliveries };
      await wait(Math.min(LOOK_EVERY_MS, leftMs));
    } while (!(await isPullable(deps.db.sql, asked.connection, asked.object)));
  }
}

async function handOutDue(deps: Deps, { connection, object, limit }: Lease): Promise<Handed[]> {
  const { sql } = deps.db;
  const lane = openLanes(deps, await loadLanes(sql)).get(laneKey(connection, object));
  if (lane === undefined)
    throw new RejectedError("not_found", "This object is not configured", { context: { connection, object } });
  if (lane.paused || (lane.row.stopped && lane.row.ranges.out.length === 0)) return [];
  const handed: Handed[] = [];
  const due = new Set<string>();
  let after = 0;
  while (handed.length < limit) {
    const found = await findPullable(sql, connection, object, after, Math.min(limit - handed.length, MOST_AT_ONCE));
    const last = found.at(-1);
    if (last === undefined) break;
    after = last.id;
    const round = await handOutGuarded(
      deps,
      connection,
      found.filter((delivery) => !isStopped(lane, delivery)),
    );
    handed.push(...round.handed);
    for (const name of round.due) due.add(name);
    if (round.stopped) break;
  }
  if (lane.row.ranges.out.length > 0) await forgetRanges(deps, lane, "out");
  for (const name of due) if (name !== connection) await deps.queue.due("deliver", name);
  return handed;
}

/**
 * What became of deliveries (rule R21). Receipts count however late, and twice is harmless; what cannot be is refused by
 * its place in the list, and the others count. `object`, where given, must be that of the deliveries.
 */
export const receiptOutbound = (
  deps: Deps,
  at: { readonly connection: string; readonly object?: string },
  receipts: readonly Receipt[],
): Promise<Receipts> => takeReceipts(deps, at, receipts);

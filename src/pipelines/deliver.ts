import { type Delivery, leaseDue, reclaimLost } from "../store/deliveries.ts";
import type { StoredEntity } from "../store/entities.ts";
import { KnownRows } from "../store/known-rows.ts";
import { loadLanes } from "../store/lanes.ts";
import type { StoredLink } from "../store/links.ts";
import { BatchSizes, LARGEST_BATCH, SMALLEST_BATCH } from "./batch-size.ts";
import { findMatches } from "./conversions/matches.ts";
import { findCreated } from "./creates.ts";
import type { Deps } from "./deps.ts";
import { prepareGuarded } from "./prepare-guarded.ts";
import { readBefore } from "./read-before.ts";
import { send } from "./send.ts";
import { settleAll } from "./settle.ts";
import { forgetRanges } from "./stop-lane.ts";
import { openLanes } from "./world.ts";

const LEASE_MS = 120_000;
/** A request and the settle of its answer take less than this: none leaves later before its lease ends (rule R18). */
const LAST_MS = 45_000;
/** Batches in hand at once: one is sent while the other is decided. The second begins when there is more than a first. */
const IN_HAND = 3;

export interface DeliverCounts {
  readonly leased: number;
  readonly sent: number;
}

/**
 * Sends what is due on a connection until nothing is. Phase by phase for a batch: lease, read again where the remote has
 * no lock, decide and write the attempts ahead, send, settle. Safe to run twice at once: leases are fenced (rule R18).
 */
export async function deliver(deps: Deps, connection: string): Promise<DeliverCounts> {
  const connector = deps.connectorOf(connection);
  if (connector.mode !== "call") return { leased: 0, sent: 0 };
  const quietMs = deps.connection(connection).quietMs;
  await reclaimLost(deps.db.sql, connection, quietMs, connector.showsAfterMs);
  const counts = { leased: 0, sent: 0, stop: false };
  let others: Promise<void>[] = [];
  await sendOn(deps, connection, counts, () => {
    if (others.length > 0) return;
    others = Array.from({ length: IN_HAND - 1 }, () => sendOn(deps, connection, counts, () => undefined));
    for (const other of others) other.catch(() => undefined); // its failure is met below
  });
  await Promise.all(others);
  await deliverRanges(deps, connection, counts);
  return { leased: counts.leased, sent: counts.sent };
}

/** What a person has decided of what a guard stopped is sent, or withheld, also while the rest waits (rule R30). */
async function deliverRanges(
  deps: Deps,
  connection: string,
  counts: { leased: number; sent: number; stop: boolean },
): Promise<void> {
  const lanes = [...openLanes(deps, await loadLanes(deps.db.sql)).values()].filter(
    (lane) => lane.connection === connection && lane.outbound && !lane.paused && lane.row.ranges.out.length > 0,
  );
  for (const lane of lanes) {
    for (const range of lane.row.ranges.out) {
      while (!counts.stop) {
        const leasedAt = performance.now();
        const leases = await leaseDue(deps.db.sql, connection, [lane.object], LARGEST_BATCH, LEASE_MS, range);
        if (leases.length === 0) break;
        counts.leased += leases.length;
        const outcome = await deliverBatch(deps, connection, leases, leasedAt);
        counts.sent += outcome.sent;
        counts.stop ||= outcome.stop;
      }
    }
    await forgetRanges(deps, lane, "out");
  }
}

const sizes = new WeakMap<Deps, BatchSizes>();

function sizesOf(deps: Deps): BatchSizes {
  const known = sizes.get(deps) ?? new BatchSizes();
  sizes.set(deps, known);
  return known;
}

/** Batch after batch until nothing is due or the connection must wait; `onMore`: a batch was full. */
async function sendOn(
  deps: Deps,
  connection: string,
  counts: { leased: number; sent: number; stop: boolean },
  onMore: () => void,
): Promise<void> {
  const known = sizesOf(deps);
  while (!counts.stop) {
    const lanes = [...openLanes(deps, await loadLanes(deps.db.sql)).values()].filter(
      (lane) => lane.connection === connection,
    );
    const objects = lanes
      .filter((lane) => lane.outbound && !lane.paused && !lane.row.stopped)
      .map((lane) => lane.object);
    if (objects.length === 0) return;
    const leasedAt = performance.now();
    const asked = known.of(connection);
    const leases = await leaseDue(deps.db.sql, connection, objects, asked, LEASE_MS);
    if (leases.length === 0) return;
    counts.leased += leases.length;
    if (leases.length === asked && asked > SMALLEST_BATCH) onMore();
    const outcome = await deliverBatch(deps, connection, leases, leasedAt);
    counts.sent += outcome.sent;
    counts.stop ||= outcome.stop;
    known.note(connection, { asked, leased: leases.length, windowMs: outcome.windowMs });
  }
}

async function deliverBatch(
  deps: Deps,
  connection: string,
  leases: readonly Delivery[],
  leasedAt: number,
): Promise<{ sent: number; stop: boolean; windowMs: number }> {
  const found = await findMatches(deps, connection, leases, await findCreated(deps, connection, leases));
  const began = performance.now();
  const read = await readBefore(deps, connection, leases, found);
  // What prepare had in hand is settled a moment later: only what has moved meanwhile is read again.
  const known = { links: new KnownRows<StoredLink>(), kundeemner: new KnownRows<StoredEntity>() };
  const attempts = await prepareGuarded(deps, connection, leases, read, known);
  known.links.isAsked = true;
  known.kundeemner.isAsked = true;
  const results = await send(deps, connection, attempts, leasedAt + LEASE_MS - LAST_MS);
  const windowMs = performance.now() - began;
  const again = await settleAll(deps, connection, results, known);
  for (const name of again.dueElsewhere) if (name !== connection) await deps.queue.due("deliver", name);
  return { sent: attempts.length, stop: again.stop, windowMs };
}

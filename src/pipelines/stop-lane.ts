import { readNow } from "../store/clock.ts";
import { stopLane } from "../store/lanes.ts";
import { openReviews } from "../store/reviews.ts";
import { iso } from "./batch.ts";
import type { Deps } from "./deps.ts";
import type { LaneStopped } from "./meetings.ts";

/** Stops a lane before the batch that would go too far; what is told meanwhile waits, and a person is told (R26, R30). */
export async function stopLaneFor(deps: Deps, connection: string, { object, reason }: LaneStopped): Promise<void> {
  await deps.db.sql.begin(async (tx) => {
    const at = iso(await readNow(tx));
    const [review] = await openReviews(tx, at, [{ kind: "stopped_run", connection, object, reason }]);
    if (review !== undefined) await stopLane(tx, connection, object, reason, review);
  });
  deps.log.warn("lane.stopped", { connection, object, reason });
}

import { movePulled, type Pulled } from "../store/outbound.ts";
import type { Deps } from "./deps.ts";
import { type Handed, handOut } from "./hand-out.ts";
import { Dismissed, LaneStopped } from "./lane-stopped.ts";
import { stopLaneFor } from "./stop-lane.ts";

/**
 * Hands out what the guards let through (rule R30). Where one trips nothing of this round is handed out and the lane
 * stops; what a person has dismissed is withheld until its record changes again.
 */
export async function handOutGuarded(
  deps: Deps,
  connection: string,
  found: readonly Pulled[],
): Promise<{ handed: Handed[]; due: Set<string>; stopped: boolean }> {
  if (found.length === 0) return { handed: [], due: new Set(), stopped: false };
  try {
    return { ...(await handOut(deps, connection, found)), stopped: false };
  } catch (error) {
    if (error instanceof Dismissed) {
      const aside = new Set(error.ids);
      await movePulled(
        deps.db.sql,
        error.ids.map((id) => ({ id, state: "withheld", reason: "R30:dismissed" })),
      );
      return handOutGuarded(
        deps,
        connection,
        found.filter((delivery) => !aside.has(delivery.id)),
      );
    }
    if (!(error instanceof LaneStopped)) throw error;
    await stopLaneFor(deps, connection, error);
    return { handed: [], due: new Set(), stopped: true };
  }
}

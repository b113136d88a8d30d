import { openDatabase } from "../store/database.ts";
import { WAKE_CHANNEL } from "../store/segment-marks.ts";
import type { Deps } from "./deps.ts";
import { followSegments } from "./follow-segments.ts";

export interface Following {
  /** Finishes what it is at, and listens no more. */
  close(): Promise<void>;
}

/**
 * Follows segments whenever PostgreSQL tells, at the commit of a record or a consent, that something was marked. Of many calls while it
 * works one more turn follows. A call that is lost, as where the connection breaks, is made good by the sweep.
 */
export async function startFollowing(deps: Pick<Deps, "db" | "log" | "seal" | "queue">): Promise<Following> {
  // A connection of its own keeps the plans of its statements.
  const db = openDatabase(deps.db.url, { max: 1, applicationName: "kobling segments" });
  let turn: Promise<void> | undefined;
  let isCalled = false;
  let isClosed = false;
  const follow = async (): Promise<void> => {
    while (isCalled && !isClosed) {
      isCalled = false;
      try {
        await followSegments({ ...deps, db });
      } catch (error) {
        deps.log.warn("segments.not_followed", { error }); // the marks stand; the sweep takes them
      }
    }
    turn = undefined;
  };
  const wake = (): void => {
    isCalled = true;
    turn ??= follow();
  };
  // Also called when the connection has come back: whatever was told meanwhile is looked for.
  const listening = await db.sql.listen(WAKE_CHANNEL, wake, wake);
  return {
    async close() {
      isClosed = true;
      await listening.unlisten();
      await turn;
      await db.close();
    },
  };
}

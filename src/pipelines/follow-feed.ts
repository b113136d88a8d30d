import { KoblingError } from "../lib/errors.ts";
import { beginFeedTurn, findToRead, saveFeedCursor } from "../store/refreshing.ts";
import type { Deps } from "./deps.ts";
import { asError } from "./each.ts";
import { readLinked } from "./read-linked.ts";
import { callsLeft } from "./spending.ts";

/** What a directory shows only after it says that it was loaded, and how far its clock may be from ours. */
const OVERLAP_MS = 10 * 60_000;

/**
 * Follows the feed of a directory that keeps one: of what was loaded since the last turn the linked objects are read, and
 * decided like every reading. The place is kept after each page, with an overlap for rows that show late, so a turn that was
 * killed or stopped goes on where it was; what was read since it was loaded is not read twice. The first turn begins now.
 */
export async function followFeed(
  deps: Deps,
  { connection, object, runId }: { connection: string; object: string; runId: number },
): Promise<{ read: number; stopped: Error | undefined }> {
  const { sql } = deps.db;
  const client = deps.clientOf(connection, "budgeted");
  if (client.changed === undefined || (await callsLeft(deps, connection)) <= 0) return { read: 0, stopped: undefined };
  const { feedMs } = deps.connection(connection).refresh;
  const from = await beginFeedTurn(sql, connection, object, feedMs);
  if (from === undefined) return { read: 0, stopped: undefined };
  let read = 0;
  try {
    const pages = client.changed(object, new Date(from.getTime() - OVERLAP_MS))[Symbol.asyncIterator]();
    for (;;) {
      const { done, value: page } = await deps.limits.call(connection, () => pages.next());
      if (done === true) return { read, stopped: undefined };
      const externalIds = await findToRead(sql, { connection, object, loaded: page.loaded, slackMs: OVERLAP_MS });
      const { answered, stopped } =
        externalIds.length === 0
          ? { answered: 0, stopped: undefined }
          : await readLinked(deps, { connection, object, runId, externalIds });
      read += answered;
      if (stopped !== undefined) return { read, stopped };
      if (page.until > from) await saveFeedCursor(sql, connection, object, page.until);
    }
  } catch (thrown) {
    const error = asError(thrown);
    if (!(error instanceof KoblingError)) throw error;
    return { read, stopped: error };
  }
}

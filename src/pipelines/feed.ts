import { RejectedError } from "../lib/errors.ts";
import type { Sql } from "../store/database.ts";
import {
  type FeedBounds,
  type FeedEntry,
  type FeedPosition,
  numberBatches,
  readFeedBounds,
  readFeedEntries,
} from "../store/feed.ts";

export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** Read on from here. */
  readonly cursor: string;
  readonly hasMore: boolean;
}

/** Wakes readers that wait for the feed to grow: one look at the database for all of them, and none while nobody waits. */
export interface FeedWatch {
  /** Resolves when the feed has grown past `number`, or when `signal` ends the wait. */
  grown(number: number, signal: AbortSignal): Promise<void>;
  /** Ends every wait. */
  close(): void;
}

const WATCH_EVERY_MS = 200;

/** The place that stands in a cursor; undefined when it is none of ours. */
export function readCursor(cursor: string): FeedPosition | undefined {
  const match = /^f(\d{1,9})\.(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  return match ? { epoch: Number(match[1]), number: Number(match[2]) } : undefined;
}

export const writeCursor = ({ epoch, number }: FeedPosition): string =>
  Buffer.from(`f${epoch}.${number}`, "latin1").toString("base64url");

/**
 * The feed after a cursor (rule R32); without one, from the oldest entry that is kept. Throws RejectedError `gone` when
 * the cursor is of another epoch or behind what is kept: then a snapshot must be taken, from `latestCursor` on.
 */
export async function readFeed(
  sql: Sql,
  watch: FeedWatch,
  {
    after,
    limit,
    waitMs,
    signal,
  }: { after: FeedPosition | undefined; limit: number; waitMs: number; signal?: AbortSignal },
): Promise<FeedPage> {
  await numberBatches(sql);
  const bounds = await readFeedBounds(sql);
  const position = after ?? { epoch: bounds.epoch, number: bounds.floor };
  assertReadable(position, bounds);
  let entries = await readFeedEntries(sql, position.number, limit + 1);
  if (entries.length === 0 && waitMs > 0) {
    const end = AbortSignal.timeout(waitMs);
    await watch.grown(position.number, signal ? AbortSignal.any([end, signal]) : end);
    // A restore may have raised the epoch while we waited.
    assertReadable(position, await readFeedBounds(sql));
    entries = await readFeedEntries(sql, position.number, limit + 1);
  }
  const page = entries.slice(0, limit);
  const number = page.at(-1)?.number ?? position.number;
  return { entries: page, cursor: writeCursor({ epoch: position.epoch, number }), hasMore: entries.length > limit };
}

/** The end of the feed as it is now: take it, read all records, then read the feed from it, and nothing is missed. */
export async function latestCursor(sql: Sql): Promise<string> {
  await numberBatches(sql);
  const { epoch, last } = await readFeedBounds(sql);
  return writeCursor({ epoch, number: last });
}

export function createFeedWatch(sql: Sql, everyMs: number = WATCH_EVERY_MS): FeedWatch {
  const waiting = new Set<{
    readonly number: number;
    readonly wake: () => void;
    readonly fail: (error: unknown) => void;
  }>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async () => {
    timer = undefined;
    try {
      await numberBatches(sql);
      const { last } = await readFeedBounds(sql);
      for (const each of [...waiting]) if (last > each.number) each.wake();
    } catch (error) {
      for (const each of [...waiting]) each.fail(error);
    }
    schedule();
  };
  const schedule = () => {
    if (timer === undefined && waiting.size > 0 && !closed) timer = setTimeout(() => void look(), everyMs);
  };

  return {
    grown: (number, signal) =>
      new Promise((resolve, reject) => {
        if (closed || signal.aborted) return resolve();
        const done = () => {
          waiting.delete(entry);
          signal.removeEventListener("abort", entry.wake);
        };
        const entry = {
          number,
          wake: () => {
            done();
            resolve();
          },
          fail: (error: unknown) => {
            done();
            reject(error);
          },
        };
        waiting.add(entry);
        signal.addEventListener("abort", entry.wake);
        schedule();
      }),
    close: () => {
      closed = true;
      clearTimeout(timer);
      for (const each of [...waiting]) each.wake();
    },
  };
}

function assertReadable(position: FeedPosition, bounds: FeedBounds): void {
  const context = { epoch: bounds.epoch, floor: bounds.floor };
  if (position.epoch !== bounds.epoch) {
    throw new RejectedError("gone", "The feed began anew since this cursor was given", { context });
  }
  if (position.number < bounds.floor) {
    throw new RejectedError("gone", "The feed is no longer kept from this cursor on", { context });
  }
  if (position.number > bounds.last) throw new RejectedError("bad_value", "No such place in the feed", { context });
}

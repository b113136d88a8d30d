import { readNow } from "../store/clock.ts";
import { forgetFeed } from "../store/feed.ts";
import { forgetIdempotencyKeys } from "../store/idempotency.ts";
import { dropOld } from "../store/retention.ts";
import type { Deps } from "./deps.ts";

const MS_PER_DAY = 86_400_000;

/**
 * Drops what is older than its retention: decided changes, ended attempts and deliveries, runs, decided reviews, entries
 * of the feed, earlier values, kept answers. Gives the number by kind; running it again drops what has become old since.
 */
export async function retain(deps: Deps): Promise<Record<string, number>> {
  const { retention } = deps.config;
  const { sql } = deps.db;
  const feedBatches = await forgetFeed(sql, new Date((await readNow(sql)) - retention.feedMs));
  const dropped = {
    feedBatches,
    idempotencyKeys: await forgetIdempotencyKeys(sql, retention.idempotencyKeysMs),
    ...(await dropOld(sql, retention)),
  };
  deps.log.info("retention.finished", { ...dropped, inboxDays: Math.round(retention.inboxMs / MS_PER_DAY) });
  return dropped;
}

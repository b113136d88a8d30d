import { dropOld } from "../store/retention.ts";
import type { Deps } from "./deps.ts";

const MS_PER_DAY = 86_400_000;

/** Drops what is older than its retention: decided changes, ended attempts and deliveries, runs, decided reviews. */
export async function retain(deps: Deps): Promise<Record<string, number>> {
  const { retention } = deps.config;
  const dropped = await dropOld(deps.db.sql, retention);
  deps.log.info("retention.finished", { ...dropped, inboxDays: Math.round(retention.inboxMs / MS_PER_DAY) });
  return dropped;
}

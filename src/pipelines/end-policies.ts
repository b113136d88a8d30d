import type { EntityKind } from "../model/catalogue.ts";
import { findEndedPolicies } from "../store/policies.ts";
import { systemSetter } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { takeEntities } from "./load.ts";
import { keepPolicies } from "./policies.ts";

const BATCH_SIZE = 200;

/**
 * Takes away pins and policies whose time is over. The gate does not ask them any more from that moment on; this makes
 * due what they held back, and tells it in history. Gives the number of records; may run twice.
 */
export async function endPolicies(deps: Deps): Promise<number> {
  let ended = 0;
  for (;;) {
    const found = await findEndedPolicies(deps.db.sql, BATCH_SIZE);
    const changed = await endThose(deps, found);
    ended += changed;
    if (changed === 0 || found.length < BATCH_SIZE) break;
  }
  if (ended > 0) deps.log.info("policies.ended", { records: ended });
  return ended;
}

async function endThose(deps: Deps, found: Awaited<ReturnType<typeof findEndedPolicies>>): Promise<number> {
  if (found.length === 0) return 0;
  return inBatch(deps, async (batch) => {
    await takeEntities(batch, new Map<string, EntityKind>(found.map(({ id, kind }) => [id, kind])));
    const by = systemSetter(batch.now);
    let changed = 0;
    for (const { id } of found) {
      const slot = batch.entities.get(id);
      const over = slot?.entity.policies.filter(({ until }) => until !== undefined && until <= batch.now) ?? [];
      if (slot === undefined || over.length === 0) continue;
      const rest = slot.entity.policies.filter((each) => !over.includes(each));
      keepPolicies(batch, slot, rest, by, over.every((each) => each.pin === true) ? "unpinned" : "policy");
      changed += 1;
    }
    return changed;
  });
}

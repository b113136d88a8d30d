import { catalogueOf, type Values } from "../model/catalogue.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { setterInForce } from "../rules/record.ts";
import { isEmpty } from "../rules/unit-values.ts";
import { findExpired, findExpiredPositions, forgetContent } from "../store/expiring.ts";
import { closeReviews } from "../store/reviews.ts";
import { type Batch, type EntitySlot, iso, systemSetter, write } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { termsOf } from "./terms.ts";
import { releaseHold, takeWhole } from "./whole-record.ts";

const BATCH = 100;
const RULE = "R14:expired";

/**
 * Drops content of directories whose terms have run out (rule R14): values that the directory itself set and that were not
 * read again in time, its last answer, its open proposals, and coordinates past `gps.expiresAt`, whoever took them. The id
 * stays, and so does a name: a Kundeemne has one. Gives the number of records; running it again finds nothing.
 */
export async function expire(deps: Deps): Promise<number> {
  const { sql } = deps.db;
  let dropped = 0;
  for (const connection of Object.keys(deps.config.connections)) {
    const storeMs = termsOf(deps, connection)?.storeMs ?? null;
    if (storeMs === null) continue;
    for (;;) {
      const expired = await findExpired(sql, { connection, storeMs, limit: BATCH });
      for (const { id, entityId } of expired) await dropOf(deps, entityId, { connection, linkId: id });
      dropped += expired.length;
      if (expired.length < BATCH) break;
    }
  }
  for (;;) {
    const expired = await findExpiredPositions(sql, BATCH);
    for (const entityId of expired) await dropOf(deps, entityId, null);
    dropped += expired.length;
    if (expired.length < BATCH) break;
  }
  if (dropped > 0) deps.log.info("content.expired", { records: dropped });
  return dropped;
}

async function dropOf(
  deps: Deps,
  entityId: string,
  from: { readonly connection: string; readonly linkId: string } | null,
): Promise<void> {
  let version = 0;
  let tx: Batch["tx"] | undefined;
  await inBatch(
    deps,
    async (batch) => {
      tx = batch.tx;
      const slot = await takeWhole(batch, "kundeemne", entityId);
      const units = from === null ? ["gps"] : unitsSetBy(slot, from.connection);
      const cause = { by: systemSetter(batch.now), changeId: null, runId: null, mapping: null, kind: "expired" };
      write(
        batch,
        slot,
        units.flatMap((unit) => dropped(slot, unit)),
        cause,
      );
      version = slot.entity.version;
      if (from === null) return;
      const linkSlot = batch.links.get(from.linkId);
      if (linkSlot === undefined) return;
      linkSlot.link = { ...linkSlot.link, base: {}, seen: {}, decided: {}, renderings: {} };
      linkSlot.dirty = true;
      await closeProposals(batch, slot, from.linkId);
    },
    async () => {
      if (tx !== undefined)
        await forgetContent(tx, {
          ...{ linkId: from?.linkId ?? null, connection: from?.connection ?? null },
          entityId,
          version,
        });
      return [];
    },
  );
}

const unitsSetBy = ({ entity }: EntitySlot, connection: string): string[] =>
  Object.keys(entity.provenance.u).filter((unit) => setterInForce(entity, unit)?.connection === connection);

/** Empties the fields of a unit, but for one that a record must have. */
function dropped({ entity }: EntitySlot, unit: string): UnitEffect[] {
  const catalogue = catalogueOf(entity.kind);
  const fields = catalogue.units.get(unit)?.fields ?? [];
  const write: Values = {};
  for (const field of fields)
    if (catalogue.fields[field]?.required !== true && !isEmpty(entity.values[field])) write[field] = null;
  return Object.keys(write).length === 0 ? [] : [{ unit, did: "took", rule: RULE, write }];
}

async function closeProposals(batch: Batch, slot: EntitySlot, linkId: string): Promise<void> {
  for (const review of batch.held.values()) {
    if (review.linkId !== linkId || review.kind !== "proposal") continue;
    releaseHold(slot, review.id);
    const closing = { id: review.id, state: "closed" as const, decision: "expired", by: "kobling" };
    await closeReviews(batch.tx, iso(batch.now), [closing]);
  }
}

import type { EntityKind } from "../model/catalogue.ts";
import type { Value } from "../model/field.ts";
import { applyToEntity } from "../rules/apply.ts";
import type { UnitEffect } from "../rules/decision.ts";
import type { Setter } from "../rules/record.ts";
import {
  type DealingSums,
  findTurned,
  noteCounted,
  pageWithTilbud,
  planNext,
  readCounted,
  sumDealings,
} from "../store/dealing-sums.ts";
import { firstId } from "../store/standing.ts";
import { type Batch, type EntitySlot, systemSetter } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { takeEntities } from "./load.ts";

const BATCH_SIZE = 200;

/** Fields that are worked out from dealings, and the rule that history names. */
const SUMS = [
  ["tilbudKr", "S54:sum"],
  ["vaerdi", "S55:sum"],
  ["nyesteAkt", "S56:latest"],
] as const;

/** What led to working out sums anew. With `fields` the record has a new version whether a sum changed or not. */
export interface SumCause {
  readonly by: Setter;
  readonly kind: string;
  readonly fields?: { readonly [dealings: string]: readonly [old: Value, now: Value] };
}

/** Works out, from the rows as this transaction sees them, what adds up from the dealings of locked records. */
export async function addUp(batch: Batch, slots: readonly EntitySlot[], cause: SumCause): Promise<number> {
  const ids = slots.map((slot) => slot.entity.id);
  const sums = await sumDealings(batch.tx, ids, batch.deps.config.activities.tilbudKr);
  let changed = 0;
  for (const slot of slots) {
    const now = sums.get(slot.entity.id);
    if (now !== undefined && writeSums(batch, slot, now, cause)) changed += 1;
  }
  await planNext(
    batch.tx,
    [...sums].map(([id, { naesteAkt }]) => ({ id, date: naesteAkt })),
  );
  return changed;
}

function writeSums(batch: Batch, slot: EntitySlot, now: DealingSums, cause: SumCause): boolean {
  const { entity } = slot;
  const effects = SUMS.flatMap(([field, rule]): UnitEffect[] =>
    (entity.values[field] ?? null) === now[field]
      ? []
      : [{ unit: field, did: "took", rule, write: { [field]: now[field] } }],
  );
  if (effects.length === 0 && cause.fields === undefined) return false;
  const applied = applyToEntity(entity, effects, systemSetter(batch.now));
  slot.entity = { ...applied.entity, version: entity.version + 1 };
  slot.dirty = true;
  batch.history.push({
    entityId: entity.id,
    entity: entity.kind,
    version: entity.version + 1,
    kind: cause.kind,
    by: cause.by,
    changeId: null,
    runId: null,
    mappingVersion: null,
    fields: { ...cause.fields, ...applied.changed },
  });
  return true;
}

/**
 * A day has come: what was planned for it counts now (S56). Readers work it out by themselves until this has written it
 * down. Gives the number of records; may run twice.
 */
export async function turnDay(deps: Deps): Promise<number> {
  let turned = 0;
  for (;;) {
    const ids = await findTurned(deps.db.sql, BATCH_SIZE);
    if (ids.length > 0) await addUpAll(deps, ids, "day_turned");
    turned += ids.length;
    if (ids.length < BATCH_SIZE) break;
  }
  if (turned > 0) deps.log.info("activities.day_turned", { records: turned });
  return turned;
}

/** The configuration says which tilbud count; where it says another thing than before, all sums are worked out anew. */
export async function alignTilbudKr(deps: Deps): Promise<number> {
  const { tilbudKr } = deps.config.activities;
  const before = await readCounted(deps.db.sql);
  if (before === tilbudKr) return 0;
  let changed = 0;
  for (let after = firstId; ; ) {
    const ids = await pageWithTilbud(deps.db.sql, after, BATCH_SIZE);
    if (ids.length > 0) changed += await addUpAll(deps, ids, "tilbud_counted");
    if (ids.length < BATCH_SIZE) break;
    after = ids.at(-1) ?? after;
  }
  await noteCounted(deps.db.sql, tilbudKr);
  if (changed > 0) deps.log.info("activities.tilbud_counted", { records: changed, tilbudKr });
  return changed;
}

function addUpAll(deps: Deps, ids: readonly string[], kind: string): Promise<number> {
  return inBatch(deps, async (batch) => {
    await takeEntities(batch, new Map<string, EntityKind>(ids.map((id) => [id, "kundeemne"])));
    const slots = ids.flatMap((id) => batch.entities.get(id) ?? []);
    return addUp(batch, slots, { by: systemSetter(batch.now), kind });
  });
}

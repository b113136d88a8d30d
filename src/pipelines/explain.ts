import { catalogueOf, type EntityKind, primaryView, type Values } from "../model/catalogue.ts";
import { policyFor } from "../rules/gate.ts";
import type { RecordPolicy, Setter } from "../rules/record.ts";
import { isEmpty } from "../rules/unit-values.ts";
import { viewHold } from "../rules/view.ts";
import { loadContacts, loadEntities } from "../store/entities.ts";
import { readOpenDeliveries, readReviewsById, type WaitingReview } from "../store/explain-read.ts";
import { loadImages, loadLinksOf } from "../store/links.ts";
import { type Batch, type EntitySlot, iso, slotOf } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { type ExplainedLink, type ExplainedPlace, linksSaid, placesSaid, type Spoken } from "./explain-links.ts";
import { type Texts, textsOf } from "./explain-text.ts";
import { openBatch, takeBlocks } from "./load.ts";

/** Who said something, and between when and when (rule R3). */
export interface Said {
  readonly kind: Setter["kind"];
  readonly side?: string;
  readonly connection?: string;
  readonly object?: string;
  readonly actor?: string;
  readonly change?: number;
  readonly mapping?: string;
  readonly from: string;
  readonly to: string;
}

/** A policy or pin of the record that is in force for a unit (rule R15). */
export interface ExplainedPolicy {
  readonly policy: string;
  readonly pin: boolean;
  readonly connection: string | null;
  readonly direction: string | null;
  readonly reason: string;
  readonly by: string;
  readonly until: string | null;
}

export interface ExplainedUnit {
  readonly unit: string;
  readonly value: Values;
  /** Version of the record at which the value came into force; 0: nobody has set it. */
  readonly version: number;
  readonly setBy: Said | null;
  readonly rule: string | null;
  readonly losers: readonly { readonly value: Values; readonly by: Said; readonly rule: string }[];
  readonly pinned: boolean;
  readonly policies: readonly ExplainedPolicy[];
  /** Reviews that hold it, with their sides: while they are open, nothing of the unit is sent (rule R16). */
  readonly held: readonly WaitingReview[];
  readonly links: readonly ExplainedLink[];
  /** Connections without an object of this record. */
  readonly absent: readonly ExplainedPlace[];
  readonly text: Texts;
}

/**
 * Why each unit of a record has the value it has, from what deciding wrote down, and what its links are owed; null when
 * there is no such record. Without `unit`, the units that somebody set or a link speaks of. A contact is shown on the
 * links of its emne too, while it is the primary one.
 */
export async function explain(
  deps: Deps,
  question: { readonly entity: EntityKind; readonly id: string; readonly unit?: string },
): Promise<{ readonly [unit: string]: ExplainedUnit } | null> {
  const explained = await deps.db.sql.begin("isolation level repeatable read read only", async (tx) => {
    const batch = await openBatch(deps, tx, "");
    const stored = (await loadEntities(tx, question.entity, [question.id])).get(question.id);
    if (stored === undefined) return null;
    const slot = slotOf(stored);
    batch.entities.set(stored.id, slot);
    const emneId = stored.parentId ?? stored.id;
    if (stored.parentId !== null) {
      for (const [id, emne] of await loadEntities(tx, "kundeemne", [emneId])) batch.entities.set(id, slotOf(emne));
    }
    batch.contacts.set(emneId, (await loadContacts(tx, [emneId], false)).map(slotOf));
    const links = await loadLinksOf(tx, [...new Set([stored.id, emneId])]);
    const images = await loadImages(
      tx,
      links.map((link) => link.id),
    );
    const deliveries = await readOpenDeliveries(tx, [...new Set([stored.id, emneId])]);
    const holds = [...Object.values(stored.holds), ...emneHolds(batch, slot)];
    const reviews = await readReviewsById(tx, holds);
    const blocked = await takeBlocks(batch, [stored.id], []);
    const seen = links.flatMap((link) => linksSaid(batch, slot, link, images.get(link.id) ?? null, deliveries));
    const absent = placesSaid(blocked, slot, links, deliveries);
    return unitsOf(batch, slot, { seen, absent }, reviews, question.unit);
  });
  // What postgres.js unwraps from a transaction's answer is the answer itself.
  return explained as { readonly [unit: string]: ExplainedUnit } | null;
}

/** Who the primary contact is waits for a person: nothing that the emne's links show of it is sent meanwhile (rule R29). */
function emneHolds(batch: Batch, { entity }: EntitySlot): number[] {
  const hold = batch.entities.get(entity.parentId ?? "")?.entity.holds[viewHold];
  return hold === undefined ? [] : [hold];
}

const viewed: ReadonlySet<string> = new Set(primaryView.values());

function unitsOf(
  batch: Batch,
  slot: EntitySlot,
  spoken: { readonly seen: readonly Spoken<ExplainedLink>[]; readonly absent: readonly Spoken<ExplainedPlace>[] },
  reviews: ReadonlyMap<number, WaitingReview>,
  wanted: string | undefined,
): { [unit: string]: ExplainedUnit } {
  const { entity } = slot;
  const catalogue = catalogueOf(entity.kind);
  const byUnit = Map.groupBy(spoken.seen, (each) => each.unit);
  const absent = Map.groupBy(spoken.absent, (each) => each.unit);
  const units: { [unit: string]: ExplainedUnit } = {};
  for (const unit of catalogue.units.values()) {
    const value = Object.fromEntries(unit.fields.map((field) => [field, entity.values[field] ?? null]));
    const provenance = entity.provenance.u[unit.name];
    const spoken = provenance !== undefined || byUnit.has(unit.name) || !Object.values(value).every(isEmpty);
    if (wanted === undefined ? !spoken : wanted !== unit.name) continue;
    const setter = provenance === undefined ? undefined : entity.provenance.s[provenance[1]];
    const holds = Object.entries(entity.holds).flatMap(([hold, id]) =>
      hold === unit.name || hold.startsWith(`${unit.name}@`) ? [id] : [],
    );
    if (entity.kind === "kontaktperson" && viewed.has(unit.name)) holds.push(...emneHolds(batch, slot));
    const held = holds.flatMap((id) => reviews.get(id) ?? []);
    const anyLane = { connection: "", updatePolicy: {} };
    const told: Omit<ExplainedUnit, "text"> = {
      unit: unit.name,
      value,
      version: provenance?.[0] ?? 0,
      setBy: setter === undefined ? null : said(setter),
      rule: provenance?.[2] ?? null,
      losers: (provenance?.[3] ?? []).map((loser) => ({ value: loser.value, by: said(loser.by), rule: loser.rule })),
      pinned: policyFor(entity, unit.name, anyLane, "in", batch.now).pin,
      policies: entity.policies
        .filter((each) => (each.unit === unit.name || each.unit === "*") && (each.until ?? batch.now + 1) > batch.now)
        .map(explainedPolicy),
      held,
      links: (byUnit.get(unit.name) ?? []).map((each) => each.said),
      absent: (absent.get(unit.name) ?? []).map((each) => each.said),
    };
    units[unit.name] = { ...told, text: textsOf(catalogue, unit, told) };
  }
  return units;
}

const said = ({ from, to, ...setter }: Setter): Said => ({ ...setter, from: iso(from), to: iso(to) });

const explainedPolicy = (each: RecordPolicy): ExplainedPolicy => ({
  policy: each.policy,
  pin: each.pin === true,
  connection: each.connection ?? null,
  direction: each.direction ?? null,
  reason: each.reason,
  by: each.by,
  until: each.until === undefined ? null : iso(each.until),
});

import type { RemoteImage } from "../mappings/mapping.ts";
import { catalogueOf, type EntityKind, type Values } from "../model/catalogue.ts";
import { policyFor } from "../rules/gate.ts";
import { lastShown } from "../rules/owed.ts";
import type { Setter } from "../rules/record.ts";
import { isEmpty, pick } from "../rules/unit-values.ts";
import { loadContacts, loadEntities } from "../store/entities.ts";
import { type OpenDelivery, readOpenDeliveries, readReviewsById, type WaitingReview } from "../store/explain-read.ts";
import { loadImages, loadLinksOf, type StoredLink } from "../store/links.ts";
import { type Batch, type EntitySlot, iso, slotOf } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import type { Deps } from "./deps.ts";
import { valuesFor } from "./draft.ts";
import { type Texts, textsOf } from "./explain-text.ts";
import { openBatch } from "./load.ts";
import { linkOwes } from "./owing.ts";
import { laneKey } from "./world.ts";

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

export interface ExplainedLink {
  readonly link: string;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly state: string;
  /** What the remote last showed, in the terms of its mapping; null: it never showed the field. */
  readonly shows: Values | null;
  /** Remote fields that go out next; null: nothing of this unit. */
  readonly next: { readonly [remote: string]: unknown } | null;
  /** Why something that differs does not go out. */
  readonly because: string | null;
  readonly delivery: {
    readonly id: number;
    readonly kind: string;
    readonly state: string;
    readonly reason: string | null;
  } | null;
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
  readonly held: readonly WaitingReview[];
  readonly links: readonly ExplainedLink[];
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
    const reviews = await readReviewsById(tx, Object.values(stored.holds));
    const seen = links.flatMap((link) => seenFrom(batch, slot, link, images.get(link.id) ?? null, deliveries));
    return unitsOf(batch, slot, seen, reviews, question.unit);
  });
  // What postgres.js unwraps from a transaction's answer is the answer itself.
  return explained as { readonly [unit: string]: ExplainedUnit } | null;
}

/** A link of the record as it speaks of one of its units. */
interface Seen {
  readonly unit: string;
  readonly link: ExplainedLink;
}

/** What one link shows, is owed and is not, by unit of the record. */
function seenFrom(
  batch: Batch,
  slot: EntitySlot,
  link: StoredLink,
  image: RemoteImage | null,
  deliveries: readonly OpenDelivery[],
): Seen[] {
  const mapping = batch.deps.mappingOf(link.connection, link.object);
  const lane = batch.lanes.get(laneKey(link.connection, link.object));
  const own = link.entityId === slot.entity.id;
  const owner = own ? slot : batch.entities.get(link.entityId ?? "");
  const primary = owner === undefined ? undefined : primaryOf(batch, owner.entity.id);
  // The links of the emne show this contact only while it is the primary one.
  if (mapping === undefined || owner === undefined || (!own && primary?.entity.id !== slot.entity.id)) return [];
  const live = link.state === "linked" && lane !== undefined;
  const owes = live ? linkOwes(owner, primary, link, lane, mapping, batch.now) : undefined;
  const open = deliveries.find((each) => each.connection === link.connection && each.object === link.object);
  const seen: Seen[] = [];
  for (const mapped of mapping.units) {
    if (own === (mapped.view !== undefined)) continue;
    const shows = pick(mapped.keys, lastShown(link));
    const written =
      owes?.units.includes(mapped.unit) === true
        ? mapping.writeRemote(valuesFor(owner, primary), [mapped.unit], image)
        : undefined;
    const unwritable = written?.withheld[0];
    const because =
      unwritable !== undefined
        ? `${unwritable.code}: ${unwritable.detail}`
        : (owes?.withheld[mapped.unit] ?? owes?.left[mapped.unit] ?? (live ? null : link.state));
    seen.push({
      unit: mapped.view ?? mapped.unit,
      link: {
        link: link.id,
        connection: link.connection,
        object: link.object,
        externalId: link.externalId,
        state: link.state,
        shows: Object.keys(shows).length === 0 ? null : shows,
        next: written === undefined || unwritable !== undefined ? null : { ...written.body },
        because: because ?? (written !== undefined && lane?.paused === true ? "paused" : null),
        delivery:
          open === undefined || written === undefined
            ? null
            : { id: open.id, kind: open.kind, state: open.state, reason: open.reason },
      },
    });
  }
  return seen;
}

function unitsOf(
  batch: Batch,
  slot: EntitySlot,
  seen: readonly Seen[],
  reviews: ReadonlyMap<number, WaitingReview>,
  wanted: string | undefined,
): { [unit: string]: ExplainedUnit } {
  const { entity } = slot;
  const catalogue = catalogueOf(entity.kind);
  const byUnit = Map.groupBy(seen, (each) => each.unit);
  const units: { [unit: string]: ExplainedUnit } = {};
  for (const unit of catalogue.units.values()) {
    const value = Object.fromEntries(unit.fields.map((field) => [field, entity.values[field] ?? null]));
    const provenance = entity.provenance.u[unit.name];
    const spoken = provenance !== undefined || byUnit.has(unit.name) || !Object.values(value).every(isEmpty);
    if (wanted === undefined ? !spoken : wanted !== unit.name) continue;
    const setter = provenance === undefined ? undefined : entity.provenance.s[provenance[1]];
    const held = Object.entries(entity.holds)
      .filter(([hold]) => hold === unit.name || hold.startsWith(`${unit.name}@`))
      .flatMap(([, id]) => reviews.get(id) ?? []);
    const anyLane = { connection: "", updatePolicy: {} };
    const told: Omit<ExplainedUnit, "text"> = {
      unit: unit.name,
      value,
      version: provenance?.[0] ?? 0,
      setBy: setter === undefined ? null : said(setter),
      rule: provenance?.[2] ?? null,
      losers: (provenance?.[3] ?? []).map((loser) => ({ value: loser.value, by: said(loser.by), rule: loser.rule })),
      pinned: policyFor(entity, unit.name, anyLane, "in", batch.now).pin,
      held,
      links: (byUnit.get(unit.name) ?? []).map((each) => each.link),
    };
    units[unit.name] = { ...told, text: textsOf(catalogue, unit, told) };
  }
  return units;
}

const said = ({ from, to, ...setter }: Setter): Said => ({ ...setter, from: iso(from), to: iso(to) });

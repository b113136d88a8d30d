import type { CompiledMapping } from "../mappings/mapping.ts";
import { catalogueOf, type Values } from "../model/catalogue.ts";
import { sameValue } from "../model/compare.ts";
import type { Value } from "../model/field.ts";
import { countSwings, isSameSource, type Swinging, sourceOf, turnsOf, type Version } from "../rules/ping-pong.ts";
import type { Entity, Link } from "../rules/record.ts";
import type { UnitCase } from "../rules/unit-case.ts";
import { taken } from "../rules/unit-values.ts";
import { remoteKey } from "../store/links.ts";
import { loadVersions } from "../store/turns.ts";
import type { Batch, Incoming } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import type { Mapped } from "./load.ts";

/**
 * Loads what the fields of a few records have been through (rule R31): those where this reading speaks anew of a field
 * that another system has set of late. Every other record is told apart by what is in hand; where there are none, no
 * statement is made.
 */
export async function takeVersions(batch: Batch, mapped: readonly Mapped[]): Promise<void> {
  const since = sinceOf(batch);
  const suspects = new Set<string>();
  for (const { incoming, mapping, read } of mapped) {
    const link = batch.links.get(remoteKey(incoming.object, incoming.externalId))?.link;
    if (link === undefined || link.entityId === null || link.state !== "linked") continue;
    const slot = batch.entities.get(link.entityId);
    if (slot !== undefined && maySwing(batch, slot.entity, link, incoming, mapping, read.claims, since, ""))
      suspects.add(slot.entity.id);
    const primary = mapping.hasView && slot !== undefined ? primaryOf(batch, slot.entity.id) : undefined;
    if (
      primary !== undefined &&
      maySwing(batch, primary.entity, link, incoming, mapping, read.claims, since, "primaer.")
    )
      suspects.add(primary.entity.id);
  }
  if (suspects.size === 0) return;
  for (const [id, versions] of await loadVersions(batch.tx, [...suspects], since)) batch.versions.set(id, versions);
}

const sinceOf = (batch: Batch): number => batch.now - batch.deps.config.pingPong.withinMs;

function maySwing(
  batch: Batch,
  entity: Entity,
  link: Link,
  incoming: Incoming,
  mapping: CompiledMapping,
  claims: Values,
  since: number,
  prefix: string,
): boolean {
  // So many swings need as many versions and one more.
  if (entity.version <= batch.deps.config.pingPong.swings) return false;
  const here = { connection: batch.connection, object: incoming.object };
  const others = new Set<number>();
  entity.provenance.s.forEach((setter, at) => {
    const source = sourceOf(setter);
    if (source !== null && setter.to > since && !isSameSource(source, here)) others.add(at);
  });
  if (others.size === 0) return false;
  for (const [unit, [, setter]] of Object.entries(entity.provenance.u)) {
    if (!others.has(setter)) continue;
    const keys = mapping.unitByName.get(`${prefix}${unit}`)?.keys ?? [];
    if (keys.some((key) => isNews(key.slice(prefix.length), claims[key], entity, link.base[key]))) return true;
  }
  return false;
}

/** Says the remote something else than it said last, and than the record says? Only that can be taken, and swing. */
function isNews(field: string, claim: Value | undefined, entity: Entity, base: Value | undefined): boolean {
  const known = catalogueOf(entity.kind).fields[field];
  if (claim === undefined || known === undefined) return false;
  return !sameValue(known, claim, base ?? null) && !sameValue(known, claim, entity.values[field] ?? null);
}

/** Would taking this claim be one swing too many? For the rules; undefined where there is nothing to look at. */
export function swingingOf(
  batch: Batch,
  entity: Entity | undefined,
): ((each: UnitCase) => Swinging | undefined) | undefined {
  const versions = batch.versions.get(entity?.id ?? "");
  if (entity === undefined || versions === undefined) return undefined;
  const own = batch.history
    .filter((entry) => entry.entityId === entity.id)
    .map((entry) => ({ ...entry, at: batch.now }));
  return (each) => swinging(batch, [...own.reverse(), ...versions], each);
}

function swinging(batch: Batch, versions: readonly Version[], each: UnitCase): Swinging | undefined {
  const { entity, mapped, setter, ourSetter, theirs } = each;
  const here = sourceOf(setter);
  const other = ourSetter === undefined ? null : sourceOf(ourSetter);
  if (here === null || other === null || isSameSource(here, other)) return undefined;
  const catalogue = catalogueOf(entity.kind);
  const fields = catalogue.units.get(mapped.unit)?.fields ?? [];
  const ours = Object.fromEntries(fields.map((field) => [field, entity.values[field] ?? null]));
  const value = { ...ours, ...taken(mapped, theirs, entity.values) };
  const same = (a: Values, b: Values): boolean =>
    fields.every((field) => {
      const known = catalogue.fields[field];
      return known !== undefined && sameValue(known, a[field] ?? null, b[field] ?? null);
    });
  const turns = [...turnsOf(fields, entity.values, versions), { at: batch.now, by: here, value }];
  const swings = countSwings(turns, sinceOf(batch), same);
  return swings < batch.deps.config.pingPong.swings ? undefined : { swings, other, at: ourSetter?.to ?? batch.now };
}

import type { CompiledMapping, MappedUnit } from "../mappings/mapping.ts";
import { readNow } from "../store/clock.ts";
import { loadContacts, loadEntities } from "../store/entities.ts";
import { loadUnsettledLinks } from "../store/links.ts";
import { loadStandings } from "../store/standing.ts";
import { slotOf } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import type { Deps } from "./deps.ts";
import { openBatch } from "./load.ts";
import { type LinkOwes, linkOwes } from "./owing.ts";
import { laneKey, type OpenLane } from "./world.ts";

/** How far a link disagrees with its record. Held stands apart from drift, and never without it (rule R16). */
export interface Disagreement {
  /** Units that differ though they should not; what the remote ignored among them (rule R17). */
  readonly drift: number;
  /** Units that wait for a person. */
  readonly held: number;
  /** Units kept in agreement both ways that differ for now, for whatever reason: drift, held, withheld. */
  readonly differing: number;
}

export function disagreementOf(owes: LinkOwes, mapping: CompiledMapping): Disagreement {
  const ignored = Object.entries(owes.left).flatMap(([unit, left]) => (left === "ignored" ? [unit] : []));
  const held = Object.values(owes.withheld).filter(isHeld).length;
  const apart = [...owes.units, ...ignored, ...Object.keys(owes.withheld)];
  const differing = apart.filter((unit) => {
    const mapped = mapping.unitByName.get(unit);
    return mapped !== undefined && isTwoWay(mapped);
  }).length;
  return { drift: owes.units.length + ignored.length, held, differing };
}

export const isHeld = (reason: string): boolean => reason === "held" || reason === "proposed";

/** Kept in agreement in both directions: not given along once, not numbered by the remote. */
const isTwoWay = ({ direction, write, assignedByRemote }: MappedUnit): boolean =>
  direction === "both" && write === "always" && !assignedByRemote;

/** Units of one link that are kept in agreement both ways; 0 where the lane is not wished and released so. */
export function twoWayUnits(deps: Deps, lane: OpenLane): number {
  const wish = deps.config.connections[lane.connection]?.objects[lane.object];
  const mapping = deps.mappingOf(lane.connection, lane.object);
  if (wish?.direction !== "both" || !lane.row.releasedIn || !lane.row.releasedOut || mapping === undefined) return 0;
  return mapping.units.filter(isTwoWay).length;
}

/** The state of an object's links, in numbers. */
export interface DriftCount {
  readonly connection: string;
  readonly object: string;
  readonly drift: number;
  readonly held: number;
  /** Two-way units that differ for now, of all links. */
  readonly differing: number;
  /** Two-way units of each link. */
  readonly twoWay: number;
  /** Since when the oldest of what differs does so. */
  readonly oldest: string | null;
  /** When it was counted; null: never yet. */
  readonly at: string | null;
}

const LIVE_LINKS = 5_000;

/**
 * Fields that differ and fields that are held, by object, as the store knows them now: an edit counts from the moment it
 * is known, also while its connection is paused. Only links with something open are looked at; past a bound of them the
 * last sweep's count stands.
 */
export async function countDrift(deps: Deps): Promise<DriftCount[]> {
  const standings = await loadStandings(deps.db.sql);
  const unsettled = await loadUnsettledLinks(deps.db.sql, LIVE_LINKS);
  const at = new Date(await readNow(deps.db.sql)).toISOString();
  const isCounted = unsettled.length < LIVE_LINKS;
  const links = isCounted ? unsettled : [];
  const counts = new Map<string, { -readonly [Part in keyof DriftCount]: DriftCount[Part] }>();
  await deps.db.sql.begin("isolation level repeatable read read only", async (tx) => {
    const batch = await openBatch(deps, tx, "");
    for (const each of standings) {
      const key = laneKey(each.connection, each.object);
      const lane = batch.lanes.get(key);
      const fresh = isCounted ? { drift: 0, held: 0, differing: 0, oldest: null, at } : {};
      counts.set(key, { ...each, twoWay: lane === undefined ? 0 : twoWayUnits(deps, lane), ...fresh });
    }
    const idsOf = (kind: string) =>
      links.flatMap(({ link }) => (link.entity === kind && link.entityId !== null ? [link.entityId] : []));
    const emner = idsOf("kundeemne");
    const [records, people, contacts] = [
      await loadEntities(tx, "kundeemne", emner),
      await loadEntities(tx, "kontaktperson", idsOf("kontaktperson")),
      await loadContacts(tx, emner, false),
    ];
    for (const [id, stored] of [...records, ...people]) batch.entities.set(id, slotOf(stored));
    for (const stored of contacts) {
      const known = batch.contacts.get(stored.parentId ?? "") ?? [];
      batch.contacts.set(stored.parentId ?? "", [...known, slotOf(stored)]);
    }
    for (const { link, since } of links) {
      const lane = batch.lanes.get(laneKey(link.connection, link.object));
      const mapping = deps.mappingOf(link.connection, link.object);
      const slot = batch.entities.get(link.entityId ?? "");
      const count = counts.get(laneKey(link.connection, link.object));
      if (lane === undefined || mapping === undefined || slot === undefined || count === undefined) continue;
      const primary = mapping.hasView ? primaryOf(batch, slot.entity.id) : undefined;
      const { drift, held, differing } = disagreementOf(
        linkOwes(slot, primary, link, lane, mapping, batch.now),
        mapping,
      );
      count.drift += drift;
      count.held += held;
      count.differing += differing;
      if (drift + held + differing > 0 && (count.oldest === null || since < count.oldest)) count.oldest = since;
    }
  });
  return [...counts.values()];
}

import type { MappedUnit } from "../mappings/mapping.ts";
import { catalogueOf, type EntityKind, type Values } from "../model/catalogue.ts";
import type { Survivorship } from "../model/field.ts";
import { isInRange } from "../rules/guards.ts";
import type { Lane, Setter } from "../rules/record.ts";
import type { World } from "../rules/unit-case.ts";
import type { LaneRow } from "../store/lanes.ts";
import type { Deps } from "./deps.ts";
import { termsOf } from "./terms.ts";

export const laneKey = (connection: string, object: string): string => `${connection}\u0000${object}`;

/** A lane as the rules see it, with what only the pipelines need. */
export interface OpenLane extends Lane {
  readonly row: LaneRow;
  /** It reads and previews but writes nothing: wished, not released (rule R27). */
  readonly armed: boolean;
  readonly paused: boolean;
}

/** Every lane: what configuration wishes, what was released, what is switched on. */
export function openLanes(
  deps: Deps,
  rows: readonly LaneRow[],
  asReleased?: { connection: string; object: string },
): Map<string, OpenLane> {
  const lanes = new Map<string, OpenLane>();
  const order = Object.keys(deps.config.connections);
  const bound = new Set(order.filter((name) => termsOf(deps, name)?.passOn === false));
  for (const row of rows) {
    const connection = deps.config.connections[row.connection];
    const object = connection?.objects[row.object];
    if (connection === undefined || object === undefined) continue;
    const wishIn = object.direction === "in" || object.direction === "both";
    const wishOut = object.direction === "out" || object.direction === "both";
    const paused = row.connectionState !== "active";
    // A directory speaks only of what a person has looked up: there is no first meeting to preview (docs/decisions/0015).
    const isFree = deps.connectorOf(row.connection).directory !== undefined;
    // A preview decides as if its lane were released (rule R27).
    const preview = asReleased?.connection === row.connection && asReleased.object === row.object;
    lanes.set(laneKey(row.connection, row.object), {
      connection: row.connection,
      object: row.object,
      connector: connection.connector,
      side: object.side ?? connection.side,
      inbound: wishIn && (row.releasedIn || preview || isFree),
      // A lane that a guard has stopped goes on owing: what is due waits (rule R30).
      outbound: wishOut && (row.releasedOut || preview),
      off: object.direction === "off",
      createIn: object.create === "in" || object.create === "both",
      createOut: object.create === "out" || object.create === "both",
      firstMeeting: object.firstMeeting,
      byHand: deps.connectorOf(row.connection).byHand === true,
      // The mapping of a vendor may wish it, the configuration too.
      onRemoteEdit:
        deps.mappingOf(row.connection, row.object)?.onRemoteEdit === "restore" ? "restore" : object.onRemoteEdit,
      rank: (row.object === "kreditor" ? 1000 : 0) + Math.max(0, order.indexOf(row.connection)),
      updatePolicy: connection.updatePolicy ?? {},
      ...(bound.size === 0 ? {} : { bound }),
      row,
      armed: (wishIn && !row.releasedIn && !isFree) || (wishOut && !row.releasedOut),
      paused,
    });
  }
  return lanes;
}

/** Does a delivery wait behind a guard? What a person has decided of it goes on (rule R30). */
export const isStopped = (
  { row }: OpenLane,
  delivery: { readonly id: number; readonly externalId: string | null },
): boolean => row.stopped && !row.ranges.out.some((range) => isInRange(range, delivery));

/** Survivorship of a unit: the mapping line's, else configuration's, else the catalogue's. */
export function survivorshipOf(deps: Deps, kind: EntityKind, unit: string, mapped: MappedUnit): Survivorship {
  if (mapped.survivorship !== undefined) return mapped.survivorship;
  const configured = deps.config.survivorship[unit];
  if (configured !== undefined) return configured;
  const known = catalogueOf(kind).units.get(unit);
  if (known === undefined) throw new Error(`No unit named ${unit}`);
  return known.survivorship;
}

/** What deciding may ask of the installation, for one record. */
export function worldFor(
  deps: Deps,
  lanes: ReadonlyMap<string, OpenLane>,
  kind: EntityKind,
  now: number,
  otherAgrees: (unit: string, ours: Values) => boolean,
): World {
  return {
    now,
    survivorship: (unit, mapped) => survivorshipOf(deps, kind, unit, mapped),
    rankOf: (setter: Setter) =>
      lanes.get(laneKey(setter.connection ?? "", setter.object ?? ""))?.rank ?? Number.MAX_SAFE_INTEGER,
    connectorOf: (setter: Setter) =>
      setter.connection === undefined ? undefined : deps.config.connections[setter.connection]?.connector,
    otherAgrees,
  };
}

import { catalogueOf } from "../model/catalogue.ts";
import { ownWrite } from "./own-write.ts";
import { type DecideInput, isRequired } from "./unit-case.ts";
import { claimed, pick, theirsEmpty } from "./unit-values.ts";

const MANY = 3;

/**
 * Units that were filled at the last decision and are shown empty now; `suspicious` when they are more than three, or
 * half of the filled ones (rule R8). Empty ones that wait for a person already are no news.
 */
export function newClears({ link, lane, mapping, reading, entity, fresh }: DecideInput): {
  readonly units: ReadonlySet<string>;
  readonly suspicious: boolean;
} {
  const units = new Set<string>();
  if (fresh || !reading.whole || !lane.inbound || lane.off === true) return { units, suspicious: false };
  const catalogue = catalogueOf(entity.kind);
  let filled = 0;
  for (const mapped of mapping.units) {
    const { unit } = mapped;
    if (mapped.direction === "out" || mapped.emptyMeansUnknown || mapped.view !== undefined) continue;
    if (entity.holds[unit] !== undefined || entity.holds[`${unit}@${lane.connection}`] !== undefined) continue;
    if (theirsEmpty(mapped, pick(mapped.keys, link.base))) continue;
    filled += 1;
    const keys = claimed(mapped, reading.claims);
    if (keys.length !== mapped.keys.length || !theirsEmpty(mapped, reading.claims)) continue;
    if (isRequired(catalogue, mapped)) continue;
    if (ownWrite(link, entity.kind, mapped, reading.claims) === undefined) units.add(unit);
  }
  return { units, suspicious: units.size > MANY || (units.size > 0 && units.size * 2 >= filled) };
}

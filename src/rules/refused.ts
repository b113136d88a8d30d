import type { UnitCase } from "./unit-case.ts";
import { sameTheirs } from "./unit-values.ts";

/** What a person's decision is recorded as (rule R16). */
export const DECIDED = "R16:decided";

/**
 * A person has refused this value of this source already (rule R15): it stands among those that lost to the value in
 * force, and is asked about again only when that value is another one.
 */
export const isRefused = ({ entity, lane, mapped, theirs }: UnitCase): boolean =>
  (entity.provenance.u[mapped.unit]?.[3] ?? []).some(
    ({ by, rule, value }) =>
      rule === DECIDED &&
      by.connection === lane.connection &&
      by.object === lane.object &&
      sameTheirs(entity.kind, mapped, theirs, value),
  );

import { catalogueOf, type Values } from "../../model/catalogue.ts";
import { setterInForce } from "../../rules/record.ts";
import type { StoredEntity } from "../../store/entities.ts";
import type { Deps } from "../deps.ts";
import { termsOf } from "../terms.ts";

/** The values of a record that may leave us: what a source forbids to be passed on (rule R14) is left out. */
export function passedOn(deps: Deps, entity: StoredEntity): Values {
  const bound = new Set(Object.keys(deps.config.connections).filter((name) => termsOf(deps, name)?.passOn === false));
  if (bound.size === 0) return entity.values;
  const { unitOf } = catalogueOf(entity.kind);
  const isFree = (field: string): boolean =>
    !bound.has(setterInForce(entity, unitOf.get(field)?.name ?? field)?.connection ?? "");
  return Object.fromEntries(Object.entries(entity.values).filter(([field]) => isFree(field)));
}

import { townOf } from "../danish/postal.ts";
import { kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import type { UnitEffect } from "./decision.ts";
import { type Entity, type Setter, setterInForce } from "./record.ts";

const SEARCH_NAME_MAX = 50;

/** Whoever derives is nobody: every claim ranks above it (rule R4). */
export const derivedSetter = (now: number): Setter => ({ kind: "derived", from: now, to: now });

const isUnset = (entity: Entity, unit: string): boolean => {
  const setter = setterInForce(entity, unit);
  return setter === undefined || setter.kind === "derived";
};

/** The search name that follows from the company name while nobody set one (rule R4). */
export function deriveSearchName(entity: Entity, now: number): UnitEffect | undefined {
  const name = entity.values.firmanavn;
  if (entity.kind !== "kundeemne" || typeof name !== "string" || !isUnset(entity, "soegenavn")) return undefined;
  const soegenavn = name.toUpperCase().slice(0, SEARCH_NAME_MAX).trim();
  if (entity.values.soegenavn === soegenavn) return undefined;
  return { unit: "soegenavn", did: "took", rule: "R4:derived", write: { soegenavn }, by: derivedSetter(now) };
}

/** The town of a Danish postal code where the address names none (rule R4); part of the group's value. */
export function deriveTown(address: Values): Values {
  if (
    typeof address.postnr !== "string" ||
    (address.bynavn !== null && address.bynavn !== undefined && address.bynavn !== "")
  )
    return address;
  if (address.landekode !== null && address.landekode !== undefined && address.landekode !== "DK") return address;
  const bynavn = townOf(address.postnr);
  return bynavn === undefined ? address : { ...address, bynavn };
}

/**
 * What kind of relation it is, by its links, while nobody has said (rule R4; domain notes, a1): a debitor is a customer, and
 * a former one when it is none any more; a kreditor is a supplier. `found`: the links' fields as they are now.
 */
export function deriveKinds(entity: Entity, found: Values, now: number): UnitEffect | undefined {
  if (entity.kind !== "kundeemne" || !isUnset(entity, "emnetyper")) return undefined;
  const before = Array.isArray(entity.values.emnetyper) ? entity.values.emnetyper : [];
  const { findesDeb, findesKred } = { ...entity.values, ...found };
  const isCustomer = findesDeb === true;
  const wasCustomer = entity.values.findesDeb === true || before.includes("tidligereKunde");
  const said = new Set(before);
  const turn = (kind: string, is: boolean) => (is ? said.add(kind) : said.delete(kind));
  turn("lead", said.has("lead") && !isCustomer);
  turn("nuvaerendeKunde", isCustomer);
  turn("tidligereKunde", wasCustomer && !isCustomer);
  turn("leverandoer", findesKred === true);
  const emnetyper = KINDS.filter((kind) => said.has(kind));
  if (emnetyper.join() === before.join()) return undefined;
  const write = { emnetyper: emnetyper.length === 0 ? null : emnetyper };
  return { unit: "emnetyper", did: "took", rule: "R4:derived", write, by: derivedSetter(now) };
}

const KINDS: readonly string[] = kundeemneCatalogue.fields.emnetyper?.codes ?? [];

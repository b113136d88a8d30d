import { catalogueOf, type EntityKind, type Values } from "../model/catalogue.ts";
import type { Field, Value } from "../model/field.ts";
import type { UnitEffect } from "./decision.ts";
import { carryOut, type UnitCase } from "./unit-case.ts";
import { isEmpty } from "./unit-values.ts";

/** Among several of side crm the stricter value of a control field wins, never the newer (rule R1). */
export function stricter(each: UnitCase, rule: string): UnitEffect {
  const { fields } = catalogueOf(each.entity.kind);
  for (const key of each.mapped.keys) {
    const field = fields[key];
    // The date of a consent is neither strict nor lenient.
    if (field?.control === undefined || (field.control.stricter !== "set" && field.kind !== "bool")) continue;
    const theirs = strictness(field, each.theirs[key]);
    const ours = strictness(field, each.entity.values[key]);
    if (theirs !== ours) return carryOut(each, theirs > ours ? "theirs" : "ours", rule);
  }
  return carryOut(each, "ours", rule);
}

/** Would these values of a control unit be less strict than those in force? */
export function isLooser(kind: EntityKind, keys: readonly string[], wanted: Values, inForce: Values): boolean {
  const { fields } = catalogueOf(kind);
  return keys.some((key) => {
    const field = fields[key];
    if (field?.control === undefined || wanted[key] === undefined) return false;
    if (field.control.stricter !== "set" && field.kind !== "bool") return false;
    return strictness(field, wanted[key]) < strictness(field, inForce[key]);
  });
}

/** 2: the strict value; 1: unknown, which is no consent (design, promise 10); 0: the other one. */
function strictness(field: Field, value: Value | undefined): number {
  const strict = field.control?.stricter;
  if (strict === "set") return isEmpty(value) ? 0 : 2;
  const known = isEmpty(value) ? field.default : value;
  if (known === strict) return 2;
  return known === undefined && strict === false ? 1 : 0;
}

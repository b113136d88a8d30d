import type { Field, Survivorship, Value } from "./field.ts";
import { kontaktpersonFields } from "./fields/kontaktperson.ts";
import { kundeemneFields } from "./kundeemne.ts";

/** What a link can stand for: the company, or one of its contacts. */
export type EntityKind = "kundeemne" | "kontaktperson";

/** Values by flat field key; absent is not the same as null. */
export type Values = { [field: string]: Value };

/** A field alone or a group of fields that mean something only together (rule R2): what is decided as one. */
export interface Unit {
  readonly name: string;
  readonly fields: readonly string[];
  readonly survivorship: Survivorship;
  readonly control: boolean;
  readonly computed: boolean;
  readonly immutable: boolean;
}

export interface Catalogue<Kind extends string = EntityKind> {
  readonly kind: Kind;
  readonly fields: Readonly<Record<string, Field>>;
  readonly units: ReadonlyMap<string, Unit>;
  /** The unit that a field belongs to. */
  readonly unitOf: ReadonlyMap<string, Unit>;
  /** Column of a field, e.g. `gps.lat` → `gps_lat`. */
  readonly columnOf: ReadonlyMap<string, string>;
}

/** The name of a field's column: dots become `_`, humps become `_x`. */
export const columnName = (field: string): string =>
  field
    .replace(/\.(\w)/g, (_, letter: string) => `_${letter}`)
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const fallback: Survivorship = { rule: "owner", owner: "crm" };

/** A catalogue of fields: of a record, or of rows that hang on one. */
export function buildCatalogue<Kind extends string>(
  kind: Kind,
  fields: Readonly<Record<string, Field>>,
): Catalogue<Kind> {
  const members = new Map<string, string[]>();
  for (const [key, field] of Object.entries(fields)) {
    const name = field.group ?? key;
    members.set(name, [...(members.get(name) ?? []), key]);
  }
  const units = new Map<string, Unit>();
  const unitOf = new Map<string, Unit>();
  for (const [name, keys] of members) {
    const own = keys.map((key) => fields[key]).filter((field) => field !== undefined);
    const unit: Unit = {
      name,
      fields: keys,
      survivorship: own.find((field) => field.survivorship)?.survivorship ?? fallback,
      control: own.some((field) => field.control),
      computed: own.every((field) => field.computed),
      immutable: own.every((field) => field.immutable),
    };
    units.set(name, unit);
    for (const key of keys) unitOf.set(key, unit);
  }
  const columnOf = new Map(Object.keys(fields).map((key) => [key, columnName(key)]));
  return { kind, fields, units, unitOf, columnOf };
}

export const kundeemneCatalogue = buildCatalogue("kundeemne", kundeemneFields);
export const kontaktpersonCatalogue = buildCatalogue("kontaktperson", kontaktpersonFields);

export const catalogueOf = (kind: EntityKind): Catalogue =>
  kind === "kundeemne" ? kundeemneCatalogue : kontaktpersonCatalogue;

/** The unit of a name, which may be a group or a field. */
export function getUnit(catalogue: Catalogue, name: string): Unit {
  const unit = catalogue.units.get(name) ?? catalogue.unitOf.get(name);
  if (unit === undefined) throw new Error(`The catalogue of ${catalogue.kind} has no field or group named ${name}`);
  return unit;
}

/** Every name that configuration may use for a field or a group, of either catalogue. */
export const knownUnitNames: ReadonlySet<string> = new Set([
  ...kundeemneCatalogue.units.keys(),
  ...kundeemneCatalogue.unitOf.keys(),
  ...kontaktpersonCatalogue.units.keys(),
]);

/** The view of the primary contact that flat remote fields speak of (rule R29): view name → field of the contact. */
export const primaryView: ReadonlyMap<string, string> = new Map([
  ["primaer.navn", "navn"],
  ["primaer.mobil", "mobil"],
  ["primaer.fax", "fax"],
  ["primaer.email", "email"],
]);

import type { Catalogue, Values } from "./catalogue.ts";
import type { Value } from "./field.ts";

export type Nested = { [key: string]: Value | { [member: string]: Value } };

/** `gps.lat` → `gps: { lat }`, as documents show records. `empties`: what to show for fields that are empty. */
export function nest(values: Values, empties: ReadonlyMap<string, Value> = NONE): Nested {
  const nested: Nested = {};
  const groups = new Map<string, { [member: string]: Value }>();
  for (const [key, kept] of Object.entries(values)) {
    const value = kept ?? empties.get(key) ?? kept;
    const dot = key.indexOf(".");
    if (dot < 0) {
      nested[key] = value;
      continue;
    }
    const name = key.slice(0, dot);
    const group = groups.get(name) ?? {};
    groups.set(name, group);
    group[key.slice(dot + 1)] = value;
    nested[name] = group;
  }
  return nested;
}

const NONE: ReadonlyMap<string, Value> = new Map();

/** The reverse; null for a whole group is null for each of its fields. Names that the catalogue does not know are left out. */
export function flatten(catalogue: Catalogue<string>, nested: Readonly<Record<string, unknown>>): Values {
  const values: Values = {};
  for (const key of Object.keys(catalogue.fields)) {
    const dot = key.indexOf(".");
    const holder = dot < 0 ? nested : nested[key.slice(0, dot)];
    if (holder === null) values[key] = null;
    else if (isObject(holder)) {
      const value = holder[dot < 0 ? key : key.slice(dot + 1)];
      if (isValue(value)) values[key] = value;
    }
  }
  return values;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isValue = (value: unknown): value is Value =>
  value === null ||
  ["string", "number", "boolean"].includes(typeof value) ||
  (Array.isArray(value) && value.every((item) => typeof item === "string"));

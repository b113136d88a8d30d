import type { Fragment } from "postgres";
import { kundeemneCatalogue } from "../model/catalogue.ts";
import { type Criterion, severalKinds } from "../model/criteria.ts";
import type { Db } from "./database.ts";

/** `createdAt`, `updatedAt` or a field of the catalogue. */
export interface SortOrder {
  readonly by: string;
  readonly descending: boolean;
}

/** Where the page before ended: value of the sort column as text, null when empty, and id. */
export interface PageEnd {
  readonly value: string | null;
  readonly id: string;
}

/** Part of a list of Kundeemner `e`: which rows, and what they are ordered by before their id. */
export interface Stretch {
  readonly where: Fragment;
  /** SQL of the sort value; null: all are alike. */
  readonly key: string | null;
  /** The sort value, as text, of rows that are all alike. */
  readonly value: string | null;
  readonly descending: boolean;
}

/** True when the list can be sorted by it: a single-valued stored field, or one of the gateway's instants. */
export function canSortBy(name: string): boolean {
  if (name === "createdAt" || name === "updatedAt") return true;
  const field = kundeemneCatalogue.fields[name];
  return field !== undefined && !field.virtual && !severalKinds.has(field.kind);
}

/**
 * A list in the stretches that follow each other in it, without those in which the criterion cannot hold. Sums and dates
 * that most records do not have stand in an index of those that have one, walked forwards or backwards; the rest, who come
 * last or as 0, are read by id. `live`: by field, what stands for its column where that has to be worked out anew.
 */
export function stretchesOf(
  sql: Db,
  { criterion, sort, after }: { criterion: Criterion; sort: SortOrder; after?: PageEnd | undefined },
  live?: ReadonlyMap<string, string>,
): Stretch[] {
  const { by, descending } = sort;
  const { key, type } = sortKey(by, live);
  const value = sql.unsafe(key);
  const walk = { key, value: null, descending };
  const rest = { key: null, descending: false };
  const beyond =
    after === undefined || after.value === null
      ? sql`true`
      : sql`(${value}, e.id) ${sql.unsafe(descending ? "<" : ">")} (${after.value}::text::${sql.unsafe(type)}, ${after.id}::text::uuid)`;
  const fromId = (is: boolean) => (is && after !== undefined ? sql`e.id > ${after.id}::text::uuid` : sql`true`);
  if (kundeemneCatalogue.fields[by]?.sum !== true) {
    const filled = { ...walk, where: sql`${value} is not null and ${beyond}` };
    if (mustBeFilled(criterion, by)) return [filled];
    const empty = { ...rest, value: null, where: sql`${value} is null and ${fromId(after?.value === null)}` };
    return after?.value === null ? [empty] : [filled, empty];
  }
  const at = after === undefined ? undefined : Math.sign(Number(after.value));
  const signs = descending ? [1, 0, -1] : [-1, 0, 1];
  return signs
    .slice(at === undefined ? 0 : signs.indexOf(at))
    .filter((sign) => canHaveSign(criterion, by, sign))
    .map((sign): Stretch => {
      if (sign === 0) return { ...rest, value: "0", where: sql`${value} is null and ${fromId(at === 0)}` };
      const side = sql`${value} ${sql.unsafe(sign > 0 ? ">" : "<")} 0`;
      return { ...walk, where: sign === at ? sql`${side} and ${beyond}` : side };
    });
}

/** True when the criterion asks all its records for a value of the field. */
function mustBeFilled(criterion: Criterion, field: string): boolean {
  if ("and" in criterion) return criterion.and.some((part) => mustBeFilled(part, field));
  if (!("field" in criterion) || criterion.field !== field) return false;
  if ("compares" in criterion || "startsWith" in criterion) return true;
  // A bool that is empty may count as what it is by default.
  return criterion.is !== null && typeof criterion.is !== "boolean";
}

/** Can a record that meets the criterion have a sum that is below, at or above 0? Only what all must meet is asked. */
function canHaveSign(criterion: Criterion, field: string, sign: number): boolean {
  if ("and" in criterion) return criterion.and.every((part) => canHaveSign(part, field, sign));
  if (!("field" in criterion) || criterion.field !== field || "startsWith" in criterion) return true;
  if (!("compares" in criterion)) return criterion.is !== null && Math.sign(Number(criterion.is)) === sign;
  const bound = Number(criterion.with);
  switch (criterion.compares) {
    case "gt":
      return sign > 0 || bound < 0;
    case "gte":
      return sign > 0 || (sign === 0 ? bound <= 0 : bound < 0);
    case "lt":
      return sign < 0 || bound > 0;
    case "lte":
      return sign < 0 || (sign === 0 ? bound >= 0 : bound > 0);
  }
}

/** Texts sort as a Danish reader expects (A … Z Æ Ø Å Aa). */
function sortKey(by: string, live: ReadonlyMap<string, string> | undefined): { key: string; type: string } {
  if (by === "createdAt") return { key: "e.created_at", type: "timestamptz" };
  if (by === "updatedAt") return { key: "e.updated_at", type: "timestamptz" };
  if (!canSortBy(by)) throw new Error(`Kundeemner cannot be sorted by ${by}`);
  const key = live?.get(by) ?? `e.${kundeemneCatalogue.columnOf.get(by)}`;
  switch (kundeemneCatalogue.fields[by]?.kind) {
    case "bool":
      return { key, type: "boolean" };
    case "int":
      return { key, type: "integer" };
    case "decimal":
      return { key, type: "numeric" };
    case "date":
      return { key, type: "date" };
    case "instant":
      return { key, type: "timestamptz" };
    case "id":
      return { key, type: "uuid" };
    default:
      return { key: `(${key} collate "da-x-icu")`, type: 'text collate "da-x-icu"' };
  }
}

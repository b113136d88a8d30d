import type { Criterion } from "./criteria.ts";

/**
 * What Kundeemner are counted by (S42): a field, and how its values make groups. `several`: a record with three of them
 * counts in three groups.
 */
export interface Dimension {
  readonly field: string;
  readonly groups: "value" | "several" | "digits" | "interval";
  /** The country whose postal codes make intervals; others stand together. */
  readonly country?: string;
}

export const dimensions = {
  branche: { field: "branche.kode", groups: "digits" },
  maalgrupper: { field: "maalgrupper", groups: "several" },
  kundetype: { field: "kundetype", groups: "value" },
  status: { field: "status", groups: "value" },
  postnr: { field: "postnr", groups: "interval", country: "DK" },
  landekode: { field: "landekode", groups: "value" },
  leadkilde: { field: "leadkilde", groups: "value" },
} as const satisfies Record<string, Dimension>;

export type DimensionName = keyof typeof dimensions;
export const dimensionNames = Object.keys(dimensions) as [DimensionName, ...DimensionName[]]; // never empty: written above

/** What is added up of a group. */
export const summed = ["vaerdi", "tilbudKr"] as const;
export type Summed = (typeof summed)[number];

/** Of fewer records than this a sum may tell what one person is worth: it is left out (S42). */
export const SMALL_GROUP = 5;

export interface StatisticsQuery {
  readonly criterion: Criterion;
  readonly by: readonly DimensionName[];
  readonly sums: readonly Summed[];
  /** Digits of a branch code that make a group, 1 to 6. */
  readonly digits: number;
  /** Postal codes in an interval: 10, 100 or 1000. */
  readonly width: number;
}

/** One group; a key of null: the field is empty. Sums are exact decimals, null where the group is small. */
export interface StatisticsGroup {
  readonly keys: { readonly [dimension: string]: string | null };
  readonly count: number;
  readonly sums: { readonly [field: string]: string } | null;
}

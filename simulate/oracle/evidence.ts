import type { Facts } from "../facts.ts";
import type { History, Standing } from "../history.ts";

/** What the oracle knows: the script and the remotes' logs, and what the product shows of itself. */
export interface Evidence {
  readonly history: History;
  readonly facts: Facts;
  readonly told: Told;
}

export interface Violation {
  readonly promise: string;
  readonly detail: string;
}

/** Where a value is still to be found. */
export interface Told {
  readonly inForce: ReadonlySet<string>;
  /** Replaced, and the rule that replaced it is named. */
  readonly replaced: ReadonlySet<string>;
  /** Lost to another claim, and the rule is named; now or at any time before. */
  readonly losers: ReadonlySet<string>;
  /** A side of a case. */
  readonly sides: ReadonlySet<string>;
  /** The same, at any time before. */
  readonly shownSides: ReadonlySet<string>;
}

export function tellAll(history: History, facts: Facts): Told {
  const inForce = new Set<string>();
  for (const { values } of facts.records.values())
    for (const value of Object.values(values)) if (typeof value === "string") inForce.add(spelled(value));
  const replaced = new Set<string>();
  for (const { fields } of facts.history)
    for (const [old, , rule, lost = []] of Object.values(fields)) {
      if (typeof old === "string" && rule) replaced.add(spelled(old));
      // A claim that had lost to the value that was replaced.
      for (const { value } of lost) for (const each of Object.values(value)) replaced.add(spelled(String(each)));
    }
  const sides = new Set<string>();
  for (const review of facts.reviews)
    for (const { value } of review.sides) for (const each of Object.values(value)) sides.add(spelled(String(each)));
  const losers = new Set([...history.shownLosers].map(spelled));
  const shownSides = new Set([...history.shownSides].map(spelled));
  return { inForce, replaced, losers, sides, shownSides };
}

/** A value is accounted for: it is in force, or history or a case says what became of it (promise 3). */
export function isTold(told: Told, value: string): boolean {
  const text = spelled(value);
  return told.inForce.has(text) || told.replaced.has(text) || told.losers.has(text) || told.sides.has(text);
}

/** The same whatever a remote makes of it: capitals and spaces aside. */
export const spelled = (value: string): string => value.toLowerCase().replace(/\s/g, "");

const digits = (text: string): string => text.replace(/\D/g, "");

/** The same value of a field, however it is spelled: the oracle's own reading of normalising and of rendering. */
export function sameSpelled(key: string, theirs: unknown, ours: unknown): boolean {
  if (theirs === ours) return true;
  if (typeof theirs !== "string" || typeof ours !== "string") return false;
  if (key === "telefon") return digits(theirs) === digits(ours);
  if (theirs.trim() === ours.trim()) return true;
  // A rendering: b spells in capitals, and what b spelled first was taken as it stands.
  return spelled(theirs) === spelled(ours);
}

/** What stood before and after a step. */
export function around(history: History, step: number): readonly [Standing, Standing] | undefined {
  const before = history.standings[step];
  const after = history.standings[step + 1] ?? history.standings.at(-1);
  return before === undefined || after === undefined ? undefined : [before, after];
}

/** What stood around a moment of virtual time. */
export function aroundTime(history: History, at: number): readonly [Standing, Standing] | undefined {
  let step = -1;
  for (const [index, standing] of history.standings.entries()) if (standing.at <= at) step = index;
  return step === -1 ? undefined : around(history, step);
}

export const both = <T>(pair: readonly [T, T], says: (each: T) => boolean): boolean => says(pair[0]) && says(pair[1]);

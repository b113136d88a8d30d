import type { Values } from "../model/catalogue.ts";
import type { FieldChanges } from "./apply.ts";
import { isEmpty } from "./unit-values.ts";

/** What a run that looks like a disaster does too much of (rule R30). Counted are objects: one counts once per kind. */
export const guardKinds = ["deletes", "clears", "overwrites", "creates"] as const;
export type GuardKind = (typeof guardKinds)[number];

export interface GuardLimit {
  readonly max: number;
  /** Of the linked objects of the lane. */
  readonly percent: number | undefined;
  /** So many pass whatever part of the linked objects they are: two of three are no disaster. */
  readonly atLeast: number;
}

export type GuardLimits = { readonly [kind in GuardKind]: GuardLimit };
export type Tally = { readonly [kind in GuardKind]: number };

/** What one run (0: none) did in one minute. A list of them is all that the sliding hour needs. */
export type Bucket = readonly [minute: number, run: number, ...counts: number[]];

export const nothing: Tally = { deletes: 0, clears: 0, overwrites: 0, creates: 0 };

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
/** A run that has not counted anything for so long is over, or will not be stopped by what it did before. */
const RUN_KEPT_MINUTES = 24 * 60;

const minuteOf = (now: number): number => Math.floor(now / MINUTE_MS);
const isInHour = (bucket: Bucket, now: number): boolean => bucket[0] >= minuteOf(now) - HOUR_MINUTES;
const countsOf = ([, , ...counts]: Bucket): Tally => tallyOf((_, at) => counts[at] ?? 0);

function tallyOf(count: (kind: GuardKind, at: number) => number): Tally {
  const tally = { ...nothing };
  guardKinds.forEach((kind, at) => {
    tally[kind] = count(kind, at);
  });
  return tally;
}

export const plus = (a: Tally, b: Tally): Tally => tallyOf((kind) => a[kind] + b[kind]);
export const isNothing = (tally: Tally): boolean => guardKinds.every((kind) => tally[kind] === 0);

/** What the last hour saw, to the minute: never less than the hour, at most a minute more. */
export const inHour = (window: readonly Bucket[], now: number): Tally =>
  window.filter((bucket) => isInHour(bucket, now)).reduce((sum, bucket) => plus(sum, countsOf(bucket)), nothing);

/** What a run has done so far, however long it takes. */
export const inRun = (window: readonly Bucket[], run: number): Tally =>
  window.filter((bucket) => bucket[1] === run).reduce((sum, bucket) => plus(sum, countsOf(bucket)), nothing);

/**
 * Adds to the window, and drops what it needs no more. What a run did before the hour is kept as one bucket, so that the
 * window stays short and a slow run is counted whole.
 */
export function count(window: readonly Bucket[], now: number, run: number | null, more: Tally): Bucket[] {
  const minute = minuteOf(now);
  const buckets = [...window, [minute, run ?? 0, ...guardKinds.map((kind) => more[kind])] as Bucket];
  const newest = new Map<number, number>();
  for (const [at, id] of buckets) newest.set(id, Math.max(newest.get(id) ?? 0, at));
  const merged = new Map<string, Bucket>();
  for (const bucket of buckets) {
    const [at, id] = bucket;
    const old = !isInHour(bucket, now);
    if (old && (id === 0 || (newest.get(id) ?? 0) < minute - RUN_KEPT_MINUTES)) continue;
    const key = old ? `old ${id}` : `${at} ${id}`;
    const known = merged.get(key);
    const sum = known === undefined ? countsOf(bucket) : plus(countsOf(known), countsOf(bucket));
    const place = known === undefined ? at : Math.max(known[0], at);
    merged.set(key, [place, id, ...guardKinds.map((kind) => sum[kind])]);
  }
  return [...merged.values()];
}

/** Takes back what was counted and then did not happen, from the newest on; never below nothing. */
export function takeBack(window: readonly Bucket[], back: Tally): Bucket[] {
  const left = { ...back };
  return window
    .toReversed()
    .map(([minute, run, ...counts]): Bucket => {
      const rest = guardKinds.map((kind, at) => {
        const here = Math.min(left[kind], counts[at] ?? 0);
        left[kind] -= here;
        return (counts[at] ?? 0) - here;
      });
      return [minute, run, ...rest];
    })
    .reverse();
}

/** How many a limit lets through, of so many linked objects. */
export function most({ max, percent, atLeast }: GuardLimit, linked: number): number {
  if (percent === undefined || percent >= 100) return max;
  return Math.min(max, Math.max(atLeast, Math.floor((percent * linked) / 100 + 1e-9)));
}

/** Above so many linked objects the share lets more through than the maximum: nobody need count further. */
export function linkedThatMatter(limits: GuardLimits): number {
  const bounds = guardKinds.map((kind) => {
    const { max, percent } = limits[kind];
    return percent === undefined || percent === 0 || percent >= 100 ? 0 : Math.ceil((max * 100) / percent);
  });
  return Math.max(...bounds);
}

/** Could a share be exceeded by so many? Only then the linked objects are counted. */
export const asksForShare = (limits: GuardLimits, tally: Tally): boolean =>
  guardKinds.some((kind) => {
    const { percent, atLeast } = limits[kind];
    return percent !== undefined && percent < 100 && tally[kind] > atLeast;
  });

export interface Trip {
  readonly kind: GuardKind;
  readonly scope: "hour" | "run";
  /** How many would have been done, and how many are let through. */
  readonly would: number;
  readonly limit: number;
}

/**
 * Would so much more exceed a limit, in the hour or in a run? `more` by run, 0 for what belongs to none. A share is one of
 * what is linked now and of what the hour has deleted: it does not shrink with what it counts.
 */
export function tripOf(
  limits: GuardLimits,
  window: readonly Bucket[],
  now: number,
  more: ReadonlyMap<number, Tally>,
  linked: number,
): Trip | undefined {
  const added = [...more.values()].reduce(plus, nothing);
  const hour = plus(inHour(window, now), added);
  for (const kind of guardKinds) {
    const limit = most(limits[kind], linked + hour.deletes);
    // What only grows elsewhere does not stop a batch that does nothing of the kind.
    if (added[kind] === 0) continue;
    if (hour[kind] > limit) return { kind, scope: "hour", would: hour[kind], limit };
    for (const [run, tally] of more) {
      const would = inRun(window, run)[kind] + tally[kind];
      if (run !== 0 && tally[kind] > 0 && would > limit) return { kind, scope: "run", would, limit };
    }
  }
  return undefined;
}

/** What an accepted preview has named passes uncounted, once: what is left of it, and what is left to count. */
export function useGrant(granted: Tally, wanted: Tally): { readonly left: Tally; readonly rest: Tally } {
  const used = tallyOf((kind) => Math.min(granted[kind], wanted[kind]));
  return {
    left: tallyOf((kind) => granted[kind] - used[kind]),
    rest: tallyOf((kind) => wanted[kind] - used[kind]),
  };
}

/** A person's word on what a guard has stopped: what it names by number, and by remote id where not all of it. */
export interface GuardRange {
  readonly upTo: number;
  readonly objects?: readonly string[];
}

/** Numbers are of changes on the way in, of deliveries on the way out; what has none was never named. */
export const isInRange = (
  { upTo, objects }: GuardRange,
  { id, externalId }: { readonly id: number | null; readonly externalId: string | null },
): boolean =>
  id !== null && id <= upTo && (objects === undefined || (externalId !== null && objects.includes(externalId)));

export type Touched = { readonly [field: string]: "clear" | "overwrite" };

/** Of fields that changed: which were emptied, which replaced. Filling what was empty is neither. */
export function touchedIn(changed: FieldChanges): Touched {
  const touched: { [field: string]: "clear" | "overwrite" } = {};
  for (const [field, [old, now]] of Object.entries(changed))
    if (!isEmpty(old)) touched[field] = isEmpty(now) ? "clear" : "overwrite";
  return touched;
}

/** The same for a write that is to be sent: what the remote last showed, and what it is sent. */
export function touchedOut(shown: Values, sent: Values): Touched {
  const touched: { [field: string]: "clear" | "overwrite" } = {};
  for (const [key, now] of Object.entries(sent)) {
    const old = shown[key];
    if (isEmpty(old) || JSON.stringify(old) === JSON.stringify(now)) continue;
    touched[key] = isEmpty(now) ? "clear" : "overwrite";
  }
  return touched;
}

export function kindsOf(touched: Touched): GuardKind[] {
  const all = new Set(Object.values(touched));
  return [...(all.has("clear") ? ["clears" as const] : []), ...(all.has("overwrite") ? ["overwrites" as const] : [])];
}

export const tally = (items: Iterable<readonly GuardKind[]>): Tally => {
  const sum = { ...nothing };
  for (const kinds of items) for (const kind of kinds) sum[kind] += 1;
  return sum;
};

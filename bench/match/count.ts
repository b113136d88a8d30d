import type { Match } from "../../src/pipelines/matching.ts";
import type { Arrival } from "./population.ts";

export interface Count {
  readonly of: number;
  readonly linked: number;
  readonly wrong: number;
  readonly cases: number;
  /** Found by a link, and by a link or a case. */
  readonly recall: number;
  readonly recallWithReview: number;
}

export interface Report {
  readonly auto: { readonly precision: number; readonly recall: number; readonly n: number; readonly lower95: number };
  readonly withReview: { readonly recall: number };
  /** Arrivals that mean a known company, by each match case that these open; all of them where none opens. */
  readonly recordsPerCase: number;
  readonly ratePerSecond: number;
}

/** Counts arrivals: how many were linked, how many of those wrongly, how many of the true pairs were found. */
export function count(arrivals: readonly Arrival[], matches: readonly Match[], ids: readonly string[]): Count {
  let [linked, wrong, cases, pairs, auto, found] = [0, 0, 0, 0, 0, 0];
  for (const [at, { means }] of arrivals.entries()) {
    const match = matches[at] ?? { kind: "none" };
    const meant = means === null ? undefined : ids[means];
    if (meant !== undefined) pairs++;
    if (match.kind === "several") {
      cases++;
      if (meant !== undefined && match.ids.includes(meant)) found++;
    }
    if (match.kind !== "one") continue;
    linked++;
    if (match.id !== meant) wrong++;
    else auto++;
  }
  const share = (part: number): number => (pairs === 0 ? 0 : part / pairs);
  return { of: arrivals.length, linked, wrong, cases, recall: share(auto), recallWithReview: share(auto + found) };
}

export function reportOf(
  { arrivals, ids }: { readonly arrivals: readonly Arrival[]; readonly ids: readonly string[] },
  matches: readonly Match[],
  ratePerSecond: number,
): Report {
  const all = count(arrivals, matches, ids);
  const copies = arrivals.flatMap((arrival, at) => (arrival.means === null ? [] : [{ arrival, match: matches[at] }]));
  const ofCopies = count(
    copies.map(({ arrival }) => arrival),
    copies.map(({ match }) => match ?? { kind: "none" }),
    ids,
  );
  return {
    auto: {
      precision: all.linked === 0 ? 1 : (all.linked - all.wrong) / all.linked,
      recall: all.recall,
      n: all.linked,
      lower95: lowerBound(all.linked - all.wrong, all.linked),
    },
    withReview: { recall: all.recallWithReview },
    recordsPerCase: ofCopies.of / Math.max(1, ofCopies.cases),
    ratePerSecond,
  };
}

/** The share below which the true one lies in one of twenty such counts only: Clopper and Pearson's, one-sided. */
export function lowerBound(hits: number, of: number): number {
  if (of === 0 || hits === 0) return 0;
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atLeast(hits, of, middle) < 0.05) low = middle;
    else high = middle;
  }
  return low;
}

/** The chance of so many hits or more, where each is a hit with probability p. */
function atLeast(hits: number, of: number, p: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let chance = 0;
  // From all hits downwards: log C(of, misses) grows with each miss.
  let logChoose = 0;
  for (let misses = 0; misses <= of - hits; misses++) {
    if (misses > 0) logChoose += Math.log(of - misses + 1) - Math.log(misses);
    chance += Math.exp(logChoose + (of - misses) * Math.log(p) + misses * Math.log1p(-p));
  }
  return Math.min(1, chance);
}

import { metresBetween, type Position } from "../model/geo.ts";

export interface VisitOrder {
  /** Places in the list that was given, in the order of visiting. */
  readonly order: readonly number[];
  /** To each stop from the one before it, and with an end the way there as the last one. */
  readonly legs: readonly number[];
  readonly metres: number;
}

/**
 * An order in which to visit all stops: always the nearest one next, then ways that cross are uncrossed (2-opt) until no
 * exchange of two makes it shorter. Not the shortest of all, but never longer than nearest-first. Without an end the last
 * stop is free. The same input gives the same order.
 */
export function orderVisits(stops: readonly Position[], start: Position, end?: Position): VisitOrder {
  const points = [start, ...stops, ...(end === undefined ? [] : [end])];
  const way = distancesOf(points);
  const last = stops.length + 1;
  const path = nearestFirst(stops.length, way);
  // What comes after the last stop: the end, or nothing.
  const after = end === undefined ? undefined : last;
  uncross(path, way, after);
  const legs = path.slice(1).map((point, n) => way(path[n] ?? 0, point));
  if (after !== undefined) legs.push(way(path.at(-1) ?? 0, after));
  return {
    order: path.slice(1).map((point) => point - 1),
    legs,
    metres: legs.reduce((all, leg) => all + leg, 0),
  };
}

type Way = (from: number, to: number) => number;

function distancesOf(points: readonly Position[]): Way {
  const count = points.length;
  const metres = new Float64Array(count * count);
  points.forEach((a, i) => {
    for (let j = i + 1; j < count; j += 1) {
      const b = points[j];
      if (b === undefined) continue;
      metres[i * count + j] = metres[j * count + i] = metresBetween(a, b);
    }
  });
  return (from, to) => metres[from * count + to] ?? 0;
}

/** From the start (0) on, always to the nearest that is left. */
function nearestFirst(count: number, way: Way): number[] {
  const left = new Set(Array.from({ length: count }, (_, n) => n + 1));
  const path = [0];
  while (left.size > 0) {
    const here = path.at(-1) ?? 0;
    let next = 0;
    for (const point of left) if (next === 0 || way(here, point) < way(here, next)) next = point;
    left.delete(next);
    path.push(next);
  }
  return path;
}

/** Less than this is rounding. */
const LEAST_GAIN_METRES = 1e-6;

/** Turns parts of the path round as long as that makes it shorter. */
function uncross(path: number[], way: Way, after: number | undefined): void {
  for (let better = true; better; ) {
    better = false;
    for (let from = 1; from < path.length - 1; from += 1) {
      for (let to = from + 1; to < path.length; to += 1) {
        const [before, first, last] = [path[from - 1] ?? 0, path[from] ?? 0, path[to] ?? 0];
        const next = path[to + 1] ?? after;
        const now = way(before, first) + (next === undefined ? 0 : way(last, next));
        const turned = way(before, last) + (next === undefined ? 0 : way(first, next));
        if (turned >= now - LEAST_GAIN_METRES) continue;
        path.splice(from, to - from + 1, ...path.slice(from, to + 1).reverse());
        better = true;
      }
    }
  }
}

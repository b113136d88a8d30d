import fc from "fast-check";
import { expect, test } from "vitest";
import { boxAround, metresBetween, type Position } from "../../src/model/geo.ts";
import { orderVisits } from "../../src/rules/visit-plan.ts";

const aarhus = { lat: 56.1629, lng: 10.2039 };
const copenhagen = { lat: 55.6761, lng: 12.5683 };
const odense = { lat: 55.4038, lng: 10.4024 };

const position: fc.Arbitrary<Position> = fc.record({
  lat: fc.double({ min: 54.5, max: 57.8, noNaN: true }),
  lng: fc.double({ min: 8, max: 15, noNaN: true }),
});

/** The path as plain code adds it up. */
const lengthOf = (points: readonly Position[]): number =>
  points.slice(1).reduce((all, point, n) => all + metresBetween(points[n] ?? point, point), 0);

function nearestFirst(stops: readonly Position[], start: Position): Position[] {
  const left = [...stops];
  const path = [start];
  while (left.length > 0) {
    const here = path.at(-1) ?? start;
    left.sort((a, b) => metresBetween(here, a) - metresBetween(here, b));
    const next = left.shift();
    if (next !== undefined) path.push(next);
  }
  return path;
}

test("distances are great circles in metres", () => {
  expect(metresBetween(aarhus, copenhagen)).toBeCloseTo(156_858, -3);
  expect(metresBetween({ lat: 0, lng: 179.5 }, { lat: 0, lng: -179.5 })).toBeCloseTo(111_195, -1);
  expect(metresBetween(aarhus, aarhus)).toBe(0);
});

test("a box around a circle holds every position of the circle, over the antimeridian and at the poles too", () => {
  const anywhere = fc.record({
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
    lng: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(anywhere, anywhere, fc.double({ min: 0, max: 3_000_000, noNaN: true }), (centre, other, metres) => {
      fc.pre(metresBetween(centre, other) < metres);
      const { west, east, south, north } = boxAround({ ...centre, metres });
      const inLng = west <= east ? other.lng >= west && other.lng <= east : other.lng >= west || other.lng <= east;
      expect(inLng && other.lat >= south - 1e-9 && other.lat <= north + 1e-9).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([true, false])("every stop is visited once, never longer than nearest-first, end given: %s", (hasEnd) => {
  fc.assert(
    fc.property(fc.array(position, { maxLength: 25 }), position, position, (stops, start, finish) => {
      const end = hasEnd ? finish : undefined;
      const plan = orderVisits(stops, start, end);
      expect([...plan.order].sort((a, b) => a - b)).toEqual(stops.map((_, n) => n));
      const path = [start, ...plan.order.map((n) => stops[n] ?? start), ...(end === undefined ? [] : [end])];
      expect(plan.metres).toBeCloseTo(lengthOf(path), 3);
      expect(plan.legs).toHaveLength(path.length - 1);
      const greedy = [...nearestFirst(stops, start), ...(end === undefined ? [] : [end])];
      expect(plan.metres).toBeLessThanOrEqual(lengthOf(greedy) + 1e-3);
      // No part of it turned round would make it shorter.
      const fixed = end === undefined ? path.length : path.length - 1;
      for (let from = 1; from < fixed; from += 1)
        for (let to = from + 1; to < fixed; to += 1) {
          const turned = [...path.slice(0, from), ...path.slice(from, to + 1).reverse(), ...path.slice(to + 1)];
          expect(lengthOf(turned)).toBeGreaterThan(plan.metres - 1e-3);
        }
    }),
    { numRuns: 60 },
  );
});

test("ways that cross are uncrossed: nearest-first alone would go there and back", () => {
  const at = (lng: number) => ({ lat: 56, lng });
  const plan = orderVisits([at(10), at(9.99), at(10.03), at(9.93)], at(10.005), at(9.9));
  expect(plan.order).toEqual([2, 0, 1, 3]);
  expect(orderVisits([], aarhus, odense)).toMatchObject({ order: [], legs: [metresBetween(aarhus, odense)] });
  expect(orderVisits([], aarhus)).toEqual({ order: [], legs: [], metres: 0 });
});

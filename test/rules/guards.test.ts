import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Bucket,
  count,
  type GuardLimits,
  guardKinds,
  inHour,
  inRun,
  isInRange,
  kindsOf,
  linkedThatMatter,
  most,
  nothing,
  plus,
  type Tally,
  takeBack,
  touchedIn,
  touchedOut,
  tripOf,
  useGrant,
} from "../../src/rules/guards.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 25, 12, 0, 30);
const overwrites = (n: number): Tally => ({ ...nothing, overwrites: n });
const wide = { max: 1_000_000, percent: undefined, atLeast: 0 };
const limits = (more: Partial<GuardLimits>): GuardLimits => ({
  ...{ deletes: wide, clears: wide, overwrites: wide, creates: wide },
  ...more,
});

const tallies = fc.record({
  deletes: fc.nat(9),
  clears: fc.nat(9),
  overwrites: fc.nat(9),
  creates: fc.nat(9),
});
/** Counting over some hours, in order of time. */
const events = fc
  .array(fc.record({ after: fc.nat(20 * MINUTE), run: fc.option(fc.integer({ min: 1, max: 3 })), tally: tallies }), {
    maxLength: 40,
  })
  .map((steps) => {
    let at = NOW;
    return steps.map(({ after, run, tally }) => {
      at += after;
      return { at, run, tally };
    });
  });
const sumOf = (all: readonly { tally: Tally }[]): Tally => all.reduce((sum, { tally }) => plus(sum, tally), nothing);
const counted = (all: readonly { at: number; run: number | null; tally: Tally }[]): Bucket[] =>
  all.reduce((window, { at, run, tally }) => count(window, at, run, tally), [] as Bucket[]);

test("R30 the sliding hour never counts less than the hour saw, and at most a minute and a bit more", () => {
  fc.assert(
    fc.property(events, fc.nat(2 * HOUR), (all, later) => {
      const now = (all.at(-1)?.at ?? NOW) + later;
      const hour = inHour(counted(all), now);
      const least = sumOf(all.filter(({ at }) => at > now - HOUR));
      const greatest = sumOf(all.filter(({ at }) => at > now - HOUR - MINUTE));
      for (const kind of guardKinds) {
        expect(hour[kind]).toBeGreaterThanOrEqual(least[kind]);
        expect(hour[kind]).toBeLessThanOrEqual(greatest[kind]);
      }
    }),
  );
});

test("R30 a run is counted whole, however long it takes, and the window stays short", () => {
  fc.assert(
    fc.property(events, (all) => {
      const window = counted(all);
      const last = all.at(-1)?.at ?? NOW;
      for (const run of [1, 2, 3]) expect(inRun(window, run)).toEqual(sumOf(all.filter((each) => each.run === run)));
      // A bucket a minute and run of the hour, and one for what each run did before.
      const minutes = new Set(
        all.filter(({ at }) => at > last - HOUR - MINUTE).map(({ at, run }) => `${Math.floor(at / MINUTE)} ${run}`),
      );
      expect(window.length).toBeLessThanOrEqual(minutes.size + 3);
    }),
  );
});

test("R30 what did not happen is taken back, once, and never below nothing", () => {
  fc.assert(
    fc.property(events, tallies, (all, back) => {
      const before = inRun(counted(all), 1);
      const window = counted(all);
      const after = takeBack(window, back);
      const total = (buckets: readonly Bucket[]) =>
        buckets.reduce(
          (sum, [, , deletes = 0, clears = 0, over = 0, creates = 0]) =>
            plus(sum, { deletes, clears, overwrites: over, creates }),
          nothing,
        );
      for (const kind of guardKinds) expect(total(after)[kind]).toBe(Math.max(0, total(window)[kind] - back[kind]));
      expect(inRun(takeBack(window, nothing), 1)).toEqual(before);
    }),
  );
});

test("R30 batches that pass one by one never do more in an hour than the limit lets through", () => {
  fc.assert(
    fc.property(events, fc.nat(30), (all, max) => {
      let window: Bucket[] = [];
      const passed: typeof all = [];
      for (const each of all) {
        const more = new Map([[each.run ?? 0, each.tally]]);
        if (tripOf(limits({ overwrites: { ...wide, max } }), window, each.at, more, 100) !== undefined) continue;
        window = count(window, each.at, each.run, each.tally);
        passed.push(each);
      }
      for (const { at } of passed) {
        const hour = sumOf(passed.filter((each) => each.at <= at && each.at > at - HOUR));
        expect(hour.overwrites).toBeLessThanOrEqual(max);
      }
      for (const run of [1, 2, 3])
        expect(sumOf(passed.filter((each) => each.run === run)).overwrites).toBeLessThanOrEqual(max);
    }),
  );
});

test("R30 a share is one of the linked objects, above the few that always pass and below the maximum", () => {
  const limit = { max: 25, percent: 2, atLeast: 5 };
  expect([0, 100, 250, 300, 1_000, 1_250, 90_000].map((linked) => most(limit, linked))).toEqual([
    5, 5, 5, 6, 20, 25, 25,
  ]);
  expect(most({ max: 0, percent: 2, atLeast: 5 }, 1_000)).toBe(0);
  expect(most({ max: 500, percent: 100, atLeast: 5 }, 1)).toBe(500);
  // Whatever is linked beyond this changes nothing, so nobody need count it.
  const all = limits({ deletes: limit });
  fc.assert(
    fc.property(fc.nat(1_000_000), (more) => {
      expect(most(limit, linkedThatMatter(all) + more)).toBe(25);
    }),
  );
});

test("R30 deletes do not make the share smaller that they are counted against", () => {
  const guards = limits({ deletes: { max: 1_000, percent: 10, atLeast: 0 } });
  const window = count([], NOW, null, { ...nothing, deletes: 9 });
  // Of 100 linked ones nine are gone: the tenth is still a tenth, the eleventh no more.
  const more = (deletes: number) => new Map([[0, { ...nothing, deletes }]]);
  expect(tripOf(guards, window, NOW, more(1), 91)).toBeUndefined();
  expect(tripOf(guards, window, NOW, more(2), 91)).toMatchObject({ kind: "deletes", would: 11, limit: 10 });
});

test("R30 what is full already stops nobody who does nothing of the kind", () => {
  const window = count([], NOW, null, overwrites(100));
  const guards = limits({ overwrites: { ...wide, max: 10 } });
  expect(tripOf(guards, window, NOW, new Map([[0, { ...nothing, creates: 1 }]]), 0)).toBeUndefined();
  expect(tripOf(guards, window, NOW, new Map([[0, overwrites(1)]]), 0)).toMatchObject({ scope: "hour", would: 101 });
});

test("R30 what a preview has named passes once, and no more than that", () => {
  fc.assert(
    fc.property(tallies, tallies, (granted, wanted) => {
      const { left, rest } = useGrant(granted, wanted);
      for (const kind of guardKinds) {
        expect(left[kind] + wanted[kind] - rest[kind]).toBe(granted[kind]);
        expect(rest[kind]).toBe(Math.max(0, wanted[kind] - granted[kind]));
      }
    }),
  );
});

test("R30 a range names what stood at the decision, by number and where it says so by object", () => {
  const is = (range: Parameters<typeof isInRange>[0], id: number | null, externalId: string | null) =>
    isInRange(range, { id, externalId });
  expect(is({ upTo: 7 }, 7, "a")).toBe(true);
  expect(is({ upTo: 7 }, 8, "a")).toBe(false);
  expect(is({ upTo: 7 }, null, "a")).toBe(false);
  expect(is({ upTo: 7, objects: ["a"] }, 3, "a")).toBe(true);
  expect(is({ upTo: 7, objects: ["a"] }, 3, "b")).toBe(false);
  expect(is({ upTo: 7, objects: ["a"] }, 3, null)).toBe(false);
});

test("R30 filling what was empty is neither a clear nor an overwrite, on either side", () => {
  const changed = {
    a: [null, "x"],
    b: ["x", null],
    c: ["x", "y"],
    d: ["", "y"],
    e: [["1"], []],
    f: [false, true],
  } as const;
  expect(touchedIn(changed)).toEqual({ b: "clear", c: "overwrite", e: "clear", f: "overwrite" });
  expect(touchedOut({ b: "x", c: "x", g: "x" }, { a: "x", b: null, c: "y", g: "x" })).toEqual({
    b: "clear",
    c: "overwrite",
  });
  expect(kindsOf({ b: "clear", c: "overwrite", f: "overwrite" })).toEqual(["clears", "overwrites"]);
  expect(kindsOf({})).toEqual([]);
});

import { createHash } from "node:crypto";

/** Numbers drawn from a seed: the same seed draws the same ones, on any machine. */
export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  /** True in `percent` of 100. */
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** One of the items, each as often as its weight. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T;
}

/** Any string of digits is a seed, also one longer than a number holds. */
export const isSeed = (text: string): boolean => /^\d+$/.test(text);

export function randomFrom(seed: string): Random {
  const bytes = createHash("sha256").update(seed).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at)) as [number, number, number, number];
  // sfc32: small, fast, and passes the usual batteries
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 12; warm += 1) next();
  const below = (n: number): number => Math.floor(next() * n);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error("Nothing to pick from");
    return item;
  };
  return {
    below,
    pick,
    chance: (percent) => next() * 100 < percent,
    weighted(items) {
      let left = next() * items.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of items) {
        left -= weight;
        if (left < 0) return item;
      }
      return pick(items)[1];
    },
  };
}

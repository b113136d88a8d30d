import { nameKey } from "./company-name.ts";

/**
 * How alike two company names are, 0 to 1: Dice's coefficient over the trigrams of their name keys. The trigrams are
 * PostgreSQL pg_trgm's (each word with two blanks before and one after, as a set); pg_trgm's own `similarity` is
 * Jaccard's |A∩B| / |A∪B|, ours 2|A∩B| / (|A|+|B|), which SQL gets as 2s / (1+s) from it.
 */
export const nameSimilarity = (a: string, b: string): number => trigramSimilarity(nameKey(a).key, nameKey(b).key);

/** The same for keys that are made already. Two texts without a letter or digit are not alike. */
export function trigramSimilarity(a: string, b: string): number {
  const left = trigramsOf(a);
  const right = trigramsOf(b);
  if (left.size === 0 || right.size === 0) return 0;
  const [few, many] = left.size <= right.size ? [left, right] : [right, left];
  let shared = 0;
  for (const trigram of few) if (many.has(trigram)) shared++;
  return (2 * shared) / (left.size + right.size);
}

const NOT_WORD = /[^\p{L}\p{M}\p{N}]+/u;

export function trigramsOf(text: string): ReadonlySet<string> {
  const trigrams = new Set<string>();
  for (const word of text.toLowerCase().split(NOT_WORD)) {
    if (word === "") continue;
    const letters = [..."  ", ...word, " "];
    for (let i = 0; i + 2 < letters.length; i++) trigrams.add(`${letters[i]}${letters[i + 1]}${letters[i + 2]}`);
  }
  return trigrams;
}

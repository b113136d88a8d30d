import { keyDa } from "./text.ts";

/** In order; each on what the one before has left (domain notes, e.7). */
const RULES: readonly (readonly [sound: RegExp, written: string])[] = [
  [/aa/g, "o"],
  [/ae|oe/g, "e"],
  [/sch/g, "s"],
  [/ch|ck/g, "k"],
  [/ph/g, "f"],
  [/th|dt/g, "t"],
  [/w/g, "v"],
  [/z/g, "s"],
  [/x/g, "ks"],
  [/q/g, "k"],
  [/c(?=[eiy])/g, "s"],
  [/c/g, "k"],
  [/j(?![aeiouy])/g, "i"],
  [/hj/g, "j"],
  [/hv/g, "v"],
  [/([nlr])d(?![aeiouy])/g, "$1"],
  [/(\p{L})\1+/gu, "$1"],
  [/y/g, "i"],
];
const NOT_WORD = /[^\p{L}\p{N}]+/gu;
const VOWELS = /[aeiou]/g;

/**
 * How a Danish word sounds, coarsely: `Christensen` and `Kristensen` share a key (domain notes, e.7). Two words with one key
 * may be one name, so it only ever proposes; `Jansen` and `Jensen` share one too. Empty for a word without letter or digit.
 */
export function soundKey(word: string): string {
  let sound = keyDa(word).replace(NOT_WORD, "");
  for (const [written, by] of RULES) sound = sound.replace(written, by);
  return sound.slice(0, 1) + sound.slice(1).replace(VOWELS, "");
}

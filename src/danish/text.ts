const ASCII_ONLY = /^[\x20-\x7e]*$/;
const MARKS = /\p{M}+/gu;
const DANISH = /[æäøöœåüß]/g;
const DANISH_KEYS: { readonly [letter: string]: string } = {
  æ: "ae",
  ä: "ae",
  ø: "oe",
  ö: "oe",
  œ: "oe",
  å: "aa",
  ü: "u",
  ß: "ss",
};
const DOUBLED = /aa|oe|ae/g;
const LOOSE_KEYS: { readonly [pair: string]: string } = { aa: "a", oe: "o", ae: "a" };
const NOT_WORD = /[^\p{L}\p{M}\p{N}]+/gu;
const NOT_WORD_ASCII = /[^a-z0-9]+/g;
const collator = new Intl.Collator("da", { caseFirst: "upper" });

/** Lower case with Danish letters written out (`Ærø` → `aeroe`) and all other marks stripped. For equality; punctuation stays. */
export function keyDa(text: string): string {
  if (ASCII_ONLY.test(text)) return text.toLowerCase();
  return text
    .normalize("NFC")
    .toLowerCase()
    .normalize("NFC")
    .replace(DANISH, (letter) => DANISH_KEYS[letter] ?? letter)
    .normalize("NFD")
    .replace(MARKS, "")
    .normalize("NFC")
    .replace(DANISH, (letter) => DANISH_KEYS[letter] ?? letter); // ǽ and ǿ have become æ and ø
}

/** `keyDa` folded further, so that o for ø and a for å or æ are equal too. Coarse: for finding, not for deciding. */
export function keyLoose(text: string): string {
  let key = keyDa(text);
  // Folding can make a new pair (`aae`); again until nothing is left, so that the key of a key is itself.
  for (let before = ""; before !== key; ) {
    before = key;
    key = key.replace(DOUBLED, (pair) => LOOSE_KEYS[pair] ?? pair);
  }
  return key;
}

/**
 * The loose key of rule R17: what is left when case, space and punctuation are folded and the value is cut at `max`
 * characters, as a remote would have cut it. Letters stay what they are (ø is not o). A value of signs only is itself.
 */
export function looseText(value: string, max?: number): string {
  const cut = max === undefined || value.length <= max ? value : cutAt(value, max);
  if (ASCII_ONLY.test(cut)) return cut.toLowerCase().replace(NOT_WORD_ASCII, "") || cut.trim();
  // Normal once more: a mark whose sign is gone (⫝̸) now stands among those of the letter before it.
  return cut.normalize("NFC").toLowerCase().normalize("NFC").replace(NOT_WORD, "").normalize("NFC") || cut.trim();
}

/** Danish order: a … z æ ø å, aa with å, capitals first. For sorting only; equality takes keys (domain notes, e.4). */
export const compareDa = (a: string, b: string): number => collator.compare(a, b);

function cutAt(value: string, max: number): string {
  const normal = value.normalize("NFC");
  return normal.length <= max ? normal : [...normal].slice(0, max).join("");
}

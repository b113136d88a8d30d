/** Abbreviations that stand as a word of their own (domain notes, e.3). */
const WORDS: { readonly [word: string]: string } = {
  dr: "doktor",
  frb: "frederiksberg",
  gl: "gammel",
  kgs: "kongens",
  ndr: "nordre",
  sct: "sankt",
  sdr: "søndre",
  skt: "sankt",
  vstr: "vester",
};
/** At the end only; elsewhere `g` and `v` are initials. */
const LAST_WORDS: { readonly [word: string]: string } = { all: "alle", allé: "alle", g: "gade", pl: "plads", v: "vej" };
/** Glued to the name (`Lærkev.`); the dot is needed, for many names end in these letters. */
const GLUED_END = /(\p{L}{3,})(v|g|pl)\.$/u;
const NUMBER_WORDS: ReadonlySet<string> = new Set(["nr", "no"]);
const APOSTROPHES = /['’´`]/g;
const NOT_WORD = /[^\p{L}\p{M}\p{N}]+/u;

/** A street's name in lower case with its abbreviations written out: `Gl. Kongevej` → `gammel kongevej`. Only for keys. */
export function expandStreet(text: string): string {
  const words = text
    .normalize("NFC")
    .toLowerCase()
    .trim()
    .replace(/[\s,;]+$/, "")
    .replace(GLUED_END, (_all, name: string, end: string) => `${name}${LAST_WORDS[end] ?? end}`)
    .replace(APOSTROPHES, "")
    .split(NOT_WORD)
    .filter((word) => word !== "" && !NUMBER_WORDS.has(word));
  return words.map((word, index) => expandWord(word, index, words.length)).join(" ");
}

function expandWord(word: string, index: number, count: number): string {
  const isLast = index === count - 1;
  if (isLast && index > 0) return LAST_WORDS[word] ?? WORDS[word] ?? word;
  // `st` behind the number is a floor, but this is the part before it: a street follows, so it is Store.
  if (word === "st" && !isLast) return "store";
  if (word === "allé") return "alle";
  return WORDS[word] ?? word;
}

/** Floor and door behind a house number. */
export interface Unit {
  readonly floor?: string;
  readonly door?: string;
  /** What is neither: the number before it may not have been the house number. */
  readonly rest?: string;
}

const DOORS: { readonly [word: string]: string } = {
  tv: "tv",
  venstre: "tv",
  th: "th",
  højre: "th",
  hoejre: "th",
  mf: "mf",
  midt: "mf",
  midtfor: "mf",
};
const FLOORS: { readonly [word: string]: string } = {
  st: "st",
  stue: "st",
  stuen: "st",
  stueetagen: "st",
  kl: "kl",
  kælder: "kl",
  kælderen: "kl",
  kld: "kl",
};
const DOTTED = /\b([tm])\.\s?([vhf])\b\.?/g;
const GLUED = /\b(\d{1,2}|st|kl)(tv|th|mf)\b/g;
const SEPARATORS = /[\s.,;]+/;
const FILLERS: ReadonlySet<string> = new Set(["sal", "etage", "dør", "lejl", "lejlighed"]);
const FLOOR_NUMBER = /^(?:[1-9]\d?|k[2-9])$/;
const DOOR_NUMBER = /^(?:\d{1,4}|[a-zæøå0-9]{1,2}(?:[/-][a-zæøå0-9]{1,3})?)$/;

/** Reads `, 2. sal t.v.` to floor `2` and door `tv` (domain notes, e.3). A number alone is a floor, never a door. */
export function readUnit(text: string): Unit {
  const words = text
    .toLowerCase()
    .replace(DOTTED, "$1$2")
    .replace(GLUED, "$1 $2")
    .split(SEPARATORS)
    .filter((word) => word !== "" && !FILLERS.has(word));
  const [first, second, third] = words;
  if (first === undefined) return {};
  const door = doorOf(first);
  if (door !== undefined) return second === undefined ? { door } : { rest: text.trim() };
  const floor = FLOORS[first] ?? (FLOOR_NUMBER.test(first) ? first : undefined);
  if (floor === undefined || third !== undefined) return { rest: text.trim() };
  if (second === undefined) return { floor };
  const secondDoor = doorOf(second) ?? (DOOR_NUMBER.test(second) ? second.replace(/^0+(?=\d)/, "") : undefined);
  return secondDoor === undefined ? { rest: text.trim() } : { floor, door: secondDoor };
}

const doorOf = (word: string): string | undefined => DOORS[word];

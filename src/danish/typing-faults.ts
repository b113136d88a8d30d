/** Words that are never typed wrongly into another one: too short, or a number in a name (`Holm Invest 2`). */
const SHORT = 4;
const LONG = 6;
const DIGIT = /\p{N}/u;
/** Customary in names of companies, by their loose key. */
const ABBREVIATED: { readonly [written: string]: string } = {
  brdr: "brodrene",
  bdr: "brodrene",
  gl: "gammel",
  ndr: "nordre",
  sdr: "sondre",
  skt: "sankt",
  sct: "sankt",
  fa: "firma",
  mfab: "maskinfabrik",
};

/**
 * The typing faults between two texts, or undefined when there are more than `most`: a letter too many, too few, another
 * one, or two neighbours that have changed places (optimal string alignment).
 */
export function typingFaults(a: string, b: string, most: number): number | undefined {
  if (a === b) return 0;
  if (Math.abs(a.length - b.length) > most) return undefined;
  let [twoBack, back]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let faults = Math.min((back[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (back[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        faults = Math.min(faults, (twoBack[j - 2] ?? 0) + 1);
      row.push(faults);
      least = Math.min(least, faults);
    }
    if (least > most) return undefined;
    [twoBack, back] = [back, row];
  }
  const faults = back[b.length] ?? 0;
  return faults <= most ? faults : undefined;
}

const MOST_FAULTS = 2;

/**
 * Are two names, as loose keys, one name typed twice? Word by word, with at most two typing faults in all; an abbreviation
 * (`Maskinfabr.`) is one. Numbers must be equal, and of the shortest words all letters: `Holm Invest 1` is not `Holm Invest 2`.
 */
export function likeNames(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [a.split(" "), b.split(" ")];
  if (left.length !== right.length) return false;
  let faults = 0;
  for (const [at, word] of left.entries()) {
    const more = wordFaults(word, right[at] ?? "");
    if (more === undefined) return false;
    faults += more;
    if (faults > MOST_FAULTS) return false;
  }
  return true;
}

function wordFaults(first: string, second: string): number | undefined {
  const [a, b] = [ABBREVIATED[first] ?? first, ABBREVIATED[second] ?? second];
  if (a === b) return 0;
  if (DIGIT.test(a) || DIGIT.test(b)) return undefined;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length < SHORT - 1) return undefined;
  if (long.length >= LONG && long.startsWith(short)) return 1;
  // Of three letters another one makes another word; one too many, or two swapped, does not.
  if (long.length < SHORT) return isSwapped(a, b) ? 1 : undefined;
  return typingFaults(a, b, long.length < LONG ? 1 : MOST_FAULTS);
}

const isSwapped = (a: string, b: string): boolean =>
  [...a].sort().join("") === [...b].sort().join("") && typingFaults(a, b, 1) === 1;

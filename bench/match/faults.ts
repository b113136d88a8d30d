import iconv from "iconv-lite";
import { type Company, pick, type Random } from "./companies.ts";

/** A way in which a copy is spoilt. It gives the company back as it was where it cannot happen to it. */
export type Fault = (of: Company, random: Random) => Company;

const NEIGHBOURS: Readonly<Record<string, string>> = {
  ...{
    a: "sq",
    b: "vn",
    c: "xv",
    d: "sf",
    e: "wr",
    f: "dg",
    g: "fh",
    h: "gj",
    i: "uo",
    j: "hk",
    k: "jl",
    l: "kø",
    m: "n",
  },
  ...{
    n: "bm",
    o: "ip",
    p: "oå",
    r: "et",
    s: "ad",
    t: "ry",
    u: "yi",
    v: "cb",
    w: "qe",
    x: "zc",
    y: "tu",
    z: "x",
    æ: "lø",
  },
  ...{ ø: "æ", å: "p" },
};

/** The name without its legal form and owner's mark, in which somebody types a fault; the rest stays. */
function inName(of: Company, spoil: (name: string, at: number) => string, random: Random): Company {
  const end = of.firmanavn.search(/ (?:ApS|A\/S|I\/S)$/);
  const name = end < 0 ? of.firmanavn : of.firmanavn.slice(0, end);
  const rest = end < 0 ? "" : of.firmanavn.slice(end);
  const places = [...name].flatMap((_, at) => (/^\p{L}{2}$/u.test(name.slice(at, at + 2)) ? [at] : []));
  return places.length === 0 ? of : { ...of, firmanavn: spoil(name, pick(random, places)) + rest };
}

const put = (text: string, at: number, length: number, by: string): string =>
  text.slice(0, at) + by + text.slice(at + length);

const nextKey = (letter: string, random: Random): string => {
  const keys = NEIGHBOURS[letter.toLowerCase()] ?? letter;
  return pick(random, [...keys]);
};

const SHORT_WORDS: readonly (readonly [RegExp, string])[] = [
  [/Brødrene /, "Brdr. "],
  [/ & /, " og "],
  [/(?<!\p{L})(\p{Lu}\p{L}{3,5})\p{L}{4,}(?= (?:ApS|A\/S|I\/S)$)/u, "$1."],
  [/(?<!\p{L})(\p{Lu}\p{L}{4,5})\p{L}{2,}(?=\P{L}|$)/u, "$1."],
];
const SHORT_STREETS: readonly (readonly [RegExp, string])[] = [
  ...([
    [/^Gammel /, "Gl. "],
    [/^Nordre /, "Ndr. "],
    [/^Søndre /, "Sdr. "],
    [/^Sankt /, "Skt. "],
    [/^Store /, "St. "],
  ] as const),
  ...([
    [/vej (?=\d)/, "v. "],
    [/gade (?=\d)/, "g. "],
    [/ Plads /, " Pl. "],
    [/ Allé /, " All. "],
  ] as const),
];

const first = (text: string, rules: readonly (readonly [RegExp, string])[]): string => {
  const rule = rules.find(([written]) => written.test(text));
  return rule === undefined ? text : text.replace(rule[0], rule[1]);
};

const OLD_ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => iconv.decode(iconv.encode(text, "cp865"), "win1252"),
  (text) => iconv.decode(Buffer.from(text), "win1252"),
  (text) =>
    text.replace(/[æøåÆØÅ]/g, (letter) => ({ æ: "{", ø: "|", å: "}", Æ: "[", Ø: "\\", Å: "]" })[letter] ?? letter),
  (text) =>
    text.replace(/[æøåÆØÅ]/g, (letter) => ({ æ: "a", ø: "o", å: "a", Æ: "A", Ø: "O", Å: "A" })[letter] ?? letter),
];

export const FAULTS: Readonly<Record<string, Fault>> = {
  "letters swapped": (of, random) => inName(of, (name, at) => put(name, at, 2, `${name[at + 1]}${name[at]}`), random),
  "letter left out": (of, random) => inName(of, (name, at) => put(name, at + 1, 1, ""), random),
  "letter too many": (of, random) => inName(of, (name, at) => put(name, at + 1, 0, name[at + 1] ?? ""), random),
  "neighbouring key": (of, random) =>
    inName(of, (name, at) => put(name, at + 1, 1, nextKey(name[at + 1] ?? "", random)), random),
  "street mistyped": (of, random) => {
    const places = [...of.adresse1].flatMap((_, at) =>
      /^\p{L}{3}$/u.test(of.adresse1.slice(at, at + 3)) ? [at + 1] : [],
    );
    const at = places.length === 0 ? -1 : pick(random, places);
    if (at < 0) return of;
    return { ...of, adresse1: put(of.adresse1, at, 1, random() < 0.5 ? "" : nextKey(of.adresse1[at] ?? "", random)) };
  },
  "name abbreviated": (of) => ({ ...of, firmanavn: first(of.firmanavn, SHORT_WORDS) }),
  "street abbreviated": (of) => ({ ...of, adresse1: first(of.adresse1, SHORT_STREETS) }),
  "legal form": (of, random) => {
    const other = { ApS: "Anpartsselskab", "A/S": "AS", "I/S": "Interessentskab" };
    const written = (form: string) => (random() < 0.6 ? "" : ` ${other[form.trim() as keyof typeof other]}`);
    return { ...of, firmanavn: of.firmanavn.replace(/ (?:ApS|A\/S|I\/S)$/, written) };
  },
  "address lines swapped": (of) => ({ ...of, adresse1: of.adresse2 ?? "", adresse2: of.adresse1 }),
  "old encoding": (of, random) => {
    const garble = pick(random, OLD_ENCODINGS);
    return { ...of, firmanavn: garble(of.firmanavn), adresse1: garble(of.adresse1), bynavn: garble(of.bynavn) };
  },
  telephone: (of, random) => {
    const another = String(20_000_000 + Math.floor(random() * 7e7));
    if (of.telefon === null) return { ...of, telefon: another };
    const digits = of.telefon.replace(/\s/g, "");
    const ways = [`+45${digits}`, `Tlf.: ${digits}`, `0045 ${digits}`, null, another];
    return { ...of, telefon: pick(random, ways) };
  },
  domain: (of, random) => ({
    ...of,
    emailDomaener: of.emailDomaener !== null && random() < 0.5 ? null : ["gmail.com"],
  }),
};

export const FAULT_NAMES = Object.keys(FAULTS);

const isSame = (a: Company, b: Company): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Spoils a copy in two to four ways, drawn uniformly from those that can happen to it; each shows. */
export function spoil(of: Company, random: Random): { readonly copy: Company; readonly kinds: readonly string[] } {
  const dice = random();
  const many = dice < 0.7 ? 2 : dice < 0.95 ? 3 : 4;
  const kinds: string[] = [];
  let copy = of;
  for (let tries = 0; kinds.length < many && tries < 200; tries++) {
    const kind = pick(random, FAULT_NAMES);
    const spoilt = kinds.includes(kind) ? copy : (FAULTS[kind]?.(copy, random) ?? copy);
    if (isSame(spoilt, copy)) continue;
    copy = spoilt;
    kinds.push(kind);
  }
  return { copy, kinds };
}

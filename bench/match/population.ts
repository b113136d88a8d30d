import { seeded } from "../../rig/random.ts";
import { type Company, Inventor, pick, type Random } from "./companies.ts";
import { spoil } from "./faults.ts";
import { GIVEN, SURNAMES, TRADES } from "./words.ts";

/** What comes in: what it is, and which of the known it is a copy of. */
export interface Arrival {
  readonly company: Readonly<Record<string, unknown>>;
  /** `cvr_kept`, `sister`, … */
  readonly sort: string;
  /** Place among the known; null: it is nobody there. */
  readonly means: number | null;
  readonly faults: readonly string[];
}

export interface Population {
  readonly known: readonly Readonly<Record<string, unknown>>[];
  readonly arrivals: readonly Arrival[];
}

const COPIES = [
  ...([
    ["cvr_kept", 0.45],
    ["cvr_on_one_side", 0.1],
    ["moved", 0.15],
    ["renamed_with_cvr", 0.1],
    ["without_cvr", 0.2],
  ] as const),
];
/** Of 100,000 companies. */
const NEGATIVES = { sister: 0.05, father_and_son: 0.02, chain: 0.02, holding_and_drift: 0.01 } as const;
const COPIED = 0.2;
/** Known companies without a CVR number, and those that are a sister or holding of the one before. */
const [NUMBERLESS, SIBLINGS] = [0.1, 0.04];

/** Invents `size` companies, a fifth as many spoilt copies, and a tenth as many that only look like one of them. */
export function population(seed: number, size: number): Population {
  const random = seeded(seed);
  const inventor = new Inventor(random);
  const fathers = Math.round(size * NEGATIVES.father_and_son);
  const known: Company[] = [];
  for (let n = 0; n < size - fathers; n++) {
    const before = known[n - 1];
    const isSibling = before !== undefined && random() < SIBLINGS;
    known.push(isSibling ? sister(before, inventor, random) : inventor.company());
  }
  const numberless = known.map(() => random() < NUMBERLESS);
  const arrivals: Arrival[] = [];
  const copies = Math.round(size * COPIED);
  // Every fifth is copied, so that the uncopied ones stand among them.
  for (let n = 0; n < copies; n++) {
    const means = Math.floor((n * known.length) / copies);
    const original = known[means];
    if (original === undefined) throw new Error("Fewer companies than copies");
    const [sort, here, there] = copyOf(original, n / copies, inventor, random);
    known[means] = here;
    numberless[means] = false;
    const { copy, kinds } = spoil(there, random);
    arrivals.push({ company: { ...copy }, sort, means, faults: kinds });
  }
  const companies = known.length;
  for (const [n, isNumberless] of numberless.entries()) {
    const each = known[n];
    if (isNumberless && each !== undefined) known[n] = { ...each, cvrNr: null };
  }
  const negative = (sort: string, company: Company): void => {
    arrivals.push({ company: { ...company }, sort, means: null, faults: [] });
  };
  const one = (): Company => pick(random, known.slice(0, companies));
  for (let n = 0; n < size * NEGATIVES.sister; n++) negative("sister", sister(one(), inventor, random));
  for (let n = 0; n < size * NEGATIVES.chain; n++) negative("chain", chain(one(), inventor, random));
  for (let n = 0; n < size * NEGATIVES.holding_and_drift; n++)
    negative("holding_and_drift", holding(one(), inventor, random));
  for (let n = 0; n < fathers; n++) {
    const surname = pick(random, SURNAMES);
    const [given, middle] = [pick(random, GIVEN), pick(random, GIVEN)];
    const father = inventor.person(surname, [given, middle]);
    known.push(father);
    const named = pick(random, [
      [given, middle],
      [given],
      [given, `${middle.slice(0, 1)}.`],
      [given, pick(random, GIVEN)],
    ]);
    const own = random() < 0.5 ? {} : { telefon: inventor.telefon() };
    negative("father_and_son", { ...father, firmanavn: `${named.join(" ")} ${surname}`, ...own });
  }
  return { known: known.map((each) => ({ ...each })), arrivals: shuffled(arrivals, random) };
}

function sortAt(share: number): string {
  let upTo = 0;
  for (const [sort, part] of COPIES) {
    upTo += part;
    if (share < upTo) return sort;
  }
  return "cvr_kept";
}

function copyOf(of: Company, share: number, inventor: Inventor, random: Random): [string, Company, Company] {
  // Spread evenly over all: the share is turned by a stride that meets every part.
  const turned = (share * 7919) % 1;
  const sort = sortAt(turned);
  const without = { ...of, cvrNr: null };
  switch (sort) {
    case "cvr_on_one_side":
      return random() < 0.5 ? [sort, without, of] : [sort, of, without];
    case "moved":
      return [sort, of, { ...of, ...inventor.place() }];
    case "renamed_with_cvr":
      return [sort, of, { ...of, firmanavn: inventor.name() }];
    case "without_cvr":
      return [sort, without, without];
    default:
      return [sort, of, of];
  }
}

const stemOf = (firmanavn: string): string => firmanavn.replace(/ (?:ApS|A\/S|I\/S)$/, "");

/** In the same house, with a CVR number of its own; telephone and domain often shared. */
function beside(of: Company, firmanavn: string, inventor: Inventor, random: Random): Company {
  return {
    ...of,
    firmanavn,
    cvrNr: inventor.cvrNr(),
    telefon: random() < 0.6 ? of.telefon : inventor.telefon(),
    emailDomaener: random() < 0.5 ? of.emailDomaener : [inventor.domain(firmanavn)],
  };
}

function sister(of: Company, inventor: Inventor, random: Random): Company {
  const stem = stemOf(of.firmanavn);
  const words = stem.split(" ");
  const names = [
    `${words.slice(0, -1).join(" ") || stem} ${pick(random, TRADES)} ApS`,
    `${stem} ${pick(random, ["Ejendomme", "Invest", "Udlejning", "Nord"])} ApS`,
    `${stem} ${pick(random, ["2", "II", "1", "2020"])} ApS`,
    `${stem} ${of.firmanavn.endsWith("A/S") ? "ApS" : "A/S"}`,
  ];
  return beside(of, pick(random, names), inventor, random);
}

const holding = (of: Company, inventor: Inventor, random: Random): Company =>
  beside(of, `${stemOf(of.firmanavn)} Holding ApS`, inventor, random);

function chain(of: Company, inventor: Inventor, random: Random): Company {
  let place = inventor.place();
  while (place.postnr === of.postnr) place = inventor.place();
  const emailDomaener = random() < 0.7 ? of.emailDomaener : [inventor.domain(of.firmanavn)];
  const cvrNr = random() < 0.5 ? inventor.cvrNr() : null;
  return { ...of, ...place, cvrNr, emailDomaener, telefon: random() < 0.1 ? of.telefon : inventor.telefon() };
}

function shuffled<T>(of: readonly T[], random: Random): T[] {
  const items = [...of];
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [items[at], items[other]] = [items[other] as T, items[at] as T]; // both are in it
  }
  return items;
}

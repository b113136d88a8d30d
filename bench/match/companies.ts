import type { seeded } from "../../rig/random.ts";
import { FANTASY, GIVEN, STREETS, SURNAMES, TOWNS, TRADES } from "./words.ts";

/** A side of a pair, by the names of the catalogue's fields. */
export interface Company {
  readonly firmanavn: string;
  readonly adresse1: string;
  readonly adresse2: string | null;
  readonly postnr: string;
  readonly bynavn: string;
  readonly landekode: "DK";
  readonly cvrNr: string | null;
  readonly telefon: string | null;
  readonly emailDomaener: readonly string[] | null;
  readonly kundetype: "BTB" | "BTC";
}

export type Random = ReturnType<typeof seeded>;

export const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)] as T; // never empty

/** Invents companies, one after the other, each with a CVR number, telephone and domain of its own. */
export class Inventor {
  readonly #random: Random;
  readonly #towns = TOWNS.flatMap(([postnr, bynavn, weight]) =>
    Array.from({ length: weight }, () => ({ postnr, bynavn })),
  );
  readonly #domains = new Set<string>();
  #numbers = 1_000_000;
  #phones = 20_000_000;

  constructor(random: Random) {
    this.#random = random;
  }

  company(): Company {
    const random = this.#random;
    const firmanavn = this.name();
    return {
      firmanavn,
      ...this.place(),
      cvrNr: this.cvrNr(),
      telefon: random() < 0.92 ? this.telefon() : null,
      emailDomaener: random() < 0.75 ? [this.domain(firmanavn)] : null,
      kundetype: "BTB",
    };
  }

  name(): string {
    const random = this.#random;
    const [one, other] = [pick(random, SURNAMES), pick(random, SURNAMES)];
    const [trade, fantasy] = [pick(random, TRADES), pick(random, FANTASY)];
    const form = pick(random, ["ApS", "ApS", "ApS", "A/S", "A/S", "I/S"]);
    const kind = random();
    if (kind < 0.25) return `${fantasy} ${trade} ${form}`;
    if (kind < 0.4) return `${pick(random, GIVEN)} ${one} ${trade} ${form}`;
    if (kind < 0.5) return `${one} & ${other} ${trade} ${form}`;
    if (kind < 0.58) return `${one} & Sønner ${trade} ${form}`;
    if (kind < 0.66) return `Brødrene ${one} ${trade} ${form}`;
    if (kind < 0.76) return `${pick(random, this.#towns).bynavn.replace(/ \S{1,2}$/, "")} ${fantasy} ${trade} ${form}`;
    if (kind < 0.86) return `${trade}firma v/${pick(random, GIVEN)} ${one}`;
    return `${fantasy} ${form}`;
  }

  /** A father or a son: a private customer. */
  person(surname: string, given: readonly string[]): Company {
    return { ...this.company(), firmanavn: `${given.join(" ")} ${surname}`, ...PRIVATE, emailDomaener: null };
  }

  place(): Pick<Company, "adresse1" | "adresse2" | "postnr" | "bynavn" | "landekode"> {
    const random = this.#random;
    const house = 1 + Math.floor(random() * 180);
    const adresse1 = `${pick(random, STREETS)} ${house}${random() < 0.15 ? pick(random, ["A", "B", "C"]) : ""}`;
    const adresse2 = random() < 0.3 ? `${1 + Math.floor(random() * 5)}. sal ${pick(random, ["tv", "th", "mf"])}` : null;
    return { adresse1, adresse2, ...pick(random, this.#towns), landekode: "DK" };
  }

  /** Eight digits that pass the check of modulus 11, each once. */
  cvrNr(): string {
    for (;;) {
      const digits = String(this.#numbers++);
      const sum = [2, 7, 6, 5, 4, 3, 2].reduce((so, weight, at) => so + weight * Number(digits[at]), 0);
      const check = (11 - (sum % 11)) % 11;
      if (check < 10) return `${digits}${check}`;
    }
  }

  telefon(): string {
    this.#phones += 1 + Math.floor(this.#random() * 300);
    return String(this.#phones).replace(/(..)(..)(..)(..)/, "$1 $2 $3 $4");
  }

  domain(firmanavn: string): string {
    const folded = firmanavn.toLowerCase().replace(/ø/g, "oe").replace(/æ/g, "ae").replace(/å/g, "aa");
    const stem = folded.replace(/ (aps|a\/s|i\/s)$/, "").replace(/[^a-z0-9]+/g, "-");
    let domain = `${stem}.dk`;
    for (let n = 2; this.#domains.has(domain); n++) domain = `${stem}-${n}.dk`;
    this.#domains.add(domain);
    return domain;
  }
}

const PRIVATE = { cvrNr: null, kundetype: "BTC" } as const;

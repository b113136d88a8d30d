import { givenNames, leads, streets, surnames, titles, towns, trades } from "./company-words.ts";
import { type Random, randomFrom } from "./random.ts";

/** An invented company, as it would describe itself. Its CVR number is arithmetically right and means nobody. */
export interface Company {
  readonly index: number;
  readonly name: string;
  readonly cvr: string;
  readonly pNumber: string;
  /** Street and house number. */
  readonly street: string;
  /** Floor or c/o; often empty. */
  readonly extra: string;
  readonly postnr: string;
  readonly town: string;
  /** Eight digits, as all phone numbers here. */
  readonly phone: string;
  /** Reserved for examples, so that no mail ever arrives anywhere. */
  readonly domain: string;
  readonly branche: string;
  readonly group: string;
  readonly kundetype: "BTB" | "BTG";
  /** 13 digits, or empty: only the public sector has one. */
  readonly locationNumber: string;
  readonly employees: number;
  readonly people: readonly Person[];
  /** In which of the systems it is known. */
  readonly roles: Roles;
}

export interface Person {
  readonly name: string;
  readonly title: string;
  readonly mobile: string;
  readonly email: string;
}

export interface Roles {
  readonly debitor: boolean;
  readonly kreditor: boolean;
  readonly kundeemne: boolean;
}

export interface CompanyOptions {
  readonly seed: number;
  readonly count: number;
  /** Share of the Kundeemner that the ledger knows as well; 0.55 when left out. */
  readonly overlap?: number;
}

/** The same seed gives the same companies, and a greater count the same ones and more: company n depends only on those before it. */
export function generateCompanies(options: CompanyOptions): Company[] {
  const companies: Company[] = [];
  const stream = companyStream(options);
  while (companies.length < options.count) companies.push(stream());
  return companies;
}

/** One company after the other, no name and no CVR number twice. */
export function companyStream({ seed, overlap = 0.55 }: Omit<CompanyOptions, "count">): () => Company {
  const taken = new Set<string>();
  let index = 0;
  return () => {
    const random = randomFrom(seed, "company", index);
    const company = invent(random, index, taken, overlap);
    index += 1;
    return company;
  };
}

function invent(random: Random, index: number, taken: Set<string>, overlap: number): Company {
  const [trade, branche, group] = random.pick(trades);
  const [postnr, town] = random.pick(towns);
  const isPublic = random.chance(0.04);
  const name = unused(taken, (attempt) =>
    isPublic ? publicName(random, town, attempt) : companyName(random, trade, town, attempt),
  );
  const cvr = unused(taken, () => cvrNumber(random));
  const domain = `${asciiOf(name.replace(/ (?:A\/S|ApS|I\/S|K\/S|P\/S|IVS|A\.M\.B\.A\.)$/, ""))}.example`;
  const people = Array.from({ length: random.pick([0, 1, 1, 1, 2, 2, 3]) }, () => person(random, domain));
  return {
    ...{ index, name, cvr, postnr, town, domain, branche, group, people },
    pNumber: String(random.between(1_900_000_000, 1_999_999_999)),
    street: `${random.pick(streets)} ${random.between(1, 240)}${random.chance(0.12) ? random.pick(["A", "B", "C", "D"]) : ""}`,
    extra: random.chance(0.1) ? random.pick(["st. tv.", "1. sal", "2. th.", "Bygning 4", "Port 3", "1. mf."]) : "",
    phone: phoneNumber(random, landline),
    kundetype: isPublic ? "BTG" : "BTB",
    locationNumber: isPublic ? locationNumber(random) : "",
    employees: Math.round(2 ** (random.next() * 8)),
    roles: rolesOf(random, overlap),
  };
}

/** Half of all are Kundeemner; of the others most stand in the ledger, mostly as customers. */
function rolesOf(random: Random, overlap: number): Roles {
  const kundeemne = random.chance(0.5);
  const isInLedger = random.chance(kundeemne ? overlap : 0.8);
  const kind = random.next();
  return { kundeemne, debitor: isInLedger && kind < 0.84, kreditor: isInLedger && kind >= 0.76 };
}

function unused(taken: Set<string>, make: (attempt: number) => string): string {
  for (let attempt = 0; ; attempt += 1) {
    const value = make(attempt);
    if (taken.has(value.toLowerCase())) continue;
    taken.add(value.toLowerCase());
    return value;
  }
}

/** The more often a name was taken, the longer the next try. */
function companyName(random: Random, trade: string, town: string, attempt: number): string {
  const form = random.pick(["ApS", "ApS", "ApS", "A/S", "A/S", "I/S", "K/S", "P/S", "A.M.B.A."]);
  const place = attempt > 4 ? ` ${town}` : "";
  const surname = random.pick(surnames);
  const lead = random.pick(leads);
  const name = random.pick([
    `${lead} ${trade}`,
    `${lead} ${trade}`,
    `${surname}s ${trade}`,
    `${surname} & ${random.pick(surnames)} ${trade}`,
    `${random.pick(["Brdr.", "Gebr."])} ${surname} ${trade}`,
    `${surname} & Sønner ${trade}`,
    `${lead}${random.pick(["gård", "borg", "holm", "lund", "vang"])} ${trade}`,
  ]);
  return `${name}${place} ${form}`;
}

function publicName(random: Random, town: string, attempt: number): string {
  const place = random.pick(attempt > 2 ? leads : [town]);
  return `${place} ${random.pick(["Kommune", "Bibliotek", "Gymnasium", "Havn", "Vandværk", "Museum", "Friskole", "Plejehjem"])}`;
}

function person(random: Random, domain: string): Person {
  const [given, surname] = [random.pick(givenNames), random.pick(surnames)];
  const mailbox = random.pick([`${given}.${surname}`, given, `${given.slice(0, 1)}${surname}`]);
  return {
    name: `${given} ${surname}`,
    title: random.pick(titles),
    mobile: phoneNumber(random, mobile),
    email: `${asciiOf(mailbox, ".")}@${domain}`,
  };
}

const landline = ["33", "35", "38", "43", "44", "45", "46", "47", "48", "49", "55", "56", "57", "58", "59", "62", "63"];
const mobile = ["20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "40", "41", "42", "51", "52", "60"];

const phoneNumber = (random: Random, prefixes: readonly string[]): string =>
  `${random.pick(prefixes)}${String(random.between(0, 999_999)).padStart(6, "0")}`;

/** Eight digits whose sum with the weights 2 7 6 5 4 3 2 1 is a multiple of eleven; from above the range that, as far as we know, is given out. */
function cvrNumber(random: Random): string {
  for (;;) {
    const seven = String(random.between(9_000_000, 9_899_999));
    const sum = [2, 7, 6, 5, 4, 3, 2].reduce((total, weight, at) => total + weight * Number(seven[at]), 0);
    if (sum % 11 !== 1) return `${seven}${(11 - (sum % 11)) % 11}`;
  }
}

function locationNumber(random: Random): string {
  const twelve = `57999${String(random.between(0, 9_999_999)).padStart(7, "0")}`;
  const sum = [...twelve].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0);
  return `${twelve}${(10 - (sum % 10)) % 10}`;
}

/** Letters and digits that a mail address may hold; æ, ø and å written out. */
function asciiOf(text: string, keep = ""): string {
  const spelled = text.toLowerCase().replace(/æ/g, "ae").replace(/ø/g, "oe").replace(/å/g, "aa").replace(/é/g, "e");
  return [...spelled].filter((sign) => /[a-z0-9]/.test(sign) || keep.includes(sign)).join("");
}

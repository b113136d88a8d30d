import { seeded } from "./random.ts";

/** A debitor as an ERP of connector `api` pushes it: 25 fields, none of them of a contact. */
export type Debitor = Readonly<Record<string, string | number | null | readonly string[]>>;

const STREETS = ["Havnegade", "Søndergade", "Industrivej", "Bækvej", "Kirkestræde", "Ågade", "Møllevej", "Østergade"];
const TOWNS = [
  ["5000", "Odense C"],
  ["8000", "Aarhus C"],
  ["9000", "Aalborg"],
  ["6700", "Esbjerg"],
  ["7100", "Vejle"],
  ["4000", "Roskilde"],
] as const;
const TRADES = ["Smede", "Tømrer", "Handel", "Maskinfabrik", "Bageri", "Transport", "Revision", "El"];
const NAMES = ["Anne Holm", "Bo Lund", "Camilla Friis", "Dan Krogh", "Ea Vestergård", "Finn Bay"];

/** The n-th debitor of a seed; n from 0. The same numbers give the same company, and no two companies share a key. */
export function debitor(seed: number, n: number): Debitor {
  const random = seeded(seed * 1_000_003 + n);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T; // the lists are not empty
  const [postnr, bynavn] = one(TOWNS);
  const firmanavn = `${one(NAMES).split(" ")[1]} ${one(TRADES)} ${seed}-${n} ApS`;
  return {
    firmanavn,
    soegenavn: firmanavn.toUpperCase(),
    adresse1: `${one(STREETS)} ${1 + Math.floor(random() * 400)}`,
    adresse2: random() < 0.3 ? `${1 + Math.floor(random() * 5)}. sal` : null,
    postnr,
    bynavn,
    landekode: "DK",
    cvrNr: cvrNumber(seed * 1_000_000 + n),
    seNr: null,
    euVatNr: null,
    telefon: String(20_000_000 + Math.floor(random() * 70_000_000)),
    attention: one(NAMES),
    bogholderiEmail: `faktura@firma-${seed}-${n}.dk`,
    hjemmeside: `https://www.firma-${seed}-${n}.dk`,
    ansvarligSaelger: one(NAMES),
    standardMoms: one(["U25", "U0", "EU"]),
    valuta: one(["DKK", "EUR"]),
    leveringsbetingelser: one(["AB", "FRIT", "EXW"]),
    afdelinger: [one(["100", "200", "300"])],
    betalingsbetingelser: one(["NETTO14", "NETTO30", "LBM30"]),
    bogfoeringsgruppeDeb: one(["INDLAND", "UDLAND"]),
    "saldoDeb.beloeb": (random() * 100_000).toFixed(2),
    "saldoDeb.valuta": "DKK",
    eanLokationsnr: glnNumber(seed * 1_000_000 + n),
    kreditMax: (Math.floor(random() * 100) * 1000).toFixed(2),
  };
}

/** Three of the 25 fields have another value, one of them of the address group. */
export const changed = (of: Debitor, round: number): Debitor => ({
  ...of,
  adresse1: `${of.adresse1} B${round}`,
  telefon: String(30_000_000 + (Number(of.telefon) % 40_000_000) + round),
  kreditMax: (Number(of.kreditMax) + 500 * round).toFixed(2),
});

/** The n-th number of eight digits that passes the check of CVR numbers (weights 2 7 6 5 4 3 2 1, modulus 11). */
function cvrNumber(n: number): string {
  const weights = [2, 7, 6, 5, 4, 3, 2];
  for (let base = 1_000_000 + (n % 4_000_000) * 2; ; base += 1) {
    const digits = String(base);
    const sum = weights.reduce((so, weight, at) => so + weight * Number(digits[at]), 0);
    const check = (11 - (sum % 11)) % 11;
    if (check < 10) return `${digits}${check}`;
  }
}

/** A GLN of the Danish range with its check digit. */
function glnNumber(n: number): string {
  const body = `579${String(n % 1_000_000_000).padStart(9, "0")}`;
  const sum = [...body].reduce((so, digit, at) => so + Number(digit) * (at % 2 === 0 ? 1 : 3), 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}

/** Lines of NDJSON, a few hundred a chunk, so that the body is made while it is sent and never stands whole in memory. */
export function* bodyOf(
  count: number,
  dataOf: (n: number) => Readonly<Record<string, unknown>>,
  envelope: { readonly counter?: number; readonly prefix?: string } = {},
): Generator<Buffer> {
  const { counter, prefix = "D" } = envelope;
  for (let at = 0; at < count; at += 250) {
    let text = "";
    for (let n = at; n < Math.min(count, at + 250); n += 1) {
      const told = { externalId: `${prefix}${n}`, data: dataOf(n), ...(counter === undefined ? {} : { counter }) };
      text += `${JSON.stringify(told)}\n`;
    }
    yield Buffer.from(text);
  }
}

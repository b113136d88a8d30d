import { type Company, companyStream } from "./data.ts";
import { type Random, randomFrom } from "./random.ts";
import { type Spelling, spellingOf } from "./spelling.ts";
import type { Row } from "./tables.ts";

export interface RowOptions {
  readonly seed: number;
  /** 0 to 1: how often a value is spelled in another way than the company spells it. */
  readonly noise?: number;
  /** 0 to 1: how often a field that may be empty is. */
  readonly missing?: number;
}

export interface RowsOptions extends RowOptions {
  readonly debitorer: number;
  readonly kreditorer: number;
  readonly kundeemner: number;
  /** Share of the Kundeemner that the ledger knows as well. */
  readonly overlap?: number;
  /** All series start at the same number, so that one number means several companies; true when left out. */
  readonly collide?: boolean;
}

/** Which rows are one and the same company: what a matching should find. */
export interface Sameness {
  readonly company: number;
  readonly Debitorer?: string;
  readonly Kreditorer?: string;
  readonly KundeEmner?: string;
}

export interface GeneratedRows {
  readonly rows: Readonly<Record<"Debitorer" | "Kreditorer" | "KundeEmner" | "Kontaktpersoner", readonly Row[]>>;
  readonly same: readonly Sameness[];
}

/**
 * The rows of all tables. A table's rows depend on the seed and its own count only, so a ledger and a CRM in two
 * processes with the same seed share companies.
 */
export function generateRows(options: RowsOptions): GeneratedRows {
  const { seed, debitorer, kreditorer, kundeemner, overlap, collide = true } = options;
  const rows = {
    Debitorer: [] as Row[],
    Kreditorer: [] as Row[],
    KundeEmner: [] as Row[],
    Kontaktpersoner: [] as Row[],
  };
  const same: Sameness[] = [];
  const next = companyStream({ seed, ...(overlap === undefined ? {} : { overlap }) });
  const number = (series: number, taken: number) =>
    String((collide ? 6_010_001 : 6_010_001 + series * 1_000_000) + taken).padStart(8, "0");
  while (
    rows.Debitorer.length < debitorer ||
    rows.Kreditorer.length < kreditorer ||
    rows.KundeEmner.length < kundeemner
  ) {
    const company = next();
    const known: Record<string, string> = {};
    if (company.roles.debitor && rows.Debitorer.length < debitorer) {
      known.Debitorer = number(0, rows.Debitorer.length);
      rows.Debitorer.push({ Kontonr: known.Debitorer, ...debitorRow(company, options) });
    }
    if (company.roles.kreditor && rows.Kreditorer.length < kreditorer) {
      known.Kreditorer = number(1, rows.Kreditorer.length);
      rows.Kreditorer.push({ Kontonr: known.Kreditorer, ...kreditorRow(company, options) });
    }
    if (company.roles.kundeemne && rows.KundeEmner.length < kundeemner) {
      known.KundeEmner = number(2, rows.KundeEmner.length);
      rows.KundeEmner.push({ Kontonr: known.KundeEmner, ...kundeEmneRow(company, options) });
      for (const person of kontaktRows(company, known.KundeEmner)) {
        rows.Kontaktpersoner.push({ Id: String(1001 + rows.Kontaktpersoner.length), ...person });
      }
    }
    if (Object.keys(known).length > 0) same.push({ company: company.index, ...known });
  }
  return { rows, same };
}

/** The company as the ledger's customer; no key, the table's series gives it. */
export function debitorRow(company: Company, options: RowOptions): Row {
  const typing = typist("debitor", company, options);
  const { random } = typing;
  const balance = random.chance(0.4) ? amount(random, 250_000) : "0.00";
  return {
    ...masterData(company, typing),
    ...{ Saldo: balance, SaldoVal: balance, Valuta: random.chance(0.7) ? "DKK" : "", Moms: "INDL" },
    Gruppe: company.kundetype === "BTG" ? "OFFENTLIG" : "INDLAND",
    BetBet: random.pick(["NETTO8", "NETTO14", "NETTO30", "LBMD30"]),
    LevBet: random.pick(["DAP", "EXW", "AFHENT"]),
    Afdeling: random.pick(["10", "20", "30"]),
    EAN: company.locationNumber,
    KreditMax: random.pick(["0.00", "25000.00", "100000.00", "500000.00"]),
    Spærret: random.chance(0.02) ? "1" : "0",
  };
}

/** The company as the ledger's supplier, with code lists of its own. */
export function kreditorRow(company: Company, options: RowOptions): Row {
  const typing = typist("kreditor", company, options);
  const { random } = typing;
  const balance = random.chance(0.4) ? `-${amount(random, 120_000)}` : "0.00";
  return {
    ...masterData(company, typing),
    ...{ Saldo: balance, SaldoVal: balance, Valuta: random.chance(0.7) ? "DKK" : "", Moms: "KINDL" },
    Gruppe: random.pick(["VAREKØB", "TJENESTER"]),
    BetBet: random.pick(["K14", "K30", "KLBMD"]),
    LevBet: random.pick(["FRIT", "AB"]),
    Afdeling: random.pick(["10", "20", "30"]),
    VoresKontonr: typing.keep(String(random.between(10_000, 99_999))),
    Spærret: "0",
  };
}

/** The company as the CRM knows it. Lists are joined by commas. */
export function kundeEmneRow(company: Company, options: RowOptions): Row {
  const typing = typist("kundeemne", company, options);
  const { random } = typing;
  const { debitor, kreditor } = company.roles;
  const kinds = [debitor ? "nuvaerendeKunde" : "lead", ...(kreditor ? ["leverandoer"] : [])];
  const isApproved = random.chance(0.3);
  return {
    ...masterData(company, typing),
    Mobil: company.people[0]?.mobile ?? "",
    EAN: company.locationNumber,
    Saelger: random.pick(["MHO", "LSK", "ABJ", "KØR"]),
    EmneType: kinds.join(","),
    Leadkilde: random.pick(["messe", "hjemmeside", "telefon", "kampagne", "reference"]),
    Status: random.pick(["Ny", "Kontaktet", "Tilbud", "Kunde", "Sovende"]),
    ...{ Branche: company.branche, BrancheKlass: "DB07", Kundetype: company.kundetype },
    Maalgruppe: company.group,
    AntalMedarb: String(company.employees),
    Bemaerk1: random.chance(0.1) ? "Ringer helst om formiddagen" : "",
    TilladKampagne: isApproved && random.chance(0.7) ? "1" : "0",
    GdprOK: isApproved ? "1" : "0",
    GdprDato: isApproved ? `2026-0${random.between(1, 9)}-${random.between(10, 28)}` : "",
    KrakId: random.chance(0.2) ? String(random.between(100_000, 999_999)) : "",
    MaaOpdateresAuto: random.chance(0.95) ? "1" : "0",
    P_Numre: random.chance(0.5) ? company.pNumber : "",
    EmailDomaene: company.domain,
  };
}

/** The company's people as contacts of its Kundeemne; the first is the primary one, whom the Kundeemne's own fields repeat. */
export const kontaktRows = (company: Company, emneNr: string): Row[] =>
  company.people.map((person, at) => ({
    ...{ EmneNr: emneNr, Navn: person.name, Titel: person.title, Mobil: person.mobile, Email: person.email },
    Primaer: at === 0 ? "1" : "0",
  }));

interface Typing {
  readonly random: Random;
  readonly spell: Spelling;
  /** The value, or nothing, as often as `missing` says. */
  keep(value: string): string;
}

/** Who typed the row: the same company is typed otherwise in each system, always the same way with the same seed. */
function typist(system: string, company: Company, { seed, noise = 0.15, missing = 0.04 }: RowOptions): Typing {
  const random = randomFrom(seed, system, company.index);
  return {
    random,
    spell: spellingOf(random, noise),
    keep: (value) => (random.chance(missing) ? "" : value),
  };
}

function masterData(company: Company, { spell, keep }: Typing): Row {
  const [first] = company.people;
  return {
    Søgenavn: company.name.toLocaleUpperCase("da").slice(0, 20).trim(),
    SE_Nr: keep(spell.registration(company.cvr)),
    Navn: spell.name(company.name),
    Adr1: spell.street(company.street),
    Adr2: company.extra,
    PostNr: company.postnr,
    ByNavn: spell.town(company.town),
    Land: "DK",
    Att: "",
    Kontakt: first?.name ?? "",
    Telefon: keep(spell.phone(company.phone)),
    Mobil: first === undefined ? "" : spell.phone(first.mobile),
    Email: first === undefined ? "" : first.email,
    EmailBoghFak: keep(`faktura@${company.domain}`),
    Hjemmeside: keep(`https://www.${company.domain}`),
  };
}

const amount = (random: Random, most: number): string => (random.between(100, most * 100) / 100).toFixed(2);

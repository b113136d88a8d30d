import { type Company, companyStream } from "../simulators/keybalance/data.ts";
import { generateRows, type Sameness } from "../simulators/keybalance/rows.ts";
import { normalForm, spellingForm } from "./normal-form.ts";
import type { Row } from "./simulator.ts";
import { sharedUnits } from "./units.ts";

export const COUNTS = { debitorer: 2000, kreditorer: 500, kundeemner: 1500 } as const;
/** How often a field that may be empty is. */
export const MISSING = 0.04;

/** One company and its rows in the ledger and in the CRM, as they stand before anything is connected. */
export interface Known {
  readonly name: string;
  readonly debitor: Row | undefined;
  readonly kreditor: Row | undefined;
  readonly emne: Row | undefined;
  readonly contacts: readonly Row[];
}

/** What is typed into the systems before the start, by function and key. */
export interface Correction {
  readonly system: "ledger" | "crm";
  readonly name: string;
  readonly id: string;
  readonly fields: Row;
}

export interface Seeded {
  readonly companies: readonly Known[];
  readonly corrections: readonly Correction[];
}

/** The companies of a seed. The simulators invent the same ones, each in its own process. */
export function seededCompanies(seed: number): Seeded {
  const { rows, same } = generateRows({ seed, ...COUNTS, missing: MISSING });
  const tables = {
    debitor: byKey(rows.Debitorer, "Kontonr"),
    kreditor: byKey(rows.Kreditorer, "Kontonr"),
    emne: byKey(rows.KundeEmner, "Kontonr"),
  };
  const contactsOf = Map.groupBy(rows.Kontaktpersoner as readonly Row[], (row) => row.EmneNr ?? "");
  const invented = inventedCompanies(seed, same);
  const corrections: Correction[] = [];
  const krakIds = new Set<string>();
  const companies = same.map((each): Known => {
    const company = invented.get(each.company);
    if (company === undefined) throw new Error(`The seed has no company ${each.company}`);
    const numbered = (system: Correction["system"], name: string, row: Row | undefined): Row | undefined => {
      if (row === undefined || row.SE_Nr !== "") return row;
      const fields = { SE_Nr: company.cvr };
      corrections.push({ system, name, id: row.Kontonr ?? "", fields });
      return { ...row, ...fields };
    };
    return {
      name: company.name,
      debitor: numbered("ledger", "Debitorer", tables.debitor.get(each.Debitorer ?? "")),
      kreditor: numbered("ledger", "Kreditorer", tables.kreditor.get(each.Kreditorer ?? "")),
      emne: withOwnKrakId(numbered("crm", "KundeEmner", tables.emne.get(each.KundeEmner ?? "")), krakIds, corrections),
      contacts: withOwnEmail(contactsOf.get(each.KundeEmner ?? "") ?? [], corrections),
    };
  });
  return { companies, corrections };
}

/** A field of a company that a person will have to decide, and the rule that says so. */
export interface ExpectedHold {
  readonly name: string;
  readonly unit: string;
  readonly why: string;
  /** A row that stands for the company. */
  readonly object: "debitor" | "kreditor" | "kundeemne";
  readonly externalId: string;
}

/** Fields for which no rule picks a winner between two rows of the same ledger: nobody can say which was typed later. */
const UNDECIDED = ["firmanavn", "adresse"];

/**
 * The holds of the first meeting, worked out from the seed before anything runs: a company that is customer and supplier
 * of the ledger under two names or addresses, and one that may not be updated automatically and differs between the
 * ledger and the CRM. Where others differ, the configuration says who wins.
 */
export function expectedHolds(companies: readonly Known[]): ExpectedHold[] {
  return companies.flatMap(({ name, debitor, kreditor, emne }) => {
    const holds: ExpectedHold[] = [];
    if (debitor !== undefined && kreditor !== undefined) {
      const at = { object: "debitor", externalId: debitor.Kontonr ?? "" } as const;
      const why = "first meeting: the ledger's customer and its supplier differ";
      for (const unit of UNDECIDED) if (differ(unit, debitor, kreditor)) holds.push({ name, unit, why, ...at });
    }
    if (emne?.MaaOpdateresAuto === "0") {
      const at = { object: "kundeemne", externalId: emne.Kontonr ?? "" } as const;
      const why = "first meeting: the ledger and the CRM differ, and maaOpdateresAutomatisk = false";
      for (const unit of flaggedDifferences(emne, { Debitorer: debitor, Kreditorer: kreditor }))
        if (!holds.some((each) => each.unit === unit)) holds.push({ name, unit, why, ...at });
    }
    return holds;
  });
}

/** Units of a company that its rows in the ledger and in the CRM both have, and have otherwise. */
function flaggedDifferences(emne: Row, ledger: Readonly<Record<string, Row | undefined>>): string[] {
  return Object.entries(ledger).flatMap(([name, row]) =>
    (sharedUnits[name] ?? []).flatMap(({ unit, form, ledger: theirs, crm, contact }) => {
      if (row === undefined || contact === true) return [];
      const isOther = theirs.some((field, at) => {
        const [left, right] = [row[field] ?? "", emne[crm[at] ?? ""] ?? ""];
        if (left === "" || right === "") return false;
        return normalForm(form, left) !== normalForm(form, right) && spellingForm(left) !== spellingForm(right);
      });
      return isOther ? [unit] : [];
    }),
  );
}

function differ(unit: string, a: Row, b: Row): boolean {
  const shared = sharedUnits.Kreditorer?.find((each) => each.unit === unit);
  if (shared === undefined) throw new Error(`No unit ${unit}`);
  const pairs = shared.ledger.map((field) => [a[field] ?? "", b[field] ?? ""] as const);
  return pairs.some(
    ([left, right]) =>
      normalForm(shared.form, left) !== normalForm(shared.form, right) && spellingForm(left) !== spellingForm(right),
  );
}

/** Companies that the story can play with: of one kind, whole, and alike in both systems. */
export function playersOf(companies: readonly Known[], kind: { readonly flag: "0" | "1"; readonly kreditor: boolean }) {
  return companies.filter(
    ({ debitor, kreditor, emne, contacts }) =>
      debitor !== undefined &&
      emne !== undefined &&
      (kreditor !== undefined) === kind.kreditor &&
      emne.MaaOpdateresAuto === kind.flag &&
      contacts.length > 0 &&
      ["Navn", "Adr1", "ByNavn", "Telefon", "Hjemmeside", "Søgenavn"].every((field) =>
        [debitor, kreditor ?? debitor].every((row) => row[field] !== "" && row[field] === emne[field]),
      ),
  );
}

function inventedCompanies(seed: number, same: readonly Sameness[]): Map<number, Company> {
  const next = companyStream({ seed });
  const last = same.at(-1)?.company ?? -1;
  const companies = new Map<number, Company>();
  while (companies.size <= last) {
    const company = next();
    companies.set(company.index, company);
  }
  return companies;
}

/** Two people of one company with one address would be a riddle of its own: the second gets another. */
function withOwnEmail(contacts: readonly Row[], corrections: Correction[]): readonly Row[] {
  const taken = new Set<string>();
  return contacts.map((row) => {
    const email = (row.Email ?? "").toLowerCase();
    if (!taken.has(email)) {
      taken.add(email);
      return row;
    }
    const fields = { Email: `${row.Id}.${email}` };
    corrections.push({ system: "crm", name: "Kontaktpersoner", id: row.Id ?? "", fields });
    return { ...row, ...fields };
  });
}

/** Ids of a directory are drawn by lot, so two companies may get the same one: a riddle for a person, rightly. */
function withOwnKrakId(row: Row | undefined, taken: Set<string>, corrections: Correction[]): Row | undefined {
  const id = row?.KrakId ?? "";
  if (row === undefined || !taken.has(id)) {
    if (id !== "") taken.add(id);
    return row;
  }
  const fields = { KrakId: "" };
  corrections.push({ system: "crm", name: "KundeEmner", id: row.Kontonr ?? "", fields });
  return { ...row, ...fields };
}

const byKey = (rows: readonly Row[], key: string): Map<string, Row> =>
  new Map(rows.map((row) => [row[key] ?? "", row]));

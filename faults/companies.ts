import { debitor } from "../rig/debitorer.ts";

/** A company as the two systems know it, under the ledger's names: the script's own truth. */
export type Fields = Record<string, string>;

/** The names of the ledger, and the CRM's for the same. What only one of them edits never clashes. */
export const NAMES = {
  Navn: "firmanavn",
  Søgenavn: "soegenavn",
  Adr1: "adresse1",
  PostNr: "postnr",
  ByNavn: "bynavn",
  Land: "landekode",
  SE_Nr: "cvrNr",
  Telefon: "telefon",
  Att: "attention",
  EmailBoghFak: "bogholderiEmail",
  Hjemmeside: "hjemmeside",
  Saelger: "ansvarligSaelger",
} as const satisfies Readonly<Record<string, string>>;

const LEDGER_NAMES = Object.keys(NAMES) as (keyof typeof NAMES)[]; // the keys of the object above

/** The n-th company of a seed; its registration number is its name in all that follows. */
export function company(seed: number, n: number): Fields {
  const made = debitor(seed, n);
  return Object.fromEntries(LEDGER_NAMES.map((name) => [name, String(made[NAMES[name]] ?? "")]));
}

/** As the CRM of connector `api` pushes it. */
export const toCrm = (fields: Fields): Record<string, string> =>
  Object.fromEntries(LEDGER_NAMES.flatMap((name) => (fields[name] === undefined ? [] : [[NAMES[name], fields[name]]])));

/** An object of the CRM under the ledger's names; what is null or absent is empty. */
export const fromCrm = (data: Readonly<Record<string, unknown>>): Fields =>
  Object.fromEntries(
    LEDGER_NAMES.map((name) => [name, typeof data[NAMES[name]] === "string" ? String(data[NAMES[name]]) : ""]),
  );

/** An edit that nobody has made before: the ledger's people edit phones and streets. */
export const ledgerEdit = (fields: Fields, n: number): Fields =>
  n % 2 === 0
    ? { Telefon: String(20_000_000 + n) }
    : { Adr1: `${(fields.Adr1 ?? "").replace(/ nr\. .*$/, "")} nr. ${n}` };

/** The CRM's people edit persons and pages. */
export const crmEdit = (fields: Fields, n: number): Fields =>
  n % 2 === 0 ? { Att: `Person ${n}` } : { Hjemmeside: `https://www.firma-${fields.SE_Nr}.dk/${n}` };

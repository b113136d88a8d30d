import { keyDa } from "../danish/text.ts";
import { kontaktpersonCatalogue, kundeemneCatalogue, primaryView } from "../model/catalogue.ts";
import type { Field } from "../model/field.ts";

/** A column of a table and what it was taken for; null: nothing is read from it. */
export interface GuessedColumn {
  readonly column: string;
  readonly field: string | null;
}

/**
 * Which field each heading means: the catalogue's labels in Danish and English, its own names, and what people call them.
 * Two columns never mean one field: the first one that does keeps it, and the others are left to a person.
 */
export function guessColumns(headings: readonly string[]): GuessedColumn[] {
  const taken = new Set<string>();
  return headings.map((column) => {
    const field = known.get(headingKey(column)) ?? null;
    if (field === null || taken.has(field)) return { column, field: null };
    taken.add(field);
    return { column, field };
  });
}

/** How many of the headings mean something: the row of a table that has most of them is its heading. */
export const knownHeadings = (headings: readonly string[]): number =>
  new Set(headings.flatMap((heading) => known.get(headingKey(heading)) ?? [])).size;

const headingKey = (heading: string): string => keyDa(heading).replace(/[^a-z0-9]+/g, "");

/** What people write above such a column, in Danish and English, besides the catalogue's label. */
const calledSo: Readonly<Record<string, readonly string[]>> = {
  kontonummer: [
    "kontonr",
    "konto",
    "kundenr",
    "kundenummer",
    "debitornr",
    "emnenr",
    "customer no",
    "customer number",
    "account",
    "account no",
  ],
  firmanavn: [
    "navn",
    "firma",
    "virksomhed",
    "virksomhedsnavn",
    "kunde",
    "kundenavn",
    "selskab",
    "name",
    "company",
    "customer",
    "customer name",
    "organisation",
    "organization",
  ],
  soegenavn: ["kortnavn", "short name"],
  adresse1: [
    "adresse",
    "vej",
    "gade",
    "gadenavn",
    "vejnavn",
    "vej og nr",
    "postadresse",
    "address",
    "street",
    "address line 1",
    "adr",
    "adr1",
  ],
  adresse2: ["co", "address line 2", "adr2", "stednavn"],
  postnr: ["postnummer", "post nr", "zip", "zip code", "postcode", "zipcode"],
  bynavn: ["by", "bynavn", "postdistrikt", "city", "post by"],
  landekode: ["land", "country", "landenavn", "country name"],
  cvrNr: [
    "cvr",
    "cvr nummer",
    "cvrnr",
    "momsnr",
    "momsnummer",
    "cvr se nr",
    "vat",
    "vat no",
    "vat number",
    "org nr",
    "company registration number",
  ],
  seNr: ["se nummer"],
  telefon: ["tlf", "tlf nr", "telefonnr", "telefonnummer", "phone", "phone number", "tel"],
  hjemmeside: ["web", "website", "www", "url", "internet", "homepage", "webside"],
  bogholderiEmail: ["faktura email", "faktura mail", "bogholderi mail", "fakturamail", "invoice email"],
  attention: ["att", "attn", "attention"],
  eanLokationsnr: ["ean", "ean nr", "ean nummer", "gln", "gln nr"],
  ansvarligSaelger: [
    "saelger",
    "sælger",
    "saelgerkode",
    "konsulent",
    "ansvarlig",
    "sales rep",
    "salesperson",
    "account manager",
  ],
  kundetype: ["btb btc btg", "customer type"],
  status: ["kundestatus"],
  maalgrupper: ["målgruppe", "target group", "segment"],
  valuta: ["currency"],
  kreditMax: ["kreditmaks", "kreditmax", "kredit", "credit limit"],
  betalingsbetingelser: ["betaling", "betalingsbet", "payment terms"],
  leveringsbetingelser: ["levering", "delivery terms"],
  bemaerk1: ["bemærkning", "bemærkninger", "note", "noter", "kommentar", "remarks", "comment", "notes"],
  "gps.lat": ["lat", "latitude"],
  "gps.lng": ["lng", "lon", "long", "longitude"],
  gdprDato: ["samtykkedato", "godkendt dato", "consent date"],
  gdprOk: ["gdpr", "samtykke", "consent"],
  tilladKampagne: ["kampagne", "må kontaktes", "nyhedsbrev", "newsletter"],
  leadkildeDato: ["lead dato"],
  "branche.kode": ["branche", "branchekode", "nace", "nace kode", "industry code"],
  "antalMedarbejdere.fra": ["antal medarbejdere", "antal ansatte", "ansatte", "medarbejdere", "employees"],
  pNumre: ["p nr", "p nummer", "produktionsenhed"],
  "primaer.navn": ["kontakt", "kontaktperson", "kontaktnavn", "contact", "contact person", "contact name"],
  "primaer.email": ["email", "e mail", "mail", "mailadresse", "emailadresse", "kontakt email", "email address"],
  "primaer.mobil": ["mobil", "mobilnr", "mobiltelefon", "mobilnummer", "mobile", "cell", "mobile phone"],
  "primaer.fax": ["fax", "telefax", "faxnr"],
};

/** May a row of a table set this field? Not what the gateway works out or sees to itself. */
export const isFillable = (field: string): boolean => fieldNamed(field) !== undefined;

/** A field that a column may be for, by its name. */
export function fieldNamed(name: string): Field | undefined {
  const view = primaryView.get(name);
  if (view !== undefined) return kontaktpersonCatalogue.fields[view];
  const field = kundeemneCatalogue.fields[name];
  return field === undefined || field.computed || field.virtual ? undefined : field;
}

/** Every field that a column may be for. */
export const fillableFields: readonly string[] = [
  ...Object.keys(kundeemneCatalogue.fields).filter((name) => fieldNamed(name) !== undefined),
  ...primaryView.keys(),
];

const known: ReadonlyMap<string, string> = buildKnown();

function buildKnown(): Map<string, string> {
  const found = new Map<string, string>();
  const add = (heading: string, field: string): void => {
    const key = headingKey(heading);
    if (key !== "" && !found.has(key)) found.set(key, field);
  };
  for (const name of fillableFields) {
    const field = fieldNamed(name);
    if (field === undefined || primaryView.has(name)) continue;
    add(name, name);
    add(field.label.da, name);
    add(field.label.en, name);
  }
  for (const [field, headings] of Object.entries(calledSo)) {
    if (fieldNamed(field) === undefined) throw new Error(`No column can be for ${field}`);
    for (const heading of headings) add(heading, field);
  }
  return found;
}

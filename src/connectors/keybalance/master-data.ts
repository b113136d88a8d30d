import type { MappingLine } from "../../mappings/mapping.ts";

/** Name, address, numbers and channels are spelled alike in all functions of KeyBalance (domain notes, b1). */
export const masterData = [
  { field: "firmanavn", remote: "Navn", match: "name" },
  { field: "soegenavn", remote: "Søgenavn" },
  { field: "adresse1", remote: "Adr1", match: "address" },
  { field: "adresse2", remote: "Adr2" },
  { field: "postnr", remote: "PostNr" },
  { field: "bynavn", remote: "ByNavn" },
  { field: "landekode", remote: "Land" },
  // One field holds whichever number the account is registered by: 12345678, DK12345678 or a foreign VAT number.
  { fields: ["cvrNr", "seNr", "euVatNr"], remote: "SE_Nr", as: "registration", match: "cvr" },
  { field: "telefon", remote: "Telefon" },
  { field: "attention", remote: "Att" },
  { field: "bogholderiEmail", remote: "EmailBoghFak" },
  { field: "hjemmeside", remote: "Hjemmeside" },
  { field: "ansvarligSaelger", remote: "Saelger" },
] as const satisfies readonly MappingLine[];

/** The account's one contact: a view of the primary contact person (rule R29). */
export const primaryContact = [
  { field: "primaer.navn", remote: "Kontakt" },
  { field: "primaer.mobil", remote: "Mobil" },
  { field: "primaer.fax", remote: "Fax" },
  { field: "primaer.email", remote: "Email", match: "email" },
] as const satisfies readonly MappingLine[];

/** A blank currency is DKK. */
const asCurrency = { codec: "currency", blank: "DKK" } as const;

/** Prepared in the CRM, given along at creation, the ledger's from then on (domain notes, a5). */
export const financeOnCreate = [
  { field: "standardMoms", remote: "Moms", write: "on_create" },
  { field: "valuta", remote: "Valuta", as: asCurrency, write: "on_create" },
  { field: "leveringsbetingelser", remote: "LevBet", write: "on_create" },
  { field: "afdelinger", remote: "Afdeling", write: "on_create" },
] as const satisfies readonly MappingLine[];

export const delivery = [
  { field: "pakkeinfo", remote: "Pakkeinfo", direction: "out" },
  { field: "pallespecifikation", remote: "Pallespec", direction: "out" },
] as const satisfies readonly MappingLine[];

/** Shown by the ledger, never sent: in the account's currency (SaldoVal, Valuta), else in DKK (Saldo). */
export const balanceRemotes = ["SaldoVal", "Valuta", "Saldo"] as const;

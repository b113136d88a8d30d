import type { FormName } from "./normal-form.ts";

/** A value that the ledger and the CRM both keep, and where: fields that mean something only together stand together. */
export interface SharedUnit {
  readonly unit: string;
  readonly form: FormName;
  readonly ledger: readonly string[];
  /** Of `KundeEmner`, unless `contact` says that it is the primary contact's. */
  readonly crm: readonly string[];
  readonly contact?: true;
}

const same = (unit: string, form: FormName, ...fields: string[]): SharedUnit => ({
  ...{ unit, form },
  ledger: fields,
  crm: fields,
});

const both: readonly SharedUnit[] = [
  same("firmanavn", "text", "Navn"),
  same("soegenavn", "text", "Søgenavn"),
  same("adresse", "text", "Adr1", "Adr2", "PostNr", "ByNavn", "Land"),
  same("registration", "registration", "SE_Nr"),
  same("telefon", "phone", "Telefon"),
  same("attention", "text", "Att"),
  same("bogholderiEmail", "email", "EmailBoghFak"),
  same("hjemmeside", "url", "Hjemmeside"),
  same("ansvarligSaelger", "text", "Saelger"),
  { unit: "primaer.navn", form: "text", ledger: ["Kontakt"], crm: ["Navn"], contact: true },
  { unit: "primaer.mobil", form: "phone", ledger: ["Mobil"], crm: ["Mobil"], contact: true },
  { unit: "primaer.fax", form: "phone", ledger: ["Fax"], crm: ["Fax"], contact: true },
  { unit: "primaer.email", form: "email", ledger: ["Email"], crm: ["Email"], contact: true },
];

/** By function of the ledger. Payment terms of a supplier are its own, so only a customer's are compared. */
export const sharedUnits: Readonly<Record<string, readonly SharedUnit[]>> = {
  Debitorer: [
    ...both,
    same("valuta", "currency", "Valuta"),
    same("standardMoms", "text", "Moms"),
    { unit: "bogfoeringsgruppeDeb", form: "text", ledger: ["Gruppe"], crm: ["GruppeDeb"] },
    same("betalingsbetingelser", "text", "BetBet"),
    same("leveringsbetingelser", "text", "LevBet"),
    same("afdelinger", "list", "Afdeling"),
    same("eanLokationsnr", "registration", "EAN"),
  ],
  Kreditorer: [...both, { unit: "bogfoeringsgruppeKred", form: "text", ledger: ["Gruppe"], crm: ["GruppeKred"] }],
};

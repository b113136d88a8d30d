import { defineFields } from "../field.ts";
import { crm, erp, recent } from "./survivorship.ts";

/** What of the contacts lies on the emne, and finance (domain notes, a4 and a5). */
export const financeFields = defineFields({
  // a4 what of the contacts lies on the emne
  attention: {
    kind: "text",
    label: { da: "Attention", en: "Attention" },
    max: 60,
    personalData: "conditional",
    survivorship: recent,
  },
  primaerKontaktId: {
    kind: "id",
    virtual: true,
    label: { da: "Primær kontaktperson", en: "Primary contact" },
    personalData: "yes",
    survivorship: crm,
  },
  bogholderiEmail: {
    kind: "email",
    label: { da: "Bogholderi-e-mail", en: "Accounts e-mail" },
    max: 254,
    personalData: "conditional",
    survivorship: erp,
    exportable: false,
  },
  emailDomaener: {
    kind: "textSet",
    label: { da: "E-mail-domæner", en: "E-mail domains" },
    max: 253,
    personalData: "no",
    survivorship: crm,
  },

  // a5 Finance and posting
  standardMoms: {
    kind: "listCode",
    label: { da: "Standard moms", en: "VAT group" },
    max: 20,
    personalData: "no",
    survivorship: erp,
  },
  bogfoeringsgruppeDeb: {
    kind: "listCode",
    label: { da: "Bogføringsgruppe, debitor", en: "Posting group, debtor" },
    max: 20,
    personalData: "no",
    survivorship: erp,
  },
  bogfoeringsgruppeKred: {
    kind: "listCode",
    label: { da: "Bogføringsgruppe, kreditor", en: "Posting group, creditor" },
    max: 20,
    personalData: "no",
    survivorship: erp,
  },
  valuta: { kind: "currency", label: { da: "Valuta", en: "Currency" }, personalData: "no", survivorship: erp },
  betalingsbetingelser: {
    kind: "listCode",
    label: { da: "Betalingsbetingelser", en: "Payment terms" },
    max: 30,
    personalData: "no",
    survivorship: erp,
  },
  leveringsbetingelser: {
    kind: "listCode",
    label: { da: "Leveringsbetingelser", en: "Delivery terms" },
    max: 30,
    personalData: "no",
    survivorship: erp,
  },
  afdelinger: {
    kind: "textSet",
    label: { da: "Afdelinger", en: "Departments" },
    max: 30,
    personalData: "no",
    survivorship: erp,
  },
  eanLokationsnr: {
    kind: "gln",
    label: { da: "EAN-/GLN-lokationsnr.", en: "GLN" },
    max: 20,
    personalData: "no",
    survivorship: erp,
  },
  kreditMax: {
    kind: "decimal",
    scale: 2,
    label: { da: "Kreditmaksimum", en: "Credit limit" },
    personalData: "no",
    survivorship: erp,
  },
  "saldoDeb.beloeb": {
    kind: "decimal",
    scale: 2,
    label: { da: "Saldo, debitor", en: "Balance, debtor" },
    group: "saldoDeb",
    computed: true,
    personalData: "conditional",
    survivorship: erp,
  },
  "saldoDeb.valuta": {
    kind: "currency",
    label: { da: "Saldo, debitor, valuta", en: "Balance, debtor, currency" },
    group: "saldoDeb",
    computed: true,
    personalData: "no",
    survivorship: erp,
  },
  "saldoKred.beloeb": {
    kind: "decimal",
    scale: 2,
    label: { da: "Saldo, kreditor", en: "Balance, creditor" },
    group: "saldoKred",
    computed: true,
    personalData: "conditional",
    survivorship: erp,
  },
  "saldoKred.valuta": {
    kind: "currency",
    label: { da: "Saldo, kreditor, valuta", en: "Balance, creditor, currency" },
    group: "saldoKred",
    computed: true,
    personalData: "no",
    survivorship: erp,
  },
});

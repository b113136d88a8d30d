import { defineFields } from "../field.ts";
import { crm, erp, manual } from "./survivorship.ts";

/** Who it is (domain notes, a1). */
export const identityFields = defineFields({
  // a1 Identity and relation
  kontonummer: {
    kind: "text",
    label: { da: "Kontonummer", en: "Account number" },
    max: 20,
    immutable: true,
    personalData: "no",
  },
  firmanavn: {
    kind: "text",
    label: { da: "Firmanavn", en: "Company name" },
    max: 100,
    required: true,
    personalData: "conditional",
    survivorship: manual,
  },
  soegenavn: {
    kind: "text",
    label: { da: "Søgenavn", en: "Search name" },
    max: 50,
    personalData: "conditional",
    survivorship: erp,
  },
  emnetyper: {
    kind: "codeSet",
    label: { da: "Emnetyper", en: "Kinds of relation" },
    codes: [
      "lead",
      "nuvaerendeKunde",
      "tidligereKunde",
      "leverandoer",
      "kampagnekontakt",
      "marketingmaalgruppe",
      "partner",
    ],
    personalData: "no",
    survivorship: crm,
  },
  leadkilde: {
    kind: "code",
    label: { da: "Leadkilde", en: "Lead source" },
    codes: ["messe", "hjemmeside", "telefon", "kampagne", "reference"],
    personalData: "no",
    survivorship: crm,
  },
  leadkildeDetalje: {
    kind: "text",
    label: { da: "Leadkilde, detalje", en: "Lead source, detail" },
    max: 200,
    personalData: "no",
    survivorship: crm,
  },
  leadkildeDato: {
    kind: "date",
    label: { da: "Leadkilde, dato", en: "Lead source, date" },
    personalData: "no",
    survivorship: crm,
  },
  ansvarligSaelger: {
    kind: "text",
    label: { da: "Ansvarlig sælger", en: "Sales representative" },
    max: 60,
    personalData: "yes",
    survivorship: crm,
  },
  findesDeb: {
    kind: "bool",
    label: { da: "Findes som debitor", en: "Exists as debtor" },
    computed: true,
    default: false,
    personalData: "no",
  },
  findesKred: {
    kind: "bool",
    label: { da: "Findes som kreditor", en: "Exists as creditor" },
    computed: true,
    default: false,
    personalData: "no",
  },
});

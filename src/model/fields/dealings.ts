import { defineFields } from "../field.ts";

/** What is done and agreed with a Kundeemne: aktiviteter, opgaver, tilbud, noter (domain notes, a7 and a8). */

const shared = {
  kundeemneId: { kind: "id", label: { da: "Kundeemne", en: "Kundeemne" }, computed: true, personalData: "no" },
  kontaktpersonId: { kind: "id", label: { da: "Kontaktperson", en: "Contact" }, personalData: "yes" },
} as const;

export const aktivitetFields = defineFields({
  ...shared,
  type: {
    kind: "code",
    label: { da: "Type", en: "Type" },
    codes: ["moede", "opkald", "tilbud", "notat", "opfoelgning", "mail", "kampagne"],
    required: true,
    personalData: "no",
  },
  dato: { kind: "date", label: { da: "Dato i København", en: "Date in Copenhagen" }, personalData: "no" },
  tidspunkt: { kind: "instant", label: { da: "Tidspunkt", en: "Time" }, personalData: "no" },
  saelger: { kind: "text", label: { da: "Sælger", en: "Seller" }, max: 60, personalData: "yes" },
  notat: { kind: "longText", label: { da: "Notat", en: "Notes" }, max: 10_000, personalData: "conditional" },
  opfoelgningsdato: { kind: "date", label: { da: "Opfølgningsdato", en: "Follow up on" }, personalData: "no" },
  salgsprojekt: { kind: "text", label: { da: "Salgsprojekt", en: "Sales project" }, max: 100, personalData: "no" },
  dokumenter: {
    kind: "textList",
    label: { da: "Dokumenter", en: "Documents" },
    max: 500,
    personalData: "conditional",
  },
  vaerdi: {
    kind: "decimal",
    scale: 2,
    label: { da: "Forventet værdi, kr.", en: "Expected value, DKK" },
    personalData: "no",
  },
  udfald: {
    kind: "code",
    label: { da: "Udfald", en: "Outcome" },
    codes: ["aaben", "vundet", "tabt"],
    default: "aaben",
    personalData: "no",
  },
});

export const opgaveFields = defineFields({
  ...shared,
  tekst: {
    kind: "longText",
    label: { da: "Hvad der skal gøres", en: "What is to be done" },
    max: 2_000,
    required: true,
    personalData: "conditional",
  },
  ansvarlig: { kind: "text", label: { da: "Ansvarlig", en: "Responsible" }, max: 60, personalData: "yes" },
  opfoelgningsdato: { kind: "date", label: { da: "Opfølgningsdato", en: "Follow up on" }, personalData: "no" },
  status: {
    kind: "code",
    label: { da: "Status", en: "Status" },
    codes: ["aaben", "udfoert", "annulleret"],
    default: "aaben",
    personalData: "no",
  },
});

export const tilbudFields = defineFields({
  ...shared,
  nr: { kind: "text", label: { da: "Nr.", en: "Number" }, max: 30, required: true, personalData: "no" },
  dato: { kind: "date", label: { da: "Dato", en: "Date" }, required: true, personalData: "no" },
  status: {
    kind: "code",
    label: { da: "Status", en: "Status" },
    codes: ["aabent", "accepteret", "afvist", "udloebet", "annulleret"],
    default: "aabent",
    personalData: "no",
  },
  titel: { kind: "text", label: { da: "Titel", en: "Title" }, max: 200, personalData: "conditional" },
  saelger: { kind: "text", label: { da: "Sælger", en: "Seller" }, max: 60, personalData: "yes" },
  beloeb: {
    kind: "decimal",
    scale: 4,
    label: { da: "Beløb ekskl. moms", en: "Amount without VAT" },
    required: true,
    personalData: "no",
  },
  valuta: { kind: "currency", label: { da: "Valuta", en: "Currency" }, default: "DKK", personalData: "no" },
  kurs: {
    kind: "decimal",
    scale: 6,
    label: { da: "Kurs: kroner for 100 af valutaen", en: "Rate: DKK for 100 of the currency" },
    personalData: "no",
  },
});

export const noteFields = defineFields({
  ...shared,
  tekst: {
    kind: "longText",
    label: { da: "Tekst", en: "Text" },
    max: 10_000,
    required: true,
    personalData: "conditional",
  },
  forfatter: { kind: "text", label: { da: "Forfatter", en: "Author" }, computed: true, personalData: "yes" },
});

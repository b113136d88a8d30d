import { defineFields } from "../field.ts";
import { crm, recent } from "./survivorship.ts";

/** The fields of a contact (domain notes, section a4). */
export const kontaktpersonFields = defineFields({
  navn: {
    kind: "text",
    label: { da: "Navn", en: "Name" },
    max: 100,
    required: true,
    personalData: "yes",
    survivorship: recent,
  },
  titel: { kind: "text", label: { da: "Titel", en: "Title" }, max: 60, personalData: "yes", survivorship: crm },
  profil: { kind: "textList", label: { da: "Profil", en: "Profile" }, max: 60, personalData: "yes", survivorship: crm },
  telefon: {
    kind: "phone",
    label: { da: "Telefon", en: "Telephone" },
    max: 60,
    personalData: "yes",
    survivorship: recent,
  },
  mobil: { kind: "phone", label: { da: "Mobil", en: "Mobile" }, max: 60, personalData: "yes", survivorship: recent },
  fax: { kind: "phone", label: { da: "Fax", en: "Fax" }, max: 60, personalData: "conditional", survivorship: recent },
  email: { kind: "email", label: { da: "E-mail", en: "E-mail" }, max: 254, personalData: "yes", survivorship: recent },
  primaer: {
    kind: "bool",
    label: { da: "Primær kontaktperson", en: "Primary contact" },
    default: false,
    personalData: "no",
    survivorship: recent,
  },
  oprettetVia: {
    kind: "code",
    codes: ["manuel", "domaene", "debitor", "kreditor", "kundeemne", "import"],
    label: { da: "Oprettet via", en: "Created by way of" },
    computed: true,
    personalData: "no",
  },
});

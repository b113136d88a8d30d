import { defineMapping } from "../../mappings/mapping.ts";

export const kontaktpersonMapping = defineMapping({
  object: "kontaktperson",
  remote: "Kontaktpersoner",
  as: "kontaktperson",
  key: "Id",
  parent: { remote: "EmneNr", object: "kundeemne" },
  fields: [
    { field: "navn", remote: "Navn" },
    { field: "titel", remote: "Titel" },
    { field: "profil", remote: "Profil" },
    { field: "telefon", remote: "Telefon" },
    { field: "mobil", remote: "Mobil" },
    { field: "fax", remote: "Fax" },
    { field: "email", remote: "Email", match: "email" },
    { field: "primaer", remote: "Primaer" },
  ],
});

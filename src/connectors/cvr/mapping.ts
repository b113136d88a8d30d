import { defineMapping } from "../../mappings/mapping.ts";

/** A company as CVR knows it. Advertising protection gates campaigns; it is never written by anybody else. */
export const companyMapping = defineMapping({
  object: "virksomhed",
  remote: "virksomhed",
  as: "kundeemne",
  key: "cvrNummer",
  fields: [
    { field: "firmanavn", remote: "navn", direction: "in", match: "name" },
    { field: "adresse1", remote: "adresse1", direction: "in", match: "address" },
    { field: "postnr", remote: "postnr", direction: "in" },
    { field: "bynavn", remote: "bynavn", direction: "in" },
    { field: "landekode", remote: "landekode", direction: "in" },
    {
      ...{ fields: ["cvrNr", "seNr", "euVatNr"], remote: "cvrNummer", as: "registration" },
      ...{ direction: "in", match: "cvr" },
    },
    { field: "telefon", remote: "telefon", direction: "in" },
    { field: "hjemmeside", remote: "hjemmeside", direction: "in" },
    { field: "pNumre", remote: "pNumre", direction: "in", as: { codec: "textSet", json: "list" } },
    { field: "branche.kode", remote: "branchekode", direction: "in" },
    { field: "branche.klassifikation", remote: "brancheklassifikation", direction: "in" },
    { field: "bibrancher", remote: "bibrancher", direction: "in", as: { codec: "textSet", json: "list" } },
    { field: "virksomhedsform", remote: "virksomhedsform", direction: "in" },
    { field: "cvrStatus.status", remote: "status", direction: "in" },
    {
      ...{ fields: ["antalMedarbejdere.fra", "antalMedarbejdere.til"], remote: "ansatte", as: "interval" },
      direction: "in",
    },
    { field: "reklamebeskyttet.vaerdi", remote: "reklamebeskyttet", direction: "in" },
  ],
});

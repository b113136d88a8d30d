import { defineMapping } from "../../mappings/mapping.ts";

/** A company of a report. What the bureau thinks of its credit has no field of ours and is not kept. */
export const companyMapping = defineMapping({
  object: "firma",
  remote: "companies",
  as: "kundeemne",
  key: "id",
  fields: [
    { field: "kobId", remote: "id", direction: "in", match: "id" },
    { field: "firmanavn", remote: "name", direction: "in", match: "name" },
    {
      ...{ fields: ["cvrNr", "seNr", "euVatNr"], remote: "cvr", as: "registration" },
      ...{ direction: "in", match: "cvr", emptyMeansUnknown: true },
    },
    { field: "adresse1", remote: "street", direction: "in", match: "address" },
    { field: "postnr", remote: "postalCode", direction: "in" },
    { field: "bynavn", remote: "city", direction: "in" },
    { field: "landekode", remote: "country", direction: "in" },
    { field: "telefon", remote: "phone", direction: "in" },
    {
      ...{ fields: ["antalMedarbejdere.fra", "antalMedarbejdere.til"], remote: "employees", as: "interval" },
      direction: "in",
    },
  ],
});

import { defineMapping } from "../../mappings/mapping.ts";

/** A company of Navne & Numre Erhverv. Whether it may be advertised to is CVR's to say. */
export const companyMapping = defineMapping({
  object: "firma",
  remote: "Company",
  as: "kundeemne",
  key: "tdcId",
  fields: [
    { field: "tdcId", remote: "tdcId", direction: "in", match: "id" },
    { field: "firmanavn", remote: "officialName", direction: "in", match: "name" },
    {
      ...{ fields: ["cvrNr", "seNr", "euVatNr"], remote: "cvrNo", as: "registration" },
      ...{ direction: "in", match: "cvr", emptyMeansUnknown: true },
    },
    { field: "adresse1", remote: "street", direction: "in", match: "address" },
    { field: "postnr", remote: "zipCode", direction: "in" },
    { field: "bynavn", remote: "district", direction: "in" },
    { field: "landekode", remote: "country", direction: "in" },
    { field: "telefon", remote: "phone", direction: "in" },
    { field: "hjemmeside", remote: "homePage", direction: "in" },
  ],
});

import { defineMapping } from "../../mappings/mapping.ts";

/** An advert of KRAK. It says nothing of advertising protection. */
export const advertMapping = defineMapping({
  object: "firma",
  remote: "adverts",
  as: "kundeemne",
  key: "eniroId",
  fields: [
    { field: "krakId", remote: "eniroId", direction: "in", match: "id" },
    { field: "firmanavn", remote: "companyName", direction: "in", match: "name" },
    {
      ...{ fields: ["cvrNr", "seNr", "euVatNr"], remote: "orgNumber", as: "registration" },
      ...{ direction: "in", match: "cvr", emptyMeansUnknown: true },
    },
    { field: "adresse1", remote: "streetName", direction: "in", match: "address" },
    { field: "postnr", remote: "postCode", direction: "in" },
    { field: "bynavn", remote: "postArea", direction: "in" },
    { field: "landekode", remote: "country", direction: "in" },
    { field: "telefon", remote: "phoneNumber", direction: "in" },
  ],
});

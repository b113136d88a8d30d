import { defineMapping } from "../../mappings/mapping.ts";

/** An address of DAR with its access point. Nothing else of a Kundeemne is known here. */
export const addressMapping = defineMapping({
  object: "adresse",
  remote: "adresser",
  as: "kundeemne",
  key: "id",
  fields: [
    { field: "adresse1", remote: "adresse1", direction: "in" },
    { field: "postnr", remote: "postnr", direction: "in" },
    { field: "bynavn", remote: "bynavn", direction: "in" },
    { field: "landekode", remote: "landekode", direction: "in" },
    { field: "gps.lat", remote: "lat", direction: "in" },
    { field: "gps.lng", remote: "lng", direction: "in" },
    { field: "gps.source", remote: "kilde", direction: "in" },
    { field: "gps.precision", remote: "praecision", direction: "in" },
  ],
});

import { defineMapping } from "../../mappings/mapping.ts";

/** Exactly the six groups of a look-up: name, address, postal code and town, country, telephone, coordinates (S16). */
export const placeMapping = defineMapping({
  object: "sted",
  remote: "places",
  as: "kundeemne",
  key: "placeId",
  fields: [
    { field: "firmanavn", remote: "navn", direction: "in", match: "name" },
    { field: "adresse1", remote: "adresse1", direction: "in", match: "address" },
    { field: "postnr", remote: "postnr", direction: "in" },
    { field: "bynavn", remote: "bynavn", direction: "in" },
    { field: "landekode", remote: "landekode", direction: "in" },
    { field: "telefon", remote: "telefon", direction: "in" },
    { field: "gps.lat", remote: "lat", direction: "in" },
    { field: "gps.lng", remote: "lng", direction: "in" },
    { field: "gps.source", remote: "kilde", direction: "in" },
    { field: "gps.precision", remote: "praecision", direction: "in" },
    { field: "gps.expiresAt", remote: "udloeber", direction: "in" },
  ],
});

import type { CallKinds } from "../directory.ts";

/** What is counted, and may have a price, by the template of the request. */
export const calls: CallKinds = {
  "GET adresser/soeg": "search",
  "GET adresser/{id}": "details",
  "GET husnumre/{id}": "details",
  "GET vask": "wash",
};

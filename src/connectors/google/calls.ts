import type { CallKinds } from "../directory.ts";

/** What is counted, and may have a price, by the template of the request. */
export const calls: CallKinds = {
  "POST places:searchText": "search",
  "GET places/{id}": "details",
};

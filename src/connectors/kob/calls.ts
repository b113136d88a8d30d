import type { CallKinds } from "../directory.ts";

/** What is counted, and may have a price, by the template of the request. */
export const calls: CallKinds = {
  "GET v1/companies": "search",
  "GET v1/companies/{id}": "look",
  "POST v1/companies/{id}/reports": "report",
};

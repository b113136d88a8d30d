import type { CallKinds } from "../directory.ts";

/** What is counted, and may have a price, by the template of the request. */
export const calls: CallKinds = {
  "POST cvr-permanent/virksomhed/_search": "search",
  "POST cvr-permanent/virksomhed/_search?scroll": "feed",
  "POST _search/scroll": "feed",
};

import { copenhagenDay } from "../lib/time.ts";
import type { BodyContext } from "../model/read-body.ts";
import type { ApiDeps } from "./api-deps.ts";

/** The date in Copenhagen, `YYYY-MM-DD`: what "today" means to a Danish company. */
export const todayOf = copenhagenDay;

/** What is typed is judged by today's date and the installation's own lists of words. */
export const typedNow = ({ now, vocabularies }: ApiDeps): BodyContext & { readonly today: string } => ({
  today: todayOf(now()),
  ...(vocabularies === undefined ? {} : { vocabularies }),
});

import type { Terms } from "../directory.ts";
import type { Settings } from "./settings.ts";

const DAY_MS = 86_400_000;

/** Content of Google Maps may be kept for 30 days at most (domain notes, P-GOO2); `place_id` without limit. */
export const storeMsOf = ({ storeDays }: Pick<Settings, "storeDays">): number => storeDays * DAY_MS;

export const termsOf = (settings: Settings): Terms => ({
  attribution: "Google Maps",
  passOn: settings.passOn,
  storeMs: storeMsOf(settings),
});

import type { OptOut } from "../audience.ts";
import type { Profile } from "./wire.ts";

const KINDS: Readonly<Record<string, OptOut["kind"]>> = {
  UNSUBSCRIBE: "withdrawn",
  USER_SUPPRESSED: "withdrawn",
  SPAM_COMPLAINT: "complained",
  HARD_BOUNCE: "unreachable",
  INVALID_EMAIL: "unreachable",
};

/** The no that stands at a profile; undefined: there is none. A suppression for a reason that nobody knows is a no as well. */
export function noOf({ attributes }: Profile): Pick<OptOut, "kind" | "at"> | undefined {
  const marketing = attributes.subscriptions?.email?.marketing;
  if (!marketing) return undefined;
  const [suppressed] = (marketing.suppression ?? []).toSorted((a, b) => b.timestamp.localeCompare(a.timestamp));
  if (suppressed !== undefined)
    return { kind: KINDS[suppressed.reason] ?? "withdrawn", at: instant(suppressed.timestamp) };
  if (marketing.consent !== "UNSUBSCRIBED") return undefined;
  return { kind: "withdrawn", at: instant(marketing.last_updated ?? attributes.updated ?? "") };
}

/** Whole seconds may be any moment of that one, and of those the last ends most; what is no time is now at the latest. */
function instant(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return new Date().toISOString();
  return new Date(at % 1000 === 0 ? at + 999 : at).toISOString();
}

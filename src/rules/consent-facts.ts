/** A way to reach somebody (domain notes, d.9). `letter` stands for all other distance means too. */
export const channels = ["email", "sms", "push", "automatic_call", "fax", "letter", "phone"] as const;
export type Channel = (typeof channels)[number];

/** What a consent covers: the shop's own advertising, or that the address is passed on for another's (databeskyttelsesloven § 13). */
export const consentPurposes = ["markedsfoering", "videregivelse"] as const;
export type ConsentPurpose = (typeof consentPurposes)[number];

/** Something that was said of one address, channel and purpose. Never changed: what is said later is another fact (rule R23). */
export interface ConsentFact {
  /** In the form in which addresses are compared. */
  readonly address: string;
  readonly channel: Channel;
  readonly purpose: ConsentPurpose;
  /**
   * `given`: prior consent. `requested`: the person's own request to be called (forbrugeraftaleloven § 4). `soft_opt_in`: got
   * with a sale (markedsføringsloven § 10(2)). `withdrawn`, `unreachable` (hard bounce) and `complained` end all three.
   */
  readonly kind: "given" | "requested" | "soft_opt_in" | "withdrawn" | "unreachable" | "complained";
  /** As `Date.toISOString` writes it. */
  readonly at: string;
  /** What proves it: a text version, a form, a sale. A permission without one is none. */
  readonly evidence: string | null;
  /** `given`: told before that it can be withdrawn. `soft_opt_in`: opting out was offered then and in every message. */
  readonly optOutOffered: boolean | null;
  /** When a message last went out on it; null: never. Advertising that nobody sends lets a consent lapse. */
  readonly lastUsedAt: string | null;
}

/** What the facts of one address, channel and purpose come to now. */
export interface ConsentState {
  readonly given: ConsentFact | null;
  readonly requested: ConsentFact | null;
  readonly softOptIn: ConsentFact | null;
  /** The newest fact that ended the permissions before it, where nothing has been permitted since. */
  readonly ended: ConsentFact | null;
}

const PERMISSIONS: ReadonlySet<ConsentFact["kind"]> = new Set(["given", "requested", "soft_opt_in"]);

/**
 * Folds facts, in whatever order they come. An end of the same instant as a permission, or of a later one, ends it: the
 * stricter wins. A permission from after `now`, without evidence, or whose giver was not told how to stop, permits nothing;
 * an end counts whatever its date.
 */
export function consentStateOf(
  facts: readonly ConsentFact[],
  asked: Pick<ConsentFact, "address" | "channel" | "purpose">,
  now: string,
): ConsentState {
  const mine = facts.filter(
    ({ address, channel, purpose }) =>
      address === asked.address && channel === asked.channel && purpose === asked.purpose,
  );
  const ended = newest(mine.filter(({ kind }) => !PERMISSIONS.has(kind)));
  const permits = (kind: ConsentFact["kind"]) =>
    newest(
      mine.filter(
        (fact) =>
          fact.kind === kind &&
          fact.at <= now &&
          isProven(fact) &&
          (kind === "requested" || fact.optOutOffered === true) &&
          (ended === null || fact.at > ended.at),
      ),
    );
  const [given, requested, softOptIn] = [permits("given"), permits("requested"), permits("soft_opt_in")];
  return { given, requested, softOptIn, ended: (given ?? requested ?? softOptIn) ? null : ended };
}

const isProven = ({ evidence }: ConsentFact): boolean => evidence !== null && evidence.trim() !== "";

/** Of those of one instant the last in the order of the words, so that the order in which they came says nothing. */
const newest = (facts: readonly ConsentFact[]): ConsentFact | null =>
  facts.reduce<ConsentFact | null>(
    (found, fact) =>
      found === null || fact.at > found.at || (fact.at === found.at && fact.kind > found.kind) ? fact : found,
    null,
  );

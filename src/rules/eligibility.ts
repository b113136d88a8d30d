import { kundetypeOf } from "../danish/company-form.ts";
import { type Channel, type ConsentFact, type ConsentState, consentStateOf } from "./consent-facts.ts";

/** Why somebody may not be reached. Stable: they stand in receipts, in the API and in reports. */
export const refusalCodes = [
  "erased",
  "merged",
  "archived",
  "orphaned",
  "restricted",
  "no_address",
  "accounts_address",
  "campaigns_not_allowed",
  "objection",
  "ad_protected",
  "ad_protection_unknown",
  "gdpr_not_ok",
  "consent_missing",
  "consent_withdrawn",
  "unreachable",
  "complained",
  "soft_opt_in_no_customer",
  "request_missing",
  "robinson_listed",
  "robinson_unknown",
  "robinson_outdated",
  "passing_on_consent_missing",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** What does not refuse, but should be seen to (domain notes, a2 and d.9). */
export type WarningCode = "consent_lapsing" | "gdpr_old" | "company_ceased";

/** What is known of the Kundeemne. Null: not known, which is no. Dates are `YYYY-MM-DD`, instants as `Date.toISOString` writes them. */
export interface RecordFacts {
  readonly erased: boolean;
  readonly merged: boolean;
  readonly archived: boolean;
  readonly orphaned: boolean;
  readonly restricted: boolean;
  readonly tilladKampagne: boolean | null;
  readonly indsigelse: string | null;
  readonly kundetype: "BTB" | "BTC" | "BTG" | null;
  /** CVR code of the form; whoever trades alone is a natural person. */
  readonly virksomhedsform: string | null;
  readonly reklamebeskyttet: boolean | null;
  /** The unit has ceased, or is about to, as the register says. */
  readonly ceased: boolean;
  readonly gdprOk: boolean | null;
  readonly gdprDato: string | null;
  readonly robinsonListed: boolean | null;
  readonly robinsonCheckedAt: string | null;
  /** An existing customer: only such a one can have opted in softly. */
  readonly findesDeb: boolean;
  /** The accounts e-mail in the form in which addresses are compared. */
  readonly accountsAddress: string | null;
}

export interface Approach {
  readonly channel: Channel;
  readonly purpose: "markedsfoering" | "service";
  /** Whose advertising it is: passing an address on to another needs a consent of its own. */
  readonly sender: "own" | "third_party";
  /** Compared form of the address that would be used; null: there is none. */
  readonly address: string | null;
  readonly record: RecordFacts;
  /** A contact is addressed, rather than the company as such. */
  readonly contact: boolean;
  readonly consents: readonly ConsentFact[];
  /** The moment at which it is asked, as `Date.toISOString` writes it. */
  readonly now: string;
  /** The day in Copenhagen at that moment. */
  readonly today: string;
}

export interface Eligibility {
  readonly allowed: boolean;
  /** Every reason, in the order of `refusalCodes`; empty where it is allowed. */
  readonly reasons: readonly RefusalCode[];
  readonly warnings: readonly WarningCode[];
}

/** Channels of markedsføringsloven § 10(1): prior consent of anybody, companies and authorities too. */
const ELECTRONIC: ReadonlySet<Channel> = new Set(["email", "sms", "push", "automatic_call", "fax"]);
const LAPSES_AFTER_MONTHS = 12;

/**
 * May this address be used for this? (Domain notes, d.9.) Every rule that speaks against it is told, one is enough, and what
 * is not known is no. Service messages need no consent, but reach neither the archived, erased or restricted nor the accounts
 * address. Asked at selection and again at hand-over; pure.
 */
export function eligible(approach: Approach): Eligibility {
  const consent =
    approach.address === null
      ? NO_CONSENT
      : consentStateOf(
          approach.consents,
          { address: approach.address, channel: approach.channel, purpose: "markedsfoering" },
          approach.now,
        );
  const found = new Set<RefusalCode>(alwaysAgainst(approach));
  if (approach.purpose === "markedsfoering") {
    for (const code of againstAdvertising(approach, consent)) found.add(code);
    for (const code of againstChannel(approach, consent)) found.add(code);
    if (approach.sender === "third_party") for (const code of againstPassingOn(approach)) found.add(code);
  }
  const reasons = refusalCodes.filter((code) => found.has(code));
  return { allowed: reasons.length === 0, reasons, warnings: warningsOf(approach, consent) };
}

const NO_CONSENT: ConsentState = { given: null, requested: null, softOptIn: null, ended: null };

function* alwaysAgainst({ record, address }: Approach): Iterable<RefusalCode> {
  if (record.erased) yield "erased";
  if (record.merged) yield "merged";
  if (record.archived) yield "archived";
  if (record.orphaned) yield "orphaned";
  if (record.restricted) yield "restricted";
  if (address === null) yield "no_address";
  else if (address === record.accountsAddress) yield "accounts_address";
}

function* againstAdvertising(approach: Approach, { given }: ConsentState): Iterable<RefusalCode> {
  const { record, today } = approach;
  if (record.tilladKampagne !== true) yield "campaigns_not_allowed";
  if (record.indsigelse !== null) yield "objection";
  // A private person is no unit of the register, so nothing protects it there; whoever may be a company is asked for.
  if ((record.kundetype !== "BTC" || record.reklamebeskyttet === true) && given === null) {
    if (record.reklamebeskyttet === true) yield "ad_protected";
    if (record.reklamebeskyttet === null) yield "ad_protection_unknown";
  }
  const approved = record.gdprOk === true && record.gdprDato !== null && record.gdprDato <= today;
  if (isNatural(approach) && !approved) yield "gdpr_not_ok";
}

function* againstChannel(approach: Approach, consent: ConsentState): Iterable<RefusalCode> {
  const { channel, record } = approach;
  if (consent.ended !== null) yield ENDED[consent.ended.kind] ?? "consent_withdrawn";
  if (ELECTRONIC.has(channel)) {
    if (consent.given !== null) return;
    if (consent.softOptIn === null) {
      if (consent.ended === null) yield "consent_missing";
    } else if (!record.findesDeb) yield "soft_opt_in_no_customer";
    return;
  }
  if (channel === "phone") {
    // Who may be a consumer is one.
    const isTrader = record.kundetype === "BTB" || record.kundetype === "BTG";
    if (!isTrader && consent.requested === null) yield "request_missing";
    return;
  }
  if (isNatural(approach)) yield* againstByRobinson(approach);
}

const ENDED: Partial<Record<ConsentFact["kind"], RefusalCode>> = {
  withdrawn: "consent_withdrawn",
  unreachable: "unreachable",
  complained: "complained",
};

/** Databeskyttelsesloven § 13: a consumer's data go to another only with explicit consent, and the list is asked each time. */
function* againstPassingOn(approach: Approach): Iterable<RefusalCode> {
  const { address, channel, consents, now } = approach;
  if (!isNatural(approach)) return;
  const passing =
    address === null ? NO_CONSENT : consentStateOf(consents, { address, channel, purpose: "videregivelse" }, now);
  if (passing.given === null) yield "passing_on_consent_missing";
  yield* againstByRobinson(approach);
}

/** The list comes out every quarter; a check from before the newest says nothing. */
function* againstByRobinson({ record, today }: Approach): Iterable<RefusalCode> {
  if (record.robinsonListed === true) yield "robinson_listed";
  else if (record.robinsonListed === null || record.robinsonCheckedAt === null) yield "robinson_unknown";
  else if (record.robinsonCheckedAt.slice(0, 10) < quarterStart(today)) yield "robinson_outdated";
}

/** Is a natural person addressed? A contact, a private person, a sole trader, and whoever is not known to be something else. */
function isNatural({ contact, record: { kundetype, virksomhedsform } }: Approach): boolean {
  if (contact || kundetype === "BTC" || kundetype === null) return true;
  if (kundetype !== "BTB") return false;
  return virksomhedsform === null || kundetypeOf(Number(virksomhedsform))?.isPersonalData === true;
}

/** A consent that nobody has used for a year may lapse by passivity; an approval of that age is to be renewed (S67). */
function warningsOf({ record, today }: Approach, { given }: ConsentState): WarningCode[] {
  const yearAgo = monthsBefore(today, LAPSES_AFTER_MONTHS);
  const warnings: WarningCode[] = [];
  if (given !== null && (given.lastUsedAt ?? given.at).slice(0, 10) < yearAgo) warnings.push("consent_lapsing");
  if (record.gdprOk === true && record.gdprDato !== null && record.gdprDato < yearAgo) warnings.push("gdpr_old");
  if (record.ceased) warnings.push("company_ceased");
  return warnings;
}

/** First day of the quarter in which a day lies. */
export function quarterStart(day: string): string {
  const month = Number(day.slice(5, 7));
  const first = month - ((month - 1) % 3);
  return `${day.slice(0, 4)}-${String(first).padStart(2, "0")}-01`;
}

/** The same day so many months before; where that month is shorter, its last one. */
function monthsBefore(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 - months, Math.min(date, last))).toISOString().slice(0, 10);
}

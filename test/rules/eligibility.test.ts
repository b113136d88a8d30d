import fc from "fast-check";
import { expect, test } from "vitest";
import { type ConsentFact, channels, consentStateOf } from "../../src/rules/consent-facts.ts";
import { type Approach, eligible, quarterStart, type RecordFacts, refusalCodes } from "../../src/rules/eligibility.ts";

const NOW = "2026-11-26T12:00:00.000Z";
const ADDRESS = "ida@nordhavn-el.dk";

const company: RecordFacts = {
  ...{ erased: false, merged: false, archived: false, orphaned: false, restricted: false, ceased: false },
  ...{ tilladKampagne: true, indsigelse: null, kundetype: "BTB", virksomhedsform: "80", reklamebeskyttet: false },
  ...{ gdprOk: null, gdprDato: null, robinsonListed: null, robinsonCheckedAt: null },
  ...{ findesDeb: false, accountsAddress: "faktura@nordhavn-el.dk" },
};
const person: RecordFacts = {
  ...{ ...company, kundetype: "BTC", virksomhedsform: null, reklamebeskyttet: null },
  ...{ gdprOk: true, gdprDato: "2026-06-01", robinsonListed: false, robinsonCheckedAt: "2026-10-05T08:00:00.000Z" },
};
const consent = (fact: Partial<ConsentFact> = {}): ConsentFact => ({
  ...{ address: ADDRESS, channel: "email", purpose: "markedsfoering", kind: "given", at: "2026-05-01T00:00:00.000Z" },
  ...{ evidence: "form 7", optOutOffered: true, lastUsedAt: null, ...fact },
});
const approach = (wish: Partial<Approach> = {}): Approach => ({
  ...{ channel: "email", purpose: "markedsfoering", sender: "own", address: ADDRESS, record: company, contact: false },
  ...{ consents: [consent()], now: NOW, today: "2026-11-26", ...wish },
});
const reasons = (wish: Partial<Approach>) => eligible(approach(wish)).reasons;

const ELECTRONIC = ["email", "sms", "push", "automatic_call", "fax"] as const;
const EVERYBODY = { company, authority: { ...company, kundetype: "BTG" as const }, consumer: person };

test.each(ELECTRONIC)("d.9 %s: anybody is asked for prior consent to that address and channel", (channel) => {
  for (const record of Object.values(EVERYBODY)) {
    expect(reasons({ channel, record, consents: [consent({ channel })] })).toEqual([]);
    expect(reasons({ channel, record, consents: [] })).toEqual(["consent_missing"]);
    const other = channel === "email" ? "sms" : "email";
    expect(reasons({ channel, record, consents: [consent({ channel: other })] })).toEqual(["consent_missing"]);
    expect(reasons({ channel, record, consents: [consent({ channel, address: "bo@else.dk" })] })).toEqual([
      "consent_missing",
    ]);
    expect(reasons({ channel, record, consents: [consent({ channel, purpose: "videregivelse" })] })).toEqual([
      "consent_missing",
    ]);
  }
});

test.each([
  ["without evidence", { evidence: null }],
  ["with blank evidence", { evidence: " " }],
  ["whose giver was not told how to stop", { optOutOffered: null }],
  ["from tomorrow", { at: "2026-11-27T00:00:00.000Z" }],
])("d.9 a consent %s is none", (_, fault) => {
  expect(reasons({ consents: [consent(fault)] })).toEqual(["consent_missing"]);
});

test("d.9 what was withdrawn stays so until it is given anew, and of the same instant the stricter wins", () => {
  const at = "2026-07-01T00:00:00.000Z";
  const withdrawn = consent({ kind: "withdrawn", at, evidence: null });
  expect(reasons({ consents: [consent(), withdrawn] })).toEqual(["consent_withdrawn"]);
  expect(reasons({ consents: [consent({ at }), withdrawn] })).toEqual(["consent_withdrawn"]);
  expect(reasons({ consents: [withdrawn, consent({ at: "2026-07-01T00:00:00.001Z" })] })).toEqual([]);
  expect(reasons({ consents: [consent(), consent({ kind: "unreachable", at })] })).toEqual(["unreachable"]);
  const complained = consent({ kind: "complained", at });
  expect(reasons({ consents: [consent(), complained] })).toEqual(["complained"]);
  expect(reasons({ consents: [withdrawn, complained] })).toEqual(reasons({ consents: [complained, withdrawn] }));
});

test("d.9 an existing customer who could opt out at the sale and in every message needs no consent (§ 10(2))", () => {
  const soft = consent({ kind: "soft_opt_in", evidence: "sale 4711" });
  const customer = { ...company, findesDeb: true };
  expect(reasons({ record: customer, consents: [soft] })).toEqual([]);
  expect(reasons({ record: company, consents: [soft] })).toEqual(["soft_opt_in_no_customer"]);
  expect(reasons({ record: customer, consents: [{ ...soft, evidence: null }] })).toEqual(["consent_missing"]);
  expect(reasons({ record: customer, consents: [{ ...soft, optOutOffered: false }] })).toEqual(["consent_missing"]);
  const out = consent({ kind: "withdrawn", at: "2026-08-01T00:00:00.000Z" });
  expect(reasons({ record: customer, consents: [soft, out] })).toEqual(["consent_withdrawn"]);
});

test("d.9 a letter reaches a natural person who has not objected and is not on the newest list", () => {
  const letter = (record: RecordFacts) => reasons({ channel: "letter", record, consents: [] });
  expect(letter(person)).toEqual([]);
  expect(letter({ ...person, indsigelse: "2020-01-01" })).toEqual(["objection"]);
  expect(letter({ ...person, robinsonListed: true })).toEqual(["robinson_listed"]);
  expect(letter({ ...person, robinsonListed: null })).toEqual(["robinson_unknown"]);
  expect(letter({ ...person, robinsonCheckedAt: null })).toEqual(["robinson_unknown"]);
  expect(letter({ ...person, robinsonCheckedAt: "2026-09-30T23:00:00.000Z" })).toEqual(["robinson_outdated"]);
  expect(letter(company)).toEqual([]);
});

test("d.9 a consumer is called only at the person's own request, whatever the Robinson list says", () => {
  const call = (record: RecordFacts, ...consents: ConsentFact[]) => reasons({ channel: "phone", record, consents });
  expect(call(person)).toEqual(["request_missing"]);
  expect(call(person, consent({ channel: "phone" }))).toEqual(["request_missing"]);
  expect(call({ ...person, robinsonListed: true }, consent({ channel: "phone", kind: "requested" }))).toEqual([]);
  expect(call(company)).toEqual([]);
  expect(call({ ...company, kundetype: null })).toEqual(["gdpr_not_ok", "request_missing"]);
});

test.each(channels)("d.9 %s: a protected company, and one of which it is not known, is left in peace", (channel) => {
  const peace = (reklamebeskyttet: boolean | null, ...consents: ConsentFact[]) =>
    reasons({ channel, record: { ...company, reklamebeskyttet }, consents });
  expect(peace(true)).toContain("ad_protected");
  expect(peace(null)).toContain("ad_protection_unknown");
  expect(peace(true, consent({ channel }))).toEqual([]);
});

test("d.9 a consumer's data go to another only with a consent to that, and the list is asked each time", () => {
  const pass = (record: RecordFacts, ...consents: ConsentFact[]) =>
    reasons({ sender: "third_party", record, consents: [consent(), ...consents] });
  const passing = consent({ purpose: "videregivelse" });
  expect(pass(person)).toEqual(["passing_on_consent_missing"]);
  expect(pass(person, passing)).toEqual([]);
  expect(pass({ ...person, robinsonListed: true }, passing)).toEqual(["robinson_listed"]);
  expect(pass({ ...person, robinsonCheckedAt: "2026-08-01T00:00:00.000Z" }, passing)).toEqual(["robinson_outdated"]);
  expect(pass(company)).toEqual([]);
});

test("S60 without TilladKampagne nobody is in a campaign, and what nobody has said is no", () => {
  for (const tilladKampagne of [false, null])
    expect(reasons({ record: { ...company, tilladKampagne } })).toEqual(["campaigns_not_allowed"]);
});

test("d.9 an objection stands against every consent", () => {
  expect(reasons({ record: { ...company, indsigelse: "2020-01-01" } })).toEqual(["objection"]);
});

test("S66 a natural person is addressed only where GDPR is approved, with a date that is not ahead", () => {
  for (const fault of [{ gdprOk: false }, { gdprOk: null }, { gdprDato: null }, { gdprDato: "2026-11-27" }])
    expect(reasons({ record: { ...person, ...fault } })).toEqual(["gdpr_not_ok"]);
  expect(reasons({ contact: true })).toEqual(["gdpr_not_ok"]);
  for (const virksomhedsform of ["10", "15"])
    expect(reasons({ record: { ...company, virksomhedsform } })).toEqual(["gdpr_not_ok"]);
  expect(reasons({ record: { ...company, virksomhedsform: null } })).toEqual(["gdpr_not_ok"]);
});

test("d.9 a service message needs no consent, but passes neither archive, erasure, restriction nor the accounts address", () => {
  const service = (record: Partial<RecordFacts>, address: string | null = ADDRESS) =>
    reasons({ purpose: "service", consents: [], address, record: { ...company, ...record } });
  expect(service({ tilladKampagne: false, indsigelse: "2026-01-01", reklamebeskyttet: true })).toEqual([]);
  expect(service({ archived: true })).toEqual(["archived"]);
  expect(service({ erased: true })).toEqual(["erased"]);
  expect(service({ restricted: true })).toEqual(["restricted"]);
  expect(service({ merged: true })).toEqual(["merged"]);
  expect(service({ orphaned: true })).toEqual(["orphaned"]);
  expect(service({}, null)).toEqual(["no_address"]);
  expect(service({}, "faktura@nordhavn-el.dk")).toEqual(["accounts_address"]);
});

test("S24 the accounts address is in no campaign, though its owner consented", () => {
  const accountsAddress = ADDRESS;
  expect(reasons({ record: { ...company, accountsAddress } })).toEqual(["accounts_address"]);
});

test("d.9 a consent that nobody has used for a year is warned of, and so is an old approval (S67)", () => {
  const warnings = (fact: Partial<ConsentFact>, record: RecordFacts = company) =>
    eligible(approach({ record, consents: [consent(fact)] })).warnings;
  expect(warnings({ at: "2025-11-26T00:00:00.000Z" })).toEqual([]);
  expect(warnings({ at: "2025-11-25T23:00:00.000Z" })).toEqual(["consent_lapsing"]);
  expect(warnings({ at: "2024-01-01T00:00:00.000Z", lastUsedAt: "2026-01-01T00:00:00.000Z" })).toEqual([]);
  expect(warnings({}, { ...person, gdprDato: "2025-11-25" })).toEqual(["gdpr_old"]);
  expect(warnings({}, { ...company, ceased: true })).toEqual(["company_ceased"]);
});

test("the quarter of a day", () => {
  expect(["2026-01-01", "2026-03-31", "2026-04-01", "2026-12-31"].map(quarterStart)).toEqual([
    ...["2026-01-01", "2026-01-01", "2026-04-01", "2026-10-01"],
  ]);
});

const flag = fc.boolean();
const maybe = fc.constantFrom(true, false, null);
const instant = fc.constantFrom("2024-01-01T00:00:00.000Z", "2026-10-02T00:00:00.000Z", "2026-11-27T00:00:00.000Z");
const records: fc.Arbitrary<RecordFacts> = fc.record({
  ...{ erased: flag, merged: flag, archived: flag, orphaned: flag, restricted: flag, ceased: flag, findesDeb: flag },
  ...{ tilladKampagne: maybe, reklamebeskyttet: maybe, gdprOk: maybe, robinsonListed: maybe },
  indsigelse: fc.constantFrom(null, null, "2026-02-02"),
  kundetype: fc.constantFrom("BTB", "BTC", "BTG", null),
  virksomhedsform: fc.constantFrom("10", "80", null),
  gdprDato: fc.constantFrom(null, "2024-01-01", "2026-11-26", "2027-01-01"),
  robinsonCheckedAt: fc.option(instant),
  accountsAddress: fc.constantFrom(null, ADDRESS, "faktura@nordhavn-el.dk"),
});
const facts: fc.Arbitrary<ConsentFact> = fc.record({
  address: fc.constantFrom(ADDRESS, "bo@else.dk"),
  channel: fc.constantFrom(...channels),
  purpose: fc.constantFrom("markedsfoering", "videregivelse"),
  kind: fc.constantFrom("given", "requested", "soft_opt_in", "withdrawn", "unreachable", "complained"),
  at: instant,
  evidence: fc.constantFrom("form 7", null),
  optOutOffered: maybe,
  lastUsedAt: fc.option(instant),
});
// Half of them from ground on which something is allowed: of what is drawn freely hardly anything is.
const approaches: fc.Arbitrary<Approach> = fc
  .tuple(
    fc.record({
      channel: fc.constantFrom(...channels),
      purpose: fc.constantFrom("markedsfoering", "service"),
      sender: fc.constantFrom("own", "third_party"),
      address: fc.constantFrom(ADDRESS, ADDRESS, null),
      record: fc.oneof(records, fc.constantFrom(company, person)),
      contact: flag,
      consents: fc.array(facts, { maxLength: 6 }),
    } as const),
    flag,
  )
  .map(([drawn, consented]) => ({
    ...{ ...drawn, now: NOW, today: "2026-11-26" },
    consents: consented ? [...drawn.consents, consent({ channel: drawn.channel })] : drawn.consents,
  }));

const ENDS: ReadonlySet<string> = new Set(["withdrawn", "unreachable", "complained"]);

/** The same, with one thing unknown or against it. */
const stricter: readonly ((each: Approach) => Approach)[] = [
  ...(["erased", "merged", "archived", "orphaned", "restricted"] as const).map((key) => (each: Approach) => ({
    ...each,
    record: { ...each.record, [key]: true },
  })),
  ...(["tilladKampagne", "gdprOk", "gdprDato", "robinsonCheckedAt", "kundetype", "virksomhedsform"] as const).map(
    (key) => (each: Approach) => ({ ...each, record: { ...each.record, [key]: null } }),
  ),
  (each) => ({ ...each, record: { ...each.record, indsigelse: "2026-11-01" } }),
  (each) => ({ ...each, record: { ...each.record, reklamebeskyttet: true } }),
  (each) => ({ ...each, record: { ...each.record, robinsonListed: true } }),
  (each) => ({ ...each, record: { ...each.record, findesDeb: false } }),
  (each) => ({ ...each, record: { ...each.record, accountsAddress: each.address } }),
  (each) => ({ ...each, sender: "third_party" }),
  (each) => ({ ...each, contact: true }),
  (each) => ({ ...each, address: null }),
  // Facts that end a permission are no permission: without them a company could be written to again.
  (each) => ({ ...each, consents: each.consents.filter(({ kind }) => ENDS.has(kind)) }),
];

test("d.9 deny wins and unknown is no: nothing that is stricter or not known allows what was refused", () => {
  fc.assert(
    fc.property(approaches, fc.constantFrom(...stricter), (each, make) => {
      fc.pre(!eligible(each).allowed);
      expect(eligible(make(each)).allowed).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

test("d.9 what is allowed names no reason, what is refused names each once, in a fixed order", () => {
  fc.assert(
    fc.property(approaches, (each) => {
      const { allowed, reasons } = eligible(each);
      expect(allowed).toBe(reasons.length === 0);
      expect(reasons).toEqual(refusalCodes.filter((code) => reasons.includes(code)));
    }),
  );
});

test("R23 facts come to the same in whatever order they are told, and a later withdrawal always ends them", () => {
  const asked = { address: ADDRESS, channel: "email", purpose: "markedsfoering" } as const;
  fc.assert(
    fc.property(fc.array(facts, { maxLength: 8 }), approaches, (told, each) => {
      const distinct = [...new Map(told.map((fact) => [`${fact.kind} ${fact.at}`, fact])).values()];
      const [there, back] = [distinct, distinct.toReversed()].map((all) => consentStateOf(all, asked, NOW));
      expect(back).toEqual(there);
      const out = consent({ kind: "withdrawn", channel: each.channel, at: "2026-11-28T00:00:00.000Z" });
      const after = eligible({ ...each, purpose: "markedsfoering", address: ADDRESS, consents: [...told, out] });
      expect(after.reasons).toContain("consent_withdrawn");
    }),
  );
});

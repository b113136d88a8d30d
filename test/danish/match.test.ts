import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseMatch, matchTier } from "../../src/danish/match.ts";
import type { MatchFacts } from "../../src/danish/match-evidence.ts";
import { blockKeys, lockKeysOf, matchKeys } from "../../src/danish/match-keys.ts";

// Cases: Kobling domain notes, section e.8; names and addresses are invented.
const cvr = "12345674";
const otherCvr = "45123456";
const acme: MatchFacts = {
  cvrNr: cvr,
  firmanavn: "Nørregård & Sønner A/S",
  adresse1: "Nørregade 12",
  postnr: "8000",
  landekode: "DK",
};
const withoutCvr: MatchFacts = { ...acme, cvrNr: null };

test.each(["krakId", "kobId", "tdcId", "googlePlaceId"] as const)("M1 an equal %s links", (id) => {
  expect(matchTier({ [id]: "42" }, { ...acme, [id]: "42" })).toMatchObject({ tier: "M1", action: "link" });
});

test("M1 an equal register id under two CVR numbers is a conflict", () => {
  const hit = matchTier({ ...acme, krakId: "42" }, { ...acme, cvrNr: otherCvr, krakId: "42" });
  expect(hit).toEqual({ tier: "M1", action: "conflict", reason: "register_id_other_cvr" });
});

test("M2 CVR with a shared P-number, or with the same SE number, links", () => {
  const unit = { ...acme, pNumre: ["1003388394", "1000000001"] };
  expect(matchTier(unit, { ...acme, firmanavn: "Butikken", pNumre: ["1003388394"] })).toMatchObject({
    tier: "M2",
    action: "link",
  });
  expect(matchTier({ ...acme, seNr: "20000023" }, { cvrNr: cvr, seNr: "20000023" })).toMatchObject({ tier: "M2" });
});

test("M3 CVR and a similar name link, also after a move", () => {
  const moved = { ...acme, firmanavn: "Nørregaard og Sønner ApS", adresse1: "Elmevej 5", postnr: "5000" };
  expect(matchTier(acme, moved)).toEqual({ tier: "M3", action: "link", reason: "cvr_and_name" });
  expect(chooseMatch(moved, [{ id: "a", facts: acme }])).toEqual({ kind: "one", id: "a", tier: "M3" });
});

test("M3 a renamed company, or a binavn, is put before a person", () => {
  const renamed = { ...acme, firmanavn: "Havnens Elværk" };
  expect(matchTier(acme, renamed)).toEqual({ tier: "M3", action: "queue", reason: "cvr_renamed" });
  expect(chooseMatch(renamed, [{ id: "a", facts: acme }])).toEqual({ kind: "several", ids: ["a"], tier: "M3" });
});

test("M4 one CVR number, two P-units at two addresses: a person chooses", () => {
  const one = { ...acme, pNumre: ["1003388394"] };
  const two = { ...acme, pNumre: ["1000000001"], adresse1: "Elmevej 5" };
  expect(matchTier(one, two)).toEqual({ tier: "M4", action: "queue", reason: "cvr_other_unit" });
  expect(chooseMatch(two, [{ id: "a", facts: one }])).toMatchObject({ kind: "several", tier: "M4" });
});

test("M4 several records of one CVR number are ranked by address, then by name", () => {
  const records = [
    { id: "a", facts: { ...acme, adresse1: "Elmevej 5", firmanavn: "Nørregård Transport" } },
    { id: "b", facts: { ...acme, adresse1: "Elmevej 5" } },
    { id: "c", facts: { ...acme, firmanavn: "Havnens Elværk" } },
  ];
  expect(chooseMatch(acme, records)).toEqual({ kind: "several", ids: ["c", "b", "a"], tier: "M4" });
});

test("M2 decides between several records of one CVR number", () => {
  const records = [
    { id: "a", facts: { ...acme, pNumre: ["1000000001"] } },
    { id: "b", facts: { ...acme, pNumre: ["1003388394"] } },
  ];
  expect(chooseMatch({ ...acme, pNumre: ["1003388394"] }, records)).toEqual({ kind: "one", id: "b", tier: "M2" });
});

test("M5 a shared GLN is put before a person, a wrong one is no evidence", () => {
  const gln = "5798000000001";
  expect(matchTier({ eanLokationsnr: gln }, { eanLokationsnr: gln })).toMatchObject({ tier: "M5", action: "queue" });
  expect(matchTier({ eanLokationsnr: "5790001234567" }, { eanLokationsnr: "5790001234567" })).toBeNull();
});

test("M6 name and address link only where neither side has a CVR number", () => {
  const spelled = { ...withoutCvr, firmanavn: "NORREGAARD OG SONNER A/S", adresse1: "NØRREGADE 12, 1. tv" };
  expect(matchTier(spelled, withoutCvr)).toEqual({ tier: "M6", action: "link", reason: "name_and_address" });
  expect(matchTier(withoutCvr, acme)).toMatchObject({ tier: "M6", action: "queue" });
  expect(matchTier(acme, withoutCvr)).toMatchObject({ tier: "M6", action: "queue" });
});

test("M6 an invalid CVR number is no key, yet it is one number too many to link by name", () => {
  expect(matchTier({ ...acme, cvrNr: "12345678" }, { ...acme, cvrNr: "12345678" })).toMatchObject({
    tier: "M6",
    action: "queue",
  });
});

test.each([
  ["another legal form", { firmanavn: "Nørregård & Sønner ApS" }, "name_and_address_other_form"],
  ["persons, father and son", { kundetype: "BTC" }, "name_and_address_persons"],
])("M6 %s at one address: a person chooses", (_what, change, reason) => {
  expect(matchTier(withoutCvr, { ...withoutCvr, ...change })).toEqual({ tier: "M6", action: "queue", reason });
});

test("M6 a trade's name says nothing without its owner, and two owners are two firms", () => {
  const at = (firmanavn: string): MatchFacts => ({ ...withoutCvr, firmanavn });
  expect(matchTier(at("Malerfirma"), at("Malerfirma v/Jens Hansen"))).toMatchObject({ action: "queue" });
  expect(matchTier(at("Malerfirma v/Ib Juul"), at("Malerfirma v/Jens Hansen"))).toMatchObject({ action: "queue" });
  expect(matchTier(at("Malerfirma v/Jens Hansen"), at("Malerfirma v/Jens Hansen"))).toMatchObject({ action: "link" });
});

test("M6 two records that fit equally well are put before a person", () => {
  const records = ["b", "a"].map((id) => ({ id, facts: withoutCvr }));
  expect(chooseMatch(withoutCvr, records)).toEqual({ kind: "several", ids: ["a", "b"], tier: "M6" });
});

test("two valid CVR numbers are two companies, whatever else agrees", () => {
  expect(matchTier(acme, { ...acme, cvrNr: otherCvr, eanLokationsnr: "5798000000001" })).toBeNull();
  expect(chooseMatch(acme, [{ id: "a", facts: { ...acme, cvrNr: otherCvr } }])).toEqual({ kind: "none" });
});

test("R2 a number that one side has as SE and the other as CVR is a hint, not a link", () => {
  const ledger = { ...acme, cvrNr: otherCvr };
  const crm = { ...acme, seNr: otherCvr };
  expect(matchTier(ledger, crm)).toEqual({ tier: "M3", action: "queue", reason: "se_is_others_cvr" });
  expect(matchTier(crm, ledger)).toEqual({ tier: "M3", action: "queue", reason: "se_is_others_cvr" });
});

test("match keys are sorted, and only valid numbers make one", () => {
  expect(matchKeys({ ...acme, krakId: "7", eanLokationsnr: "5790001234567" })).toEqual([
    "M1:krakId:7",
    `M3:${cvr}`,
    "M6:DK|8000|noerregade|12|norregard og sonner",
  ]);
  expect(matchKeys({ cvrNr: "12345678", firmanavn: "Uden adresse" })).toEqual([]);
});

// M7, M8 and the second agreement: docs/decisions/0016.
const reached: MatchFacts = { ...withoutCvr, telefon: "70 10 20 30", emailDomaener: ["noerregaard.dk"] };
const telephone: MatchFacts = { firmanavn: "Nørregård & Sønner A/S", telefon: "+45 70102030", postnr: "5000" };

test("M3 a renamed company links where telephone or domain is still the same; a person's business does not", () => {
  const renamed = { ...reached, cvrNr: cvr, firmanavn: "Havnens Elværk" };
  const known = { ...reached, cvrNr: cvr };
  expect(matchTier(renamed, known)).toEqual({ tier: "M3", action: "link", reason: "cvr_renamed_same_telephone" });
  expect(matchTier({ ...renamed, telefon: null }, known)).toMatchObject({ reason: "cvr_renamed_same_domain" });
  expect(matchTier({ ...renamed, telefon: null, emailDomaener: ["gmail.com"] }, known)).toMatchObject({
    action: "queue",
  });
  expect(matchTier({ ...renamed, kundetype: "BTC" }, known)).toMatchObject({ action: "queue", reason: "cvr_renamed" });
});

test.each([
  ["a letter typed wrongly", { firmanavn: "Nørregård & Sønmer A/S" }],
  ["two neighbours swapped, one left out", { firmanavn: "Nørergård & Sønnr A/S" }],
  ["a fault in the street", { adresse1: "Nøregade 12" }],
  ["a Danish letter left out of the street", { adresse1: "Nrregade 12" }],
  ["the two lines of the address swapped", { adresse1: "2. sal", adresse2: "Nørregade 12" }],
  ["an old encoding", { firmanavn: "N›rreg†rd & S›nner A/S" }],
  ["UTF-8 read as windows-1252", { firmanavn: "NÃ¸rregÃ¥rd & SÃ¸nner A/S" }],
  ["7-bit Danish", { firmanavn: "N|rreg}rd & S|nner A/S" }],
  ["a CVR number on one side", { cvrNr: cvr, firmanavn: "Nørregård & Søner A/S" }],
])("M6 %s links where the telephone is equal", (_what, change) => {
  const hit = matchTier({ ...reached, emailDomaener: null, ...change }, reached);
  expect(hit).toMatchObject({ tier: "M6", action: "link" });
});

test.each<[string, MatchFacts, MatchFacts]>([
  ["another legal form", { ...reached, firmanavn: "Nørregård & Sønner ApS" }, reached],
  ["persons", { ...reached, kundetype: "BTC" }, reached],
  ["a CVR number on each side, one of them invalid", { ...reached, cvrNr: "12345678" }, { ...reached, cvrNr: cvr }],
  ["another house", { ...reached, adresse1: "Nørregade 14" }, reached],
  ["another owner", { ...reached, firmanavn: "Ahorn v/Ib Juul" }, { ...reached, firmanavn: "Ahorn v/Bo Juul" }],
  [
    "an owner with a form",
    { ...reached, firmanavn: "Ahorn v/Ib Juul ApS" },
    { ...reached, firmanavn: "Ahorn v/Ib Juul" },
  ],
  ["a number in the name", { ...reached, firmanavn: "Holm 1 A/S" }, { ...reached, firmanavn: "Holm 2 A/S" }],
  ["a word more", { ...reached, firmanavn: "Holm Holding A/S" }, { ...reached, firmanavn: "Holm A/S" }],
  ["another trade", { ...reached, firmanavn: "Holm Byg" }, { ...reached, firmanavn: "Holm VVS" }],
  ["other P-units", { ...reached, firmanavn: "Nøregård & Sønner", pNumre: ["1"] }, { ...reached, pNumre: ["2"] }],
])("M6 %s never links by telephone and house", (_what, a, b) => {
  expect(matchTier(a, b)?.action).not.toBe("link");
});

test("M7 telephone or domain with a like name is put before a person, wherever the house is", () => {
  expect(matchTier(telephone, reached)).toEqual({ tier: "M7", action: "queue", reason: "name_and_telephone" });
  expect(matchTier({ ...telephone, telefon: null, emailDomaener: ["mail.noerregaard.dk"] }, reached)).toMatchObject({
    tier: "M7",
    reason: "name_and_domain",
  });
  expect(matchTier({ ...telephone, firmanavn: "Havnens Elværk" }, reached)).toBeNull();
  const numbered = (firmanavn: string): MatchFacts => ({ ...telephone, firmanavn });
  expect(matchTier(numbered("Havneholm Invest 1"), numbered("Havneholm Invest 2"))).toBeNull();
  expect(matchTier({ ...telephone, telefon: "112" }, { ...reached, telefon: "112" })).toBeNull();
  expect(matchTier({ ...telephone, cvrNr: cvr }, { ...reached, cvrNr: otherCvr })).toBeNull();
});

test("M8 a name that sounds alike, or is typed alike, in the same postal code is put before a person", () => {
  const at = (firmanavn: string, more: MatchFacts = {}): MatchFacts => ({ firmanavn, postnr: "8000", ...more });
  const low = { tier: "M8", action: "queue", reason: "like_name_and_postal_code" };
  expect(matchTier(at("Christensen Byg ApS"), at("Kristensen Byg"))).toEqual(low);
  expect(matchTier(at("Møllers Bogtryk"), at("Mullers Bogtryk"))).toEqual(low);
  expect(matchTier(at("Petersen Bygmester"), at("Pedorsen Bogmester"))).toBeNull();
  expect(matchTier(at("Kristensen Byg"), at("Christensen VVS"))).toBeNull();
  expect(matchTier(at("Holm Nr. 1 ApS"), at("Holm Nr. 11 ApS"))).toBeNull();
  expect(matchTier(at("Christensen Byg"), { ...at("Kristensen Byg"), postnr: "8200" })).toBeNull();
  expect(matchTier(at("Malermester"), at("Malermestr"))).toBeNull();
  const person = { kundetype: "BTC", adresse1: "Elmevej 5" };
  expect(matchTier(at("Jens Hansen", person), at("Jens Hanson"))).toBeNull();
  expect(matchTier(at("Jens Hansen", person), at("Jens Hanson", person))).toMatchObject({
    tier: "M8",
    reason: "like_name_and_house",
  });
});

test("a sure match goes before doubtful ones, and doubtful ones are a person's, best first", () => {
  const records = [
    { id: "a", facts: telephone },
    { id: "b", facts: reached },
  ];
  expect(chooseMatch({ ...reached, firmanavn: "Nøregård & Sønner A/S" }, records)).toMatchObject({
    kind: "one",
    id: "b",
  });
  expect(chooseMatch({ ...telephone, postnr: "9000" }, records)).toEqual({
    kind: "several",
    ids: ["a", "b"],
    tier: "M7",
  });
});

const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: null });
const anyFacts: fc.Arbitrary<MatchFacts> = fc.record({
  cvrNr: some(cvr, otherCvr, "12345678"),
  seNr: some(cvr, otherCvr, "20000023"),
  pNumre: some(["1003388394"], ["1000000001"], []),
  krakId: some("1", "2"),
  eanLokationsnr: some("5798000000001", "5798000123458"),
  firmanavn: some(
    ...["Nørregård A/S", "Norregard ApS", "Nørregårt", "Malerfirma v/Ib", "Malerfirma", "Havblik"],
    ...["Jens Holm Byg Havn Drift", "Jens Holm Byg Havn Drft", "Jans Hlm Byg Havn Drift"],
  ),
  telefon: some("70102030", "+45 70 10 20 30", "70102031", "112"),
  emailDomaener: some(["holm.dk"], ["www.holm.dk", "havn.dk"], ["gmail.com"]),
  kundetype: some("BTB", "BTC"),
  adresse1: some("Elmevej 5", "Elmevj 5", "Elmevej 5, 1. tv", "Elmevej 6", "Postboks 5"),
  postnr: some("8000", "8200"),
  landekode: some("DK", "NO"),
});

test("evidence is the same from both sides, and who matches shares a key", () => {
  fc.assert(
    fc.property(anyFacts, anyFacts, (a, b) => {
      const hit = matchTier(a, b);
      expect(matchTier(b, a)).toEqual(hit);
      const keys = [...matchKeys(b), ...blockKeys(b)];
      if (hit !== null) expect([...matchKeys(a), ...blockKeys(a)].filter((key) => keys.includes(key))).not.toEqual([]);
      if (hit?.action === "link") expect(lockKeysOf(a).filter((key) => lockKeysOf(b).includes(key))).not.toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

test("two valid CVR numbers are never linked, whatever the facts", () => {
  fc.assert(
    fc.property(anyFacts, fc.array(anyFacts, { maxLength: 4 }), (facts, others) => {
      const candidate = { ...facts, cvrNr: cvr, seNr: null };
      const records = others.map((each, index) => ({ id: String(index), facts: each }));
      const choice = chooseMatch(candidate, records);
      if (choice.kind !== "one") return;
      expect(records.find(({ id }) => id === choice.id)?.facts.cvrNr).not.toBe(otherCvr);
    }),
    { numRuns: 2000 },
  );
});

test("the order of the records makes no difference", () => {
  fc.assert(
    fc.property(anyFacts, fc.array(anyFacts, { maxLength: 5 }), (candidate, others) => {
      const records = others.map((each, index) => ({ id: String(index), facts: each }));
      expect(chooseMatch(candidate, [...records].reverse())).toEqual(chooseMatch(candidate, records));
    }),
  );
});

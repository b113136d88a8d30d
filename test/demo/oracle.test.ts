import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compareSystems, type LinkOf, type Reading, tally } from "../../demo/oracle.ts";
import { countFaults, countRuns } from "../../demo/summary.ts";

const nothing = { held: new Set<string>(), withheld: new Set<string>(), quarantined: new Set<string>() };

const master = {
  Navn: "Nordhavn Bageri ApS",
  Adr1: "Algade 1",
  PostNr: "4000",
  ByNavn: "Roskilde",
  Land: "DK",
  Telefon: "46 35 00 00",
  SE_Nr: "12345674",
};

/** One company that both systems have, alike, with the changes of a test laid over it. */
function reading(ledger: Record<string, string> = {}, crm: Record<string, string> = {}): Reading {
  return {
    ledger: { Debitorer: [{ Kontonr: "1", ...master, Gruppe: "INDLAND", ...ledger }], Kreditorer: [] },
    crm: { KundeEmner: [{ Kontonr: "9", ...master, GruppeDeb: "INDLAND", ...crm }], Kontaktpersoner: [] },
  };
}

const link = (object: string, externalId: string, entityId = "a"): LinkOf => ({
  ...{ object, externalId, entityId },
  state: "linked",
});
const links = [link("debitor", "1"), link("kundeemne", "9")];

test("companies that are alike in both systems show no difference", () => {
  expect(compareSystems(reading(), links)).toEqual({
    ...{ differences: [], spellings: [], unlinked: [], doubled: [] },
    shared: 1,
  });
});

test.each([
  ["a phone", { Telefon: "46 35 00 01" }, "telefon"],
  ["a part of an address", { Adr1: "Algade 2" }, "adresse"],
  ["a value that one side lacks", { Telefon: "" }, "telefon"],
  ["a field that the systems name differently", { Gruppe: "UDLAND" }, "bogfoeringsgruppeDeb"],
  ["a registration number", { SE_Nr: "12345682" }, "registration"],
])("%s that differs is found, with its unit and both values", (_, ledger, unit) => {
  const { differences } = compareSystems(reading(ledger), links);
  expect(differences.map((each) => [each.entityId, each.unit])).toEqual([["a", unit]]);
  expect(differences[0]?.values).toHaveLength(2);
});

test("several fields of an address are one value, so they differ once", () => {
  const { differences } = compareSystems(reading({ Adr1: "Bredgade 2", PostNr: "4300", ByNavn: "Holbæk" }), links);
  expect(differences).toHaveLength(1);
});

test.each([
  ["a phone with a country code", { Telefon: "+4546350000" }],
  ["a registration number with its country", { SE_Nr: "DK 12345674" }],
  ["a blank currency and DKK", { Valuta: "DKK" }],
  ["outer and double space", { Navn: " Nordhavn  Bageri ApS" }],
])("%s means the same and is no difference", (_, crm) => {
  const { differences, spellings } = compareSystems(reading({}, crm), links);
  expect([differences, spellings]).toEqual([[], []]);
});

test("another spelling is told apart from another value", () => {
  const { differences, spellings } = compareSystems(reading({}, { Navn: "NORDHAVN BAGERI A.P.S." }), links);
  expect(differences).toEqual([]);
  expect(spellings.map((each) => each.unit)).toEqual(["firmanavn"]);
});

test("a value of a company that stands twice in the ledger counts once", () => {
  const both = reading({ Telefon: "46 35 00 01" });
  const twice = {
    ...both,
    ledger: { ...both.ledger, Kreditorer: [{ Kontonr: "1", ...master, Telefon: "46 35 00 02" }] },
  };
  const { differences, shared } = compareSystems(twice, [...links, link("kreditor", "1")]);
  expect(shared).toBe(2);
  expect(differences).toHaveLength(1);
  expect(differences[0]?.rows).toEqual(["debitor 1", "kundeemne 9", "kreditor 1"]);
});

test("the ledger's contact is compared with the CRM's primary contact", () => {
  const { crm, ledger } = reading({ Kontakt: "Ida Holm", Email: "ida@nordhavn.example" });
  const person = { Id: "7", EmneNr: "9", Navn: "Ida Holm", Email: "ida.holm@nordhavn.example", Primaer: "1" };
  const read = { ledger, crm: { ...crm, Kontaktpersoner: [person] } };
  const { differences } = compareSystems(read, [...links, link("kontaktperson", "7", "b")]);
  expect(differences.map((each) => each.unit)).toEqual(["primaer.email"]);
});

test("a contact that the CRM has not got is a difference, unless the ledger has none either", () => {
  expect(compareSystems(reading({ Kontakt: "Ida Holm" }), links).differences.map((each) => each.unit)).toEqual([
    "primaer.navn",
  ]);
  expect(compareSystems(reading(), links).differences).toEqual([]);
});

test("a company that one system has not got, and a row that no record stands behind, are both told", () => {
  const { differences, unlinked } = compareSystems(reading(), [link("debitor", "1")]);
  expect(differences.map((each) => each.unit)).toEqual(["record"]);
  expect(unlinked).toEqual(["kundeemne 9"]);
});

test("a company that was made twice in the CRM is told by its number, however it is written", () => {
  const { ledger, crm } = reading();
  const again = { Kontonr: "10", ...master, SE_Nr: "DK12 34 56 74" };
  const read = { ledger, crm: { ...crm, KundeEmner: [...(crm.KundeEmner ?? []), again] } };
  expect(compareSystems(read, [...links, link("kundeemne", "10", "b")]).doubled).toEqual(["12345674"]);
});

test("every difference has one reason or is drift, so that they add up", () => {
  const { differences } = compareSystems(
    reading({ Telefon: "70 00 00 00", Navn: "Et andet navn", Adr1: "Bredgade 1", Att: "Ida" }),
    links,
  );
  const judged = tally(differences, { ...nothing, held: new Set(["a firmanavn"]), withheld: new Set(["a adresse"]) });
  expect({ ...judged, drift: judged.drift.map((each) => each.unit) }).toEqual({
    ...{ differences: 4, held: 1, withheld: 1, quarantined: 0 },
    drift: ["telefon", "attention"],
  });
  const aside = tally(differences, { ...nothing, quarantined: new Set(["debitor 1"]) });
  expect([aside.quarantined, aside.drift]).toEqual([4, []]);
});

test("a company that waits for its name to be decided is missing for that reason, and for no other", () => {
  const { differences } = compareSystems(reading(), [link("debitor", "1")]);
  expect(tally(differences, { ...nothing, held: new Set(["a firmanavn"]) })).toMatchObject({ held: 1, drift: [] });
  expect(tally(differences, { ...nothing, held: new Set(["a adresse"]) })).toMatchObject({ held: 0 });
});

test("the oracle imports nothing of the gateway", () => {
  const folder = new URL("../../demo/", import.meta.url);
  for (const file of ["oracle.ts", "normal-form.ts", "units.ts"]) {
    expect(readFileSync(new URL(file, folder), "utf8")).not.toMatch(/from "\.\.\/(src|bench)\//);
  }
});

test("outcomes of runs add up to what was read, and a run in which they do not is told", () => {
  const run = (counts: Record<string, number>, kind = "delta") => ({
    ...{ id: 1, connection: "erp", object: null, kind, state: "done", counts, detail: null },
  });
  const sound = run({ read: 10, created: 3, linked: 2, updated: 1, unchanged: 2, held: 1, quarantined: 1 });
  expect(countRuns([sound, sound, run({ read: 99 }, "preview")])).toEqual({
    ...{ read: 20, created: 6, linked: 4, updated: 2, unchanged: 4, held: 2, quarantined: 2 },
  });
  expect(countFaults([sound])).toEqual([]);
  expect(countFaults([run({ read: 2, created: 1 })])).toEqual(["run 1 (delta of erp) read 2 and accounts for 1"]);
});

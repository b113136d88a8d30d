import fc from "fast-check";
import { expect, test } from "vitest";
import { kundetypeOf, readCompanyForm } from "../../src/danish/company-form.ts";
import { nameKey } from "../../src/danish/company-name.ts";
import { nameSimilarity, trigramSimilarity, trigramsOf } from "../../src/danish/name-similarity.ts";
import { keyLoose } from "../../src/danish/text.ts";

// Vectors: Kobling domain notes, section e.6; computed.
test.each([
  ["Nørregård & Sønner A/S", "noerregaard og soenner", "A/S"],
  ["NØRREGAARD OG SØNNER A / S", "noerregaard og soenner", "A/S"],
  ["Norregaard og Sonner", "norregaard og sonner", undefined],
  ["A/S Dansk Skruefabrik", "dansk skruefabrik", "A/S"],
  ["Dansk Skruefabrik Aktieselskab", "dansk skruefabrik", "A/S"],
  ["Dansk Skruefabrik ApS", "dansk skruefabrik", "ApS"],
  ["Dansk Skruefabrik A.S.", "dansk skruefabrik", "A/S"],
  ["Dansk Skruefabrik AS", "dansk skruefabrik", "A/S"],
  ["Café Smørrebrød ApS (under konkurs)", "cafe smoerrebroed", "ApS"],
  ["Dansk Skruefabrik A/S under tvangsopløsning", "dansk skruefabrik", "A/S"],
  ["Dansk Skruefabrik I/S i likvidation", "dansk skruefabrik", "I/S"],
  ["Foreningen Havblik F.M.B.A.", "foreningen havblik", "F.M.B.A."],
  ["Havnens Elværk a.m.b.a.", "havnens elvaerk", "A.M.B.A."],
  ["Ærø Bådværft K/S", "aeroe baadvaerft", "K/S"],
  ["O'Neill Danmark IVS", "oneill danmark", "IVS"],
  ["Kaas ApS", "kaas", "ApS"],
  ["Anpartsselskabet Elmegården", "elmegaarden", "ApS"],
  ["3F", "3f", undefined],
  ["7-Eleven", "7 eleven", undefined],
  ["A/S", "a s", "A/S"],
  ["&", "og", undefined],
  ["!!!", "!!!", undefined],
])("the name key of %s is %s, its form %s", (name, key, form) => {
  const folded = nameKey(name);
  expect(folded.key).toBe(key);
  expect(folded.form).toBe(form);
});

test("o typed for ø and a for å have the same loose key", () => {
  const loose = ["Nørregård & Sønner A/S", "Norregaard og Sonner"].map((name) => keyLoose(nameKey(name).key));
  expect(loose).toEqual(["norregard og sonner", "norregard og sonner"]);
});

test("the owner behind v/ is kept apart, and a trade alone is a generic name", () => {
  expect(nameKey("Malerfirma v/Jens Hansen")).toEqual({ key: "malerfirma", owner: "jens hansen", generic: true });
  expect(nameKey("Hansens Malerfirma v/ Jens Hansen")).toMatchObject({ owner: "jens hansen", generic: false });
  expect(nameKey("Nørregård A/S").generic).toBe(false);
});

const words = fc.constantFrom(
  "A/S",
  "ApS",
  "as",
  "a.m.b.a",
  "K/S",
  "under",
  "konkurs",
  "i",
  "likvidation",
  "v/",
  "&",
  "+",
  "Ærø",
  "Kaas",
  "(",
  ")",
  ".",
  "-",
  "O'Neill",
  "holding",
  "ivs",
);
const names = fc.oneof(
  fc.array(words, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(" ")),
  fc.array(words, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme" }),
);

test("the name key of a name key is itself, and no name with a sign in it has an empty one", () => {
  fc.assert(
    fc.property(names, (name) => {
      const { key } = nameKey(name);
      expect(nameKey(key).key).toBe(key);
      expect(key === "").toBe(name.trim() === "");
    }),
    { numRuns: 2000 },
  );
});

test("trigrams are padded as pg_trgm pads them", () => {
  expect([...trigramsOf("cat")].sort()).toEqual(["  c", " ca", "at ", "cat"]);
  expect([...trigramsOf("foo|bar")].sort()).toEqual(["  b", "  f", " ba", " fo", "ar ", "bar", "foo", "oo "]);
});

test("similarity is Dice over trigrams, not pg_trgm's own Jaccard", () => {
  // word / two words: 4 shared of 5 and 11 trigrams.
  expect(trigramSimilarity("word", "two words")).toBeCloseTo((2 * 4) / (5 + 10), 10);
  expect(nameSimilarity("Dansk Skruefabrik A/S", "DANSK SKRUEFABRIK ApS")).toBe(1);
  expect(nameSimilarity("Dansk Skruefabrik", "Havnens Elværk")).toBeLessThan(0.2);
});

test("similarity lies between 0 and 1, is the same both ways, and 1 with itself", () => {
  fc.assert(
    fc.property(names, names, (a, b) => {
      const similarity = nameSimilarity(a, b);
      expect(similarity).toBeGreaterThanOrEqual(0);
      expect(similarity).toBeLessThanOrEqual(1);
      expect(nameSimilarity(b, a)).toBe(similarity);
      if (/[a-z0-9]/i.test(a)) expect(nameSimilarity(a, a)).toBe(1);
    }),
  );
});

test.each([
  ["80", 80],
  ["080", 80],
  ["ApS", 80],
  ["Anpartsselskab", 80],
  ["a/s", 60],
  ["A.M.B.A.", 140],
  ["S.M.B.A.", 150],
  ["Kommanditaktieselskab/Partnerselskab", 70],
  ["Enkeltmandsvirksomhed", 10],
  ["Kommune", 250],
])("the company form %s has code %d", (text, code) => {
  expect(readCompanyForm(text)).toMatchObject({ ok: true, value: { code } });
});

test("an unknown form is a fault, and public forms suggest BTG", () => {
  expect(readCompanyForm("GmbH")).toMatchObject({ ok: false, code: "form_unknown" });
  expect(kundetypeOf(250)).toEqual({ kundetype: "BTG", isPersonalData: false });
  expect(kundetypeOf(10)).toEqual({ kundetype: "BTB", isPersonalData: true });
  expect(kundetypeOf(110)).toBeUndefined();
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { compareDa, keyDa, keyLoose, looseText } from "../../src/danish/text.ts";

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.stringMatching(/^[a-zæøåÆØÅäöüéœß .,-]{0,20}$/),
);

test.each([
  ["Ærø Bådværft", "aeroe baadvaerft"],
  ["Öland", "oeland"],
  ["Käse", "kaese"],
  ["Müller", "muller"],
  ["Café", "cafe"],
  ["Œuvre", "oeuvre"],
  ["Ǽ Ǿ", "ae oe"],
  ["A\u030Arhus", "aarhus"],
])("the Danish key of %s is %s", (text, key) => {
  expect(keyDa(text)).toBe(key);
});

test("who types o for ø and a for å has the same loose key", () => {
  expect(keyLoose("Nørregård & Sønner")).toBe(keyLoose("Norregard & Sonner"));
  expect(keyLoose("Nørregaard")).toBe("norregard");
});

test("keys of keys are themselves", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(keyDa(keyDa(text))).toBe(keyDa(text));
      expect(keyLoose(keyLoose(text))).toBe(keyLoose(text));
      expect(looseText(looseText(text))).toBe(looseText(text));
    }),
  );
});

test("R17 the loose key of a sign that is made of two is a key of its own", () => {
  const key = looseText("\u05e9\u05c1\u2add\u0338");
  expect(looseText(key)).toBe(key);
});

test("case and composition make no difference to a key", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zæøåéü .-]{0,20}$/), (text) => {
      for (const key of [keyDa, keyLoose, looseText]) {
        expect(key(text.toUpperCase())).toBe(key(text));
        expect(key(text.normalize("NFD"))).toBe(key(text));
      }
    }),
  );
});

test("R17 case, space and punctuation are folded, and the letters are not", () => {
  expect(looseText("Nørregård & Sønner A/S")).toBe(looseText("NØRREGÅRD  &SØNNER, A/S."));
  expect(looseText("Nørregård")).not.toBe(looseText("Norregard"));
  expect(looseText(" - ")).toBe("-");
  expect(looseText("")).toBe("");
});

test("R17 a value is cut as the remote would have cut it", () => {
  expect(looseText("Dansk Skruefabrik A/S", 10)).toBe(looseText("DANSK SKRU"));
  expect(looseText("Dansk", 10)).toBe("dansk");
  expect(looseText("ab😀d", 3)).toBe(looseText("ab😀"));
});

test("names stand in Danish order", () => {
  const sorted = "Andersen,Ansager,Zebra,Ærø,Öland,Ørsted,Aabenraa,Åkirkeby,Ålborg,Aalborg,aalborg,Aarhus".split(",");
  expect([...sorted].reverse().sort(compareDa)).toEqual(sorted);
});

test("the collator takes aa for å, so it sorts and never decides equality", () => {
  expect(compareDa("Isaac", "Isak")).toBeGreaterThan(0);
  expect(keyDa("Isaac")).not.toBe(keyDa("Isak"));
});

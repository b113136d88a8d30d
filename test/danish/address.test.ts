import fc from "fast-check";
import { expect, test } from "vitest";
import { addressKey, readStreet } from "../../src/danish/address.ts";
import { expandStreet } from "../../src/danish/street-name.ts";

// Vectors: Kobling domain notes, section e.3; the addresses are invented.
test.each([
  ["Nørregade 12, 2. tv.", { street: "nørregade", no: "12", floor: "2", door: "tv" }],
  ["NØRREGADE 12 2 TV", { street: "nørregade", no: "12", floor: "2", door: "tv" }],
  ["Nørregade 12, 2. sal t.v.", { street: "nørregade", no: "12", floor: "2", door: "tv" }],
  ["Nørregade 12, 2tv", { street: "nørregade", no: "12", floor: "2", door: "tv" }],
  ["Nørregade 12, stuen til højre", { street: "nørregade", no: "12", rest: ", stuen til højre" }],
  ["Nørregade 12, stuen venstre", { street: "nørregade", no: "12", floor: "st", door: "tv" }],
  ["Gl. Kongevej 3 B, st. th", { street: "gammel kongevej", no: "3", letter: "B", floor: "st", door: "th" }],
  ["Gammel Kongevej 3B st th", { street: "gammel kongevej", no: "3", letter: "B", floor: "st", door: "th" }],
  ["Skovvej 7A kl.", { street: "skovvej", no: "7", letter: "A", floor: "kl" }],
  ["Store Kongensgade 59 C, 1. mf.", { street: "store kongensgade", no: "59", letter: "C", floor: "1", door: "mf" }],
  ["St. Kongensgade 59C, 1 mf", { street: "store kongensgade", no: "59", letter: "C", floor: "1", door: "mf" }],
  ["Skt. Annæ Plads 4", { street: "sankt annæ plads", no: "4" }],
  ["H.C. Andersens Vej 1", { street: "h c andersens vej", no: "1" }],
  ["Vesterbrogade 1E, 4.", { street: "vesterbrogade", no: "1", letter: "E", floor: "4" }],
  ["Hovedgaden 5, 3", { street: "hovedgaden", no: "5", floor: "3" }],
  ["Christian 4 Vej 10", { street: "christian 4 vej", no: "10" }],
  ["10. Februar Vej 5", { street: "10 februar vej", no: "5" }],
  ["C.O. Jensens Vej 5", { street: "c o jensens vej", no: "5" }],
  ["Torvet nr. 5", { street: "torvet", no: "5" }],
  ["Nørregade 012", { street: "nørregade", no: "12" }],
  ["Fabriksområdet", { street: "fabriksområdet" }],
])("%s is read", (text, expected) => {
  const { streetKey: _key, warnings, ...street } = readStreet(text);
  expect(street).toEqual(expected);
  expect(warnings).toEqual([]);
});

test("a range of houses is read with a warning", () => {
  expect(readStreet("Lærkevej 10-12")).toMatchObject({
    street: "lærkevej",
    no: "10",
    to: "12",
    warnings: [{ code: "house_number_range" }],
  });
});

test("a PO box is no street, and care of stands apart", () => {
  expect(readStreet("Postboks 55")).toMatchObject({ street: "", streetKey: "", poBox: "55" });
  expect(readStreet("c/o Hansen, Elmevej 5")).toMatchObject({ careOf: "Hansen", street: "elmevej", no: "5" });
  expect(addressKey({ adresse1: "Postboks 55", postnr: "8000" })).toBeNull();
});

test.each([
  ["Skt. Annæ Plads 4", "Sankt Annæ Plads 4"],
  ["Åboulevarden 23", "Aaboulevarden 23"],
  ["H.C. Andersens Vej 1", "H C Andersens Vej 1"],
  ["Nørregade 12, 2. tv.", "NØRREGADE 12 2 TV"],
  ["Ndr. Fasanvej 9", "Nordre Fasanvej 9"],
  ["Sdr. Boulevard 9", "Søndre Boulevard 9"],
  ["Lærkev. 3", "Lærkevej 3"],
  ["Kgs. Nytorv 1", "Kongens Nytorv 1"],
  ["Frederiksberg Allé 2", "Frederiksberg All. 2"],
  ["Dr. Tværgade 5", "Doktor Tværgade 5"],
  ["Peters G. 5", "Peters Gade 5"],
])("%s and %s are one house", (one, other) => {
  expect(addressKey({ adresse1: one, postnr: "1000" })).toBe(addressKey({ adresse1: other, postnr: "1000" }));
  expect(addressKey({ adresse1: one, postnr: "1000" })).not.toBeNull();
});

test.each([
  ["Lærkevej 14", "Lærkevej 14A"],
  ["Lærkevej 10", "Lærkevej 10-12"],
  ["Lærkevej 1", "Lærkevænget 1"],
])("%s and %s are two houses", (one, other) => {
  expect(addressKey({ adresse1: one, postnr: "1000" })).not.toBe(addressKey({ adresse1: other, postnr: "1000" }));
});

test("another postal code or country is another house, and no country is Denmark", () => {
  const key = addressKey({ adresse1: "Elmevej 5", postnr: "8000" });
  expect(addressKey({ adresse1: "Elmevej 5", postnr: "DK-8000", landekode: "DK" })).toBe(key);
  expect(addressKey({ adresse1: "Elmevej 5", postnr: "8000", landekode: "NO" })).not.toBe(key);
  expect(addressKey({ adresse1: "Elmevej 5", postnr: "8200" })).not.toBe(key);
  expect(addressKey({ adresse1: "Elmevej", postnr: "8000" })).toBeNull();
  expect(addressKey({ adresse1: null, postnr: "8000" })).toBeNull();
});

test("any text is read, and case makes no difference", () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.stringMatching(
      /^(Gl\. |St\. |c\/o Ib, )?[A-ZÆØÅ][a-zæøå]{2,8}(vej| Plads|gade)( [0-9]{1,3} ?[A-H]?(, ?(st|kl|[1-9])\.? ?(tv|th|mf)?)?)?$/,
    ),
  );
  fc.assert(
    fc.property(line, (text) => {
      const street = readStreet(text);
      expect(expandStreet(street.street)).toBe(street.street);
      if (/^[\x20-\x7eæøåÆØÅ]*$/.test(text)) expect(readStreet(text.toUpperCase()).streetKey).toBe(street.streetKey);
    }),
  );
});

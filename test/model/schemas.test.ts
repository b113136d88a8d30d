import { expect, test } from "vitest";
import { kontaktpersonCatalogue, kundeemneCatalogue } from "../../src/model/catalogue.ts";
import { flatten, nest } from "../../src/model/nesting.ts";
import { readBody } from "../../src/model/read-body.ts";
import { type BodyMode, inputSchema, jsonSchemaOf, outputSchema } from "../../src/model/schemas.ts";

const read = (mode: BodyMode, body: object) => readBody(kundeemneCatalogue, mode, body, { today: "2026-11-24" });
const values = (mode: BodyMode, body: object) => {
  const answer = read(mode, body);
  return answer.ok ? answer.values : answer.issues;
};
const issues = (body: object) => {
  const answer = read("patch", body);
  return answer.ok ? [] : answer.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
};

test("a body is read to flat values: nested groups, trimmed texts, compact numbers, empty as null", () => {
  const body = {
    firmanavn: " Ada ApS ",
    cvrNr: "DK 13 74 81 36",
    attention: "",
    gps: { lat: 55.6, lng: "12.5" },
    land: "Danmark",
  };
  expect(values("create", body)).toEqual({
    firmanavn: "Ada ApS",
    cvrNr: "13748136",
    attention: null,
    "gps.lat": "55.6",
    "gps.lng": "12.5",
    landekode: "DK",
  });
});

test.each([
  ["findesDeb", { findesDeb: true }, "findesDeb is computed"],
  ["saldoDeb", { saldoDeb: { beloeb: "1" } }, "saldoDeb.beloeb is computed"],
  ["kontonummer", { kontonummer: "1" }, "kontonummer is set once"],
  ["firmanvn", { firmanvn: "x" }, "There is no field firmanvn"],
])("%s is refused by name", (_, body, words) => {
  expect(issues(body).join()).toContain(words);
});

test("an account number may be given when the record is made", () => {
  expect(values("create", { firmanavn: "Ada", kontonummer: "0042" })).toMatchObject({ kontonummer: "0042" });
});

test("which contact is primary is said of a record that is there, never of one that is made", () => {
  const id = "0199c0de-0000-7000-8000-000000000000";
  expect(values("patch", { primaerKontaktId: id })).toEqual({ primaerKontaktId: id });
  expect(read("create", { firmanavn: "Ada", primaerKontaktId: id })).toMatchObject({
    ok: false,
    issues: [{ params: { code: "computed_field" } }],
  });
});

test("characters are counted, not code units: a name of a hundred emoji fits", () => {
  expect(values("patch", { firmanavn: "\u{1f600}".repeat(100) })).toEqual({ firmanavn: "\u{1f600}".repeat(100) });
});

test.each([
  [{ kundetype: "B2G" }, { kundetype: "BTG" }],
  [{ antalMedarbejdere: 12 }, { "antalMedarbejdere.fra": 12, "antalMedarbejdere.til": 12 }],
  [{ antalMedarbejdere: { fra: 10, til: 19 } }, { "antalMedarbejdere.fra": 10, "antalMedarbejdere.til": 19 }],
  [{ land: "Tyskland" }, { landekode: "DE" }],
  [{ land: null }, { landekode: null }],
  [{ maalgrupper: [" a", "a", ""] }, { maalgrupper: ["a"] }],
  [{ pNumre: ["10 0338 8394", "1000000001"] }, { pNumre: ["1003388394", "1000000001"] }],
  [{ maalgrupper: [] }, { maalgrupper: null }],
  [{ gps: { fetchedAt: "2026-01-31T12:00:00+01:00" } }, { "gps.fetchedAt": "2026-01-31T11:00:00.000Z" }],
  [{ bemaerk1: " a\n\0b " }, { bemaerk1: " a\nb " }],
  [{ besoegsadresse: { postnr: "0800" } }, { "besoegsadresse.postnr": "0800" }],
])("%o is taken as %o", (body, flat) => {
  expect(values("patch", body)).toEqual(flat);
});

test.each([
  [{ cvrNr: "12345678" }, "cvrNr"],
  [{ cvrNr: "010170-1234" }, "cvrNr"],
  [{ cvrNr: "---" }, "cvrNr"],
  [{ land: "Atlantis" }, "land"],
  [{ land: "Sverige", landekode: "DK" }, "land"],
  [{ landekode: "DK", postnr: "80000" }, "postnr"],
  [{ valuta: "HRK" }, "valuta"],
  [{ eanLokationsnr: "5790001234567" }, "eanLokationsnr"],
  [{ gdprDato: "2026-11-25" }, "gdprDato"],
  [{ gdprDato: "2026-02-30" }, "gdprDato"],
  [{ firmanavn: null }, "firmanavn"],
  [{ firmanavn: "x".repeat(101) }, "firmanavn"],
  [{ gps: { lat: "55.6" } }, "gps"],
  [{ gps: { lat: 0, lng: 0 } }, "gps"],
  [{ gps: { lat: 95, lng: 12 } }, "gps.lat"],
  [{ telefon: "12345678" }, "telefon"],
  [{ bogholderiEmail: "ada@" }, "bogholderiEmail"],
  [{ pNumre: ["100338839"] }, "pNumre"],
  [{ emnetyper: ["ven"] }, "emnetyper"],
])("%o is an issue at %s, without its value", (body, path) => {
  const found = issues(body);
  expect(found.map((issue) => issue.split(":")[0]?.split(".0")[0])).toContain(path);
  expect(found.join()).not.toMatch(/010170|Atlantis/);
});

test("an answer has every field of the catalogue, nested as the body is", () => {
  for (const catalogue of [kundeemneCatalogue, kontaktpersonCatalogue]) {
    const empty = Object.fromEntries(Object.keys(catalogue.fields).map((key) => [key, null]));
    expect(outputSchema(catalogue).parse(nest(empty))).toEqual(nest(empty));
    expect(flatten(catalogue, nest(empty))).toEqual(empty);
  }
});

test("JSON Schema of what may be written names limits and no computed field", () => {
  const text = JSON.stringify(jsonSchemaOf(inputSchema(kundeemneCatalogue, "create")));
  expect(text).toContain('"maxLength":100');
  expect(text).toContain('"additionalProperties":false');
  expect(text).not.toContain("findesDeb");
});

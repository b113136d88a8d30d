import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { asZodCodec } from "../../src/mappings/codecs/codec.ts";
import { bool } from "../../src/mappings/codecs/scalars.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import type { CompiledMapping, MappingLine } from "../../src/mappings/mapping.ts";
import { normalise, sameValue } from "../../src/model/compare.ts";
import type { Field, Value } from "../../src/model/field.ts";
import { kontaktpersonFields } from "../../src/model/fields/kontaktperson.ts";
import { kundeemneFields } from "../../src/model/kundeemne.ts";

const fields: Readonly<Record<string, Field>> = kundeemneFields;

function mappingOf(...lines: MappingLine[]): CompiledMapping {
  const compiled = compileMapping({
    object: "debitor",
    remote: "Debitorer",
    as: "kundeemne",
    key: "Nr",
    fields: lines,
  });
  if ("faults" in compiled) throw new Error(compiled.faults.join("; "));
  return compiled.mapping;
}

const fieldOf = (key: string): Field => fields[key] ?? kontaktpersonFields.email;
const word = fc.stringMatching(/^[A-Za-zÆØÅæøå0-9][A-Za-zÆØÅæøå0-9 .&-]{0,18}[A-Za-zÆØÅæøå0-9]$/);
const day = fc
  .date({ min: new Date("1950-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const decimalText = fc
  .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 0, max: 99 }))
  .map(([whole, cents]) => `${whole}.${String(cents).padStart(2, "0")}`);
const cvr = fc.constantFrom("13748136", "24256790", "61056416", "12345674", "45123456", "01234560");
const subset = (all: readonly string[]) => fc.subarray([...all], { minLength: 1 });

/** One valid value of ours for each codec and style: reading what we wrote gives it back. */
const cases: readonly [name: string, key: string, as: MappingLine["as"], ours: fc.Arbitrary<Value>][] = [
  ["text", "firmanavn", undefined, word],
  [
    "longText",
    "overordnetTekst",
    undefined,
    fc.array(word, { minLength: 1, maxLength: 3 }).map((all) => all.join("\n")),
  ],
  [
    "longText crlf",
    "bemaerk1",
    { codec: "longText", lineBreak: "\r\n" },
    fc.array(word, { minLength: 1, maxLength: 3 }).map((all) => all.join("\n")),
  ],
  ["phone", "telefon", undefined, fc.constantFrom("70102030", "+45 70 10 20 30", "+298 123456", "112")],
  [
    "email",
    "bogholderiEmail",
    undefined,
    fc.emailAddress().filter((text) => /^[a-z0-9.+_-]+@[a-z0-9.-]+$/i.test(text) && !text.includes("..")),
  ],
  ["url", "hjemmeside", undefined, fc.webUrl().filter((url) => url.length <= 255)],
  ["bool 1/0", "tilladKampagne", undefined, fc.boolean()],
  ["bool J/N", "tilladKampagne", { codec: "bool", style: "J/N" }, fc.boolean()],
  ["bool ja/nej", "gdprOk", { codec: "bool", style: "ja/nej" }, fc.boolean()],
  ["bool json", "gdprOk", { codec: "bool", style: "true/false" }, fc.boolean()],
  ["int", "antalMedarbejdere.fra", undefined, fc.nat()],
  ["int json", "antalMedarbejdere.fra", { codec: "int", json: "number" }, fc.nat()],
  ["decimal point", "kreditMax", undefined, decimalText],
  ["date iso", "gdprDato", undefined, day],
  ["date da", "gdprDato", { codec: "date", style: "da" }, day],
  ["code", "leadkilde", undefined, fc.constantFrom("messe", "telefon")],
  [
    "code table",
    "kundetype",
    { codec: "code", table: { BTB: "E", BTC: "P", BTG: "O" } },
    fc.constantFrom("BTB", "BTC", "BTG"),
  ],
  ["codeSet", "emnetyper", undefined, subset(fields.emnetyper?.codes ?? [])],
  [
    "textSet",
    "maalgrupper",
    { codec: "textSet", separator: ";" },
    fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
  ],
  [
    "textSet list",
    "maalgrupper",
    { codec: "textSet", json: "list" },
    fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
  ],
  ["textList", "titler", undefined, fc.array(word, { minLength: 1, maxLength: 4 })],
  ["country code", "landekode", undefined, fc.constantFrom("DK", "SE", "GL", "FO", "DE")],
  [
    "country name",
    "landekode",
    { codec: "country", style: "name" },
    fc.constantFrom("DK", "SE", "GL", "FO", "DE", "NL", "GB", "US"),
  ],
  ["currency", "valuta", { codec: "currency", blank: "DKK" }, fc.constantFrom("DKK", "EUR", "USD")],
  ["gln", "eanLokationsnr", undefined, fc.constantFrom("5798000000001", "5798 0001 23458")],
  ["postnr", "postnr", undefined, fc.constantFrom("0800", "8000", "39-1", "SW1A 1AA")],
  ["vatNumber", "cvrNr", undefined, cvr],
  ["pNumbers", "pNumre", undefined, fc.uniqueArray(fc.stringMatching(/^1\d{9}$/), { minLength: 1, maxLength: 3 })],
];

const arbitraryRemote = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "",
    " ",
    "1",
    "0",
    "ja",
    "N",
    "31-12-2025",
    "1.234,50",
    "Danmark",
    "dkk",
    "DK 13 74 81 36",
    "a,b",
    "10-19",
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

describe.each(cases)("codec %s", (_, key, as, ours) => {
  const mapping = mappingOf({ field: key, remote: "X", ...(as === undefined ? {} : { as }) });
  const unit = mapping.units[0]?.unit ?? "";
  const field = fieldOf(key);

  test("reading what was written gives the value back, whatever the remote showed before", () => {
    fc.assert(
      fc.property(ours, fc.option(arbitraryRemote, { nil: undefined }), (value, shown) => {
        const image = shown === undefined ? null : { X: shown };
        const { body, sent, withheld } = mapping.writeRemote({ [key]: value }, [unit], image);
        expect(withheld).toEqual([]);
        const { claims, faults } = mapping.readRemote(body);
        expect(faults).toEqual([]);
        expect(sameValue(field, claims[key] ?? null, value)).toBe(true);
        expect(sent).toEqual(claims);
      }),
    );
  });

  test("an untouched value is never re-spelled, on arbitrary remote values too", () => {
    fc.assert(
      fc.property(fc.oneof(arbitraryRemote, ours), (shown) => {
        const { claims, faults } = mapping.readRemote({ X: shown });
        if (faults.length > 0) return;
        const { body } = mapping.writeRemote(claims, [unit], { X: shown });
        expect(body).toEqual({ X: shown });
      }),
    );
  });

  test("absent stays out, empty and null become null or what a blank stands for, and reading never throws", () => {
    const blank = mapping.readRemote({ X: "" }).claims[key];
    expect(mapping.readRemote({}).claims).toEqual({});
    expect(mapping.readRemote({ X: null }).claims).toEqual({ [key]: blank });
    expect([null, "DKK"]).toContain(blank);
    fc.assert(fc.property(fc.anything(), (shown) => void mapping.readRemote({ X: shown })));
  });

  test("a wrong shape is a fault that names field, remote and shape, never the value", () => {
    const shown = { "hemmeligt-1234": "værdi" };
    const { claims, faults } = mapping.readRemote({ X: shown });
    expect(claims).toEqual({});
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ field: key, remote: "X", detail: expect.stringContaining("object of 1 field") });
    expect(JSON.stringify(faults)).not.toMatch(/hemmeligt|værdi/);
  });
});

test("an amount in Danish spelling is read exactly and written with a comma", () => {
  const mapping = mappingOf({ field: "gps.lat", remote: "X", as: { codec: "decimal", profile: "da" } });
  expect(mapping.readRemote({ X: "12,5" }).claims).toEqual({ "gps.lat": "12.5" });
  expect(mapping.writeRemote({ "gps.lat": "12.5" }, ["gps"], null).body).toEqual({ X: "12,5000000" });
});

describe("the registration in one remote field", () => {
  const mapping = mappingOf({ fields: ["cvrNr", "seNr", "euVatNr"], remote: "SE_Nr", as: "registration" });
  const ours = { cvrNr: "13748136", seNr: null, euVatNr: null };

  test("its claim is the number as typed, under the name of the group", () => {
    expect(mapping.readRemote({ SE_Nr: " DK 13 74 81 36" }).claims).toEqual({ registration: "DK 13 74 81 36" });
    expect(mapping.readRemote({ SE_Nr: "" }).claims).toEqual({ registration: null });
    expect(mapping.readRemote({}).claims).toEqual({});
  });

  test("any of our numbers that the remote shows is left as it is spelled there", () => {
    const shown = { SE_Nr: "DK-13748136" };
    expect(mapping.writeRemote({ ...ours, seNr: "24256790" }, ["registration"], shown).body).toEqual(shown);
    expect(mapping.writeRemote(ours, ["registration"], { SE_Nr: "24256790" }).body).toEqual({ SE_Nr: "13748136" });
    expect(mapping.writeRemote({}, ["registration"], shown).body).toEqual({ SE_Nr: "" });
  });

  test("a number with a wrong check digit is kept without a fault, and not pushed on", () => {
    expect(mapping.readRemote({ SE_Nr: "12345678" })).toMatchObject({
      claims: { registration: "12345678" },
      faults: [],
    });
    const { body, withheld } = mapping.writeRemote({ ...ours, cvrNr: "12345678" }, ["registration"], { SE_Nr: "" });
    expect(body).toEqual({});
    expect(withheld).toMatchObject([{ unit: "registration", code: "invalid_value" }]);
  });

  test.each(["0101701234", "010170-1234", "DK 010170-1234"])(
    "a number that may be a CPR number is refused unseen",
    (number) => {
      const { claims, faults } = mapping.readRemote({ SE_Nr: number });
      expect(claims).toEqual({});
      expect(faults).toMatchObject([{ field: "registration", remote: "SE_Nr", code: "cpr_like" }]);
      expect(JSON.stringify(faults)).not.toMatch(/0101|1234/);
    },
  );
});

test.each([
  ["10-19", [10, 19]],
  ["25", [25, 25]],
  ["1000+", [1000, null]],
])("the interval %s is read, and written back as it stands", (text, [fra, til]) => {
  const mapping = mappingOf({
    fields: ["antalMedarbejdere.fra", "antalMedarbejdere.til"],
    remote: "Antal",
    as: "interval",
  });
  const { claims } = mapping.readRemote({ Antal: text });
  expect(claims).toEqual({ "antalMedarbejdere.fra": fra, "antalMedarbejdere.til": til });
  expect(mapping.writeRemote(claims, ["antalMedarbejdere"], null).body).toEqual({ Antal: text });
});

test("a codec stands as a zod codec too, with the reason as its issue", () => {
  const codec = asZodCodec(bool.make({}, kundeemneFields.tilladKampagne));
  expect(z.decode(codec, "J")).toBe(true);
  expect(z.encode(codec, true)).toBe("1");
  expect(z.safeDecode(codec, "måske").error?.issues[0]?.message).toContain("text of 5 characters");
});

test("a NUL character is stripped, because the database refuses it", () => {
  const mapping = mappingOf({ field: "firmanavn", remote: "Navn" });
  expect(mapping.readRemote({ Navn: "A\0da" }).claims).toEqual({ firmanavn: "Ada" });
});

test("normalising twice is normalising once", () => {
  for (const [key, field] of Object.entries(fields)) {
    if (field.kind === "phone") continue; // a note behind a number is part of the key
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
        const once = normalise(field, text);
        expect(normalise(field, once), key).toEqual(once);
      }),
      { numRuns: 200 },
    );
  }
});

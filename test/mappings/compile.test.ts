import { expect, test } from "vitest";
import { debitorMapping } from "../../src/connectors/keybalance/debitor.mapping.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import type { CompiledMapping, Mapping, MappingLine } from "../../src/mappings/mapping.ts";
import { asMapping, mappingJsonSchema, mappingSchema } from "../../src/mappings/mapping-schema.ts";

const debitor = (...fields: MappingLine[]): Mapping => ({
  object: "debitor",
  remote: "Debitorer",
  as: "kundeemne",
  key: "Kontonr",
  fields,
});

function getMapping(mapping: Mapping): CompiledMapping {
  const compiled = compileMapping(mapping);
  if ("faults" in compiled) throw new Error(compiled.faults.join("; "));
  return compiled.mapping;
}

const faultsOf = (...fields: MappingLine[]): string => {
  const compiled = compileMapping(debitor(...fields));
  return "faults" in compiled ? compiled.faults.join("\n") : "";
};

test("all faults of a mapping are told at once, each naming its line", () => {
  const faults = faultsOf(
    { field: "firmanvn", remote: "Navn" },
    { field: "telefon", remote: "Telefon", as: "telephone" },
    { field: "gdprOk", remote: "Ok", as: "date" },
    { field: "findesDeb", remote: "Deb" },
    { field: "primaerKontaktId", remote: "Id", direction: "in" },
    { field: "kontonummer", remote: "Nr" },
    { field: "leadkilde", remote: "Kilde", as: { codec: "code", tabel: {} } },
    { fields: ["cvrNr", "telefon"], remote: "X", as: "registration" },
    { fields: ["saldoDeb.beloeb", "saldoDeb.valuta"], remote: ["S", "V", "D"], as: "balance" },
  );
  expect(faults).toContain("line firmanvn: the catalogue of kundeemne has no field firmanvn");
  expect(faults).toContain("line telefon: there is no codec telephone; there are text");
  expect(faults).toContain("line gdprOk: codec date does not serve fields of kind bool");
  expect(faults).toContain("line findesDeb: findesDeb is computed and never sent");
  expect(faults).toContain("line primaerKontaktId: primaerKontaktId is worked out when it is read");
  expect(faults).toContain("line kontonummer: kontonummer is set once");
  expect(faults).toContain("line leadkilde: codec code");
  expect(faults).toContain("line cvrNr, telefon: the fields of one line must be of one group");
  expect(faults).toContain("line saldoDeb.beloeb, saldoDeb.valuta: saldoDeb.beloeb is computed and never sent");
});

test("lines of one group are one value, so they must agree on direction, writing and survivorship (R2)", () => {
  const faults = faultsOf(
    { field: "adresse1", remote: "Adr1" },
    { field: "postnr", remote: "PostNr", direction: "in" },
    { field: "bynavn", remote: "ByNavn", survivorship: { rule: "manual" } },
  );
  expect(faults).toContain("adresse: its lines differ in direction");
  expect(faults).toContain("adresse: its lines differ in survivorship");
});

test("a field is mapped once, and a remote field is written by one line only", () => {
  const faults = faultsOf(
    { field: "telefon", remote: "Telefon" },
    { field: "telefon", remote: "Telefon2", direction: "in" },
    { field: "attention", remote: "Telefon" },
  );
  expect(faults).toContain("telefon is mapped twice");
  expect(faults).toContain("Telefon is written by telefon and by attention");
});

test("a group is sent whole, as far as the remote knows it", () => {
  const mapping = getMapping(
    debitor(
      { field: "adresse1", remote: "Adr1" },
      { field: "postnr", remote: "PostNr" },
      { field: "bynavn", remote: "By" },
    ),
  );
  const values = { adresse1: "Nørregade 1", adresse2: "c/o Bo", postnr: "8000", bynavn: "Aarhus C" };
  const image = { Kontonr: "1", Adr1: "Algade 2", PostNr: " 8000", By: "AARHUS C" };
  const { body, sent } = mapping.writeRemote(values, ["adresse"], image);
  expect(body).toEqual({ Adr1: "Nørregade 1", PostNr: " 8000", By: "Aarhus C" });
  expect(sent).toEqual({ adresse1: "Nørregade 1", postnr: "8000", bynavn: "Aarhus C" });
});

test("an empty part of a group that the remote never had is not sent; one that it had, or shows, is emptied (R2, R8)", () => {
  const mapping = getMapping(
    debitor(
      { field: "adresse1", remote: "Adr1" },
      { field: "adresse2", remote: "Adr2" },
      { field: "landekode", remote: "Land" },
    ),
  );
  const values = { adresse1: "Nørregade 1", adresse2: null, landekode: null };
  const write = (image: Record<string, string>, shown: Record<string, string | null>) =>
    mapping.writeRemote(values, ["adresse"], image, { shown });
  const never = write({ Adr1: "Algade 2" }, { adresse1: "Algade 2" });
  expect(never.body).toEqual({ Adr1: "Nørregade 1" });
  expect(never.sent).toEqual({ adresse1: "Nørregade 1" });
  // The newest reading has left it out, and an earlier one had not.
  expect(write({ Adr1: "Algade 2" }, { adresse1: "Algade 2", adresse2: "st." }).body).toEqual({
    Adr1: "Nørregade 1",
    Adr2: "",
  });
  expect(write({ Adr1: "Algade 2", Land: "DK" }, { adresse1: "Algade 2", landekode: "DK" }).body).toEqual({
    Adr1: "Nørregade 1",
    Land: "",
  });
});

test("a value longer than the remote takes is withheld with the limit named, never cut; the other fields go (S49)", () => {
  const mapping = getMapping(
    debitor({ field: "firmanavn", remote: "Navn", max: 5 }, { field: "telefon", remote: "Telefon" }),
  );
  const { body, withheld } = mapping.writeRemote(
    { firmanavn: "Østerøg", telefon: "70102030" },
    ["firmanavn", "telefon"],
    {},
  );
  expect(body).toEqual({ Telefon: "70102030" });
  expect(withheld).toEqual([{ unit: "firmanavn", code: "too_long", detail: "Navn takes 5 characters at most" }]);
  expect(mapping.writeRemote({ firmanavn: "𝒜𝒜𝒜𝒜𝒜" }, ["firmanavn"], {}).withheld).toEqual([]);
});

test("a value that breaks a rule is kept when read and withheld when it would be sent (d.1)", () => {
  const mapping = getMapping(debitor({ field: "eanLokationsnr", remote: "EAN" }));
  const { claims, faults } = mapping.readRemote({ EAN: "5790001234567" });
  expect({ claims, faults }).toEqual({ claims: { eanLokationsnr: "5790001234567" }, faults: [] });
  expect(mapping.writeRemote(claims, ["eanLokationsnr"], { EAN: "" })).toMatchObject({
    body: {},
    withheld: [{ unit: "eanLokationsnr", code: "invalid_value" }],
  });
});

test("a create leaves empty fields out, an update empties them", () => {
  const mapping = getMapping(debitor({ field: "firmanavn", remote: "Navn" }, { field: "telefon", remote: "Telefon" }));
  const values = { firmanavn: "Ada ApS", telefon: null };
  expect(mapping.writeRemote(values, ["firmanavn", "telefon"], null).body).toEqual({ Navn: "Ada ApS" });
  expect(mapping.writeRemote(values, ["telefon"], { Navn: "x", Telefon: "1" }).body).toEqual({ Telefon: "" });
  const json = getMapping({ ...debitor({ field: "telefon", remote: "Telefon" }), empty: "null" });
  expect(json.writeRemote(values, ["telefon"], { Telefon: "1" }).body).toEqual({ Telefon: null });
});

test("a code without a place in the table stays behind by name of its reason", () => {
  const mapping = getMapping(
    debitor({ field: "kundetype", remote: "Type", as: { codec: "code", table: { BTB: "E" } } }),
  );
  expect(mapping.writeRemote({ kundetype: "BTG" }, ["kundetype"], {}).withheld).toMatchObject([
    { code: "unknown_code" },
  ]);
  expect(mapping.readRemote({ Type: "P" }).faults).toMatchObject([{ code: "unknown_code" }]);
});

test("the account's contact fields are a view of the primary contact, under names of their own (R29)", () => {
  const mapping = getMapping(debitorMapping);
  expect(mapping.hasView).toBe(true);
  expect(mapping.unitByName.get("primaer.email")).toMatchObject({ keys: ["primaer.email"], view: "email" });
  expect(mapping.readRemote({ Kontakt: "Bo", Email: "" }).claims).toEqual({
    "primaer.navn": "Bo",
    "primaer.email": null,
  });
});

test("a balance is taken in the account's currency, else in DKK, and never sent", () => {
  const mapping = getMapping(debitorMapping);
  const saldo = (image: object) => {
    const { claims } = mapping.readRemote({ ...image });
    return [claims["saldoDeb.beloeb"], claims["saldoDeb.valuta"]];
  };
  expect(saldo({ SaldoVal: 30, Valuta: "EUR", Saldo: "224.10" })).toEqual(["30", "EUR"]);
  expect(saldo({ SaldoVal: "30.00", Valuta: "" })).toEqual(["30.00", "DKK"]);
  expect(saldo({ Saldo: "-12.50" })).toEqual(["-12.50", "DKK"]);
  expect(saldo({ Navn: "Ada" })).toEqual([undefined, undefined]);
  expect(mapping.unitByName.get("saldoDeb")?.direction).toBe("in");
});

test("an unknown field of the vendor passes, ids are text also where they come as numbers", () => {
  const mapping = getMapping(debitorMapping);
  const read = mapping.readRemote({ Kontonr: 6011535, Navn: "Ada", FindesIkke: { a: 1 } });
  expect(read).toEqual({
    externalId: "6011535",
    parentExternalId: undefined,
    claims: { firmanavn: "Ada" },
    faults: [],
  });
});

test("an operator's mapping has the same shape, and a typing error in it is told", () => {
  const written = mappingSchema.parse(JSON.parse(JSON.stringify(debitorMapping)));
  expect(compileMapping(asMapping(written))).toHaveProperty("mapping.version", getMapping(debitorMapping).version);
  const misspelt = { ...debitorMapping, felter: [] };
  expect(mappingSchema.safeParse(misspelt).success).toBe(false);
  expect(JSON.stringify(mappingJsonSchema())).toContain("additionalProperties");
});

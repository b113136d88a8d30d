import fc from "fast-check";
import { expect, test } from "vitest";
import { generateRows } from "../../simulators/keybalance/rows.ts";
import { connectors } from "../../src/connectors/index.ts";
import { keybalance } from "../../src/connectors/keybalance/index.ts";
import { placeVat } from "../../src/danish/registration.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import type { CompiledMapping, Mapping } from "../../src/mappings/mapping.ts";
import type { Values } from "../../src/model/catalogue.ts";

function getMapping(mapping: Mapping | undefined): CompiledMapping {
  const compiled = mapping === undefined ? { faults: ["no mapping"] } : compileMapping(mapping);
  if ("faults" in compiled) throw new Error(compiled.faults.join("; "));
  return compiled.mapping;
}

/** What a record would hold after it took the claims: a number of the token is placed. */
const taken = (claims: Values): Values =>
  typeof claims.registration === "string"
    ? { ...claims, ...placeVat(claims.registration, { cvrNr: null, seNr: null, euVatNr: null }) }
    : claims;

const outOf = (mapping: CompiledMapping) =>
  mapping.units.filter((unit) => unit.direction !== "in").map((unit) => unit.unit);

const { rows } = generateRows({ seed: 7, debitorer: 300, kreditorer: 100, kundeemner: 300, noise: 0.5 });
/** A row as the ledger shows it: fields that were never filled are empty, not absent. */
const shownRow = (mapping: CompiledMapping, row: Readonly<Record<string, string>>) => ({
  ...Object.fromEntries(mapping.units.flatMap((unit) => unit.remote).map((remote) => [remote, ""])),
  ...row,
});

const ofKeybalance = [
  ["debitor", rows.Debitorer],
  ["kreditor", rows.Kreditorer],
  ["kundeemne", rows.KundeEmner],
  ["kontaktperson", rows.Kontaktpersoner],
] as const;

test.each(ofKeybalance)(
  "every %s of the ledger is read without fault, and writing what was read changes no character",
  (object, all) => {
    const mapping = getMapping(keybalance.mappings[object]);
    for (const each of all) {
      const row = shownRow(mapping, each);
      const { claims, faults, externalId } = mapping.readRemote(row);
      expect(faults).toEqual([]);
      expect(externalId).toBe(each[mapping.key]);
      const { body, withheld } = mapping.writeRemote(taken(claims), outOf(mapping), row);
      expect(withheld).toEqual([]);
      expect(row).toMatchObject(body);
    }
  },
);

test.each(ofKeybalance)("a %s that is created from what was read reads the same", (object, all) => {
  const mapping = getMapping(keybalance.mappings[object]);
  for (const each of all) {
    const row = shownRow(mapping, each);
    const { claims } = mapping.readRemote(row);
    const { body, sent, withheld } = mapping.writeRemote(taken(claims), outOf(mapping), null);
    expect(withheld).toEqual([]);
    expect(mapping.readRemote(body).claims).toEqual(sent);
    const again = mapping.writeRemote(taken(claims), outOf(mapping), { ...row, ...body });
    expect({ ...row, ...body }).toMatchObject(again.body);
  }
});

const all = connectors.flatMap((connector) =>
  Object.values(connector.mappings).map((mapping) => [`${connector.name} ${mapping.object}`, mapping] as const),
);

test.each(all)(
  "%s: whatever a remote shows, reading never throws and writing it back re-spells nothing",
  (_, shipped) => {
    const mapping = getMapping(shipped);
    const remotes = mapping.units.flatMap((unit) => unit.remote);
    const shown = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("", " ", "1", "0", "DK", null),
      fc.integer(),
      fc.anything(),
    );
    const images = fc.dictionary(fc.constantFrom(mapping.key, ...remotes), shown, { maxKeys: 12 });
    fc.assert(
      fc.property(images, (image) => {
        const { claims, faults } = mapping.readRemote(image);
        const faulty = new Set(faults.flatMap((fault) => fault.remote.split(", ")));
        const units = mapping.units
          .filter((unit) => unit.direction !== "in" && unit.keys.every((key) => claims[key] !== undefined))
          .filter((unit) => !unit.remote.some((remote) => faulty.has(remote)))
          .map((unit) => unit.unit);
        const { body, withheld } = mapping.writeRemote(taken(claims), units, image);
        expect(withheld).toEqual([]);
        for (const [remote, value] of Object.entries(body)) expect(value).toBe(image[remote]);
      }),
      { numRuns: 100 },
    );
  },
);

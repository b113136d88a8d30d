import type { CompiledMapping, MappedUnit } from "../../src/mappings/mapping.ts";
import { catalogueOf, type EntityKind, type Values } from "../../src/model/catalogue.ts";
import type { Survivorship } from "../../src/model/field.ts";
import type { UnitEffect } from "../../src/rules/decision.ts";
import {
  type Entity,
  type Lane,
  type Link,
  noState,
  type Provenance,
  type Reading,
  type Setter,
} from "../../src/rules/record.ts";
import type { DecideInput, World } from "../../src/rules/unit-case.ts";

/** Short literals for the things that rules judge; every builder takes what matters and fills in the rest. */

export const NOW = 1_000_000;

export const byPerson: Setter = { kind: "person", actor: "ada", from: 100, to: 100 };
export const byApi: Setter = { kind: "api", actor: "key", from: 100, to: 100 };
export const byDerivation: Setter = { kind: "derived", from: 100, to: 100 };
export const byCrm: Setter = {
  kind: "connection",
  side: "crm",
  connection: "crm",
  object: "kundeemne",
  from: 50,
  to: 100,
};
export const byLedger: Setter = {
  kind: "connection",
  side: "ledger",
  connection: "erp",
  object: "debitor",
  from: 50,
  to: 100,
};
export const byDirectory: Setter = {
  kind: "connection",
  side: "directory",
  connection: "cvr",
  object: "unit",
  from: 50,
  to: 100,
};

/** A unit of the catalogue as a mapping line without any wish would bind it; its remote fields have our names. */
export function unit(name: string, more: Partial<MappedUnit> = {}, kind: EntityKind = "kundeemne"): MappedUnit {
  const view = name.startsWith("primaer.") ? name.slice("primaer.".length) : undefined;
  const fields = catalogueOf(kind).units.get(name)?.fields;
  const keys = name === "registration" ? [name] : (fields ?? [name]);
  return {
    unit: name,
    keys,
    remote: keys,
    direction: "both",
    write: "always",
    survivorship: undefined,
    emptyMeansUnknown: false,
    assignedByRemote: false,
    token: name === "registration",
    view,
    max: undefined,
    ...more,
  };
}

/** A mapping of units whose remote spells every value as we do. */
export function mapping(units: readonly (MappedUnit | string)[], as: EntityKind = "kundeemne"): CompiledMapping {
  const all = units.map((each) => (typeof each === "string" ? unit(each, {}, as) : each));
  return {
    object: as === "kontaktperson" ? as : "debitor",
    remote: "Debitorer",
    as,
    version: "m1",
    key: "id",
    parent: undefined,
    sharedSeries: false,
    requiredAtCreate: [],
    onRemoteEdit: "leave",
    units: all,
    unitByName: new Map(all.map((each) => [each.unit, each])),
    hasView: all.some((each) => each.view !== undefined),
    readRemote: (image) => ({
      externalId: "1",
      parentExternalId: undefined,
      claims: { ...image } as Values,
      faults: [],
    }),
    writeRemote: () => {
      throw new Error("Rules never write");
    },
  };
}

/** Provenance: by unit, who set it and at which version. */
export function provenance(units: { readonly [unit: string]: readonly [version: number, setter: Setter] }): Provenance {
  const entries = Object.entries(units);
  return {
    s: entries.map(([, [, setter]]) => setter),
    u: Object.fromEntries(entries.map(([name, [version]], at) => [name, [version, at, "test"] as const])),
  };
}

export const entity = (more: Partial<Entity> = {}): Entity => ({
  kind: "kundeemne",
  id: "record",
  version: 3,
  values: {},
  provenance: { s: [], u: {} },
  policies: [],
  holds: {},
  state: noState,
  parentId: null,
  ...more,
});

export const link = (more: Partial<Link> = {}): Link => ({
  id: "link",
  connection: "erp",
  object: "debitor",
  externalId: "1",
  entity: "kundeemne",
  entityId: "record",
  state: "linked",
  base: {},
  seen: {},
  decidedVersion: 3,
  decided: {},
  renderings: {},
  viewOf: null,
  images: [],
  writeCount: 0,
  inFlight: false,
  quietUntil: null,
  counter: null,
  remoteVersion: null,
  decidedReceivedAt: null,
  decidedBeganAt: null,
  mappingVersion: "m1",
  ...more,
});

export const lane = (more: Partial<Lane> = {}): Lane => ({
  connection: "erp",
  object: "debitor",
  connector: "keybalance",
  side: "ledger",
  inbound: true,
  outbound: true,
  createIn: true,
  createOut: false,
  firstMeeting: "remote",
  onRemoteEdit: "leave",
  rank: 0,
  updatePolicy: {},
  ...more,
});

export const crmLane = (more: Partial<Lane> = {}): Lane =>
  lane({ connection: "crm", object: "kundeemne", side: "crm", firstMeeting: "crm", ...more });
export const directoryLane = (more: Partial<Lane> = {}): Lane =>
  lane({ connection: "cvr", object: "unit", connector: "cvr", side: "directory", ...more });

/** A reading that showed these claims; it came between 200 and 300 unless said. */
export const reading = (claims: Values, more: Partial<Reading> = {}): Reading => ({
  claims,
  changeId: 7,
  from: 200,
  to: 300,
  receivedAt: 300,
  whole: true,
  confirmed: false,
  mapping: "m1",
  ...more,
});

/** A world in which one survivorship rule holds for every unit; without one, the catalogue's. */
export const world = (survivorship?: Survivorship, more: Partial<World> = {}): World => ({
  now: NOW,
  survivorship: (name, mapped) =>
    survivorship ?? mapped.survivorship ?? catalogueOf("kundeemne").units.get(name)?.survivorship ?? { rule: "manual" },
  rankOf: () => 0,
  connectorOf: () => "keybalance",
  otherAgrees: () => false,
  ...more,
});

/** The input of `decide` for one reading. */
export const input = (more: Partial<DecideInput> & Pick<DecideInput, "reading">): DecideInput => ({
  entity: entity(),
  link: link(),
  lane: lane(),
  mapping: mapping(["attention"]),
  world: world(),
  fresh: false,
  ...more,
});

/** The effect on one unit; throws when there is none. */
export function effectOn(effects: readonly UnitEffect[], name: string): UnitEffect {
  const found = effects.find((effect) => effect.unit === name);
  if (found === undefined) throw new Error(`Nothing was decided about ${name}`);
  return found;
}

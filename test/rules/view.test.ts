import { expect, test } from "vitest";
import type { Values } from "../../src/model/catalogue.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { owed } from "../../src/rules/owed.ts";
import type { Entity, Link } from "../../src/rules/record.ts";
import type { DecideInput } from "../../src/rules/unit-case.ts";
import { type ContactFacts, decideView, effectsForLink, viewLink, viewMapping } from "../../src/rules/view.ts";
import {
  byLedger,
  byPerson,
  directoryLane,
  entity,
  input,
  lane,
  link,
  mapping,
  NOW,
  provenance,
  reading,
  world,
} from "../support/rules-cases.ts";

const flat = mapping(["firmanavn", "primaer.navn", "primaer.email", "primaer.mobil"]);
const ada: Values = { navn: "Ada Holm", email: "ada@holm.dk", mobil: "20123456", primaer: true };

const contact = (values: Values = ada, version = 3): Entity =>
  entity({
    kind: "kontaktperson",
    id: "ada",
    parentId: "record",
    version,
    values,
    provenance: provenance({ navn: [version, byPerson], email: [version, byPerson], mobil: [version, byPerson] }),
  });
const facts: ContactFacts[] = [
  { id: "ada", email: "ada@holm.dk" },
  { id: "bo", email: "Bo@Holm.dk" },
];
/** The link has shown the contact as she is. */
const known = link({
  base: { "primaer.navn": "Ada Holm", "primaer.email": "ada@holm.dk", "primaer.mobil": "20123456" },
  viewOf: "ada",
  decided: { "primaer.navn": 3, "primaer.email": 3, "primaer.mobil": 3 },
});

function view(
  claims: Values,
  more: Partial<DecideInput> & { primary?: Entity | null; contacts?: ContactFacts[] } = {},
) {
  const { primary = contact(), contacts = facts, ...rest } = more;
  const flatClaims = Object.fromEntries(Object.entries(claims).map(([key, value]) => [`primaer.${key}`, value]));
  return decideView(
    input({ mapping: flat, link: known, world: world({ rule: "manual" }), reading: reading(flatClaims), ...rest }),
    primary,
    contacts,
  );
}
const same: Values = { navn: "Ada Holm", email: "ada@holm.dk", mobil: "20123456" };

test("R29 flat fields that did not change say nothing, and a remote without them neither", () => {
  expect(view(same)).toEqual({ kind: "same_person", effects: [] });
  expect(view({})).toEqual({ kind: "none" });
});

test("R29 a number or a name or an address alone is an edit of the primary contact", () => {
  for (const [field, value] of [
    ["mobil", "20999999"],
    ["navn", "Ada Holm Bech"],
    ["email", "ada@bech.dk"],
  ] as const) {
    const decided = view({ ...same, [field]: value });
    expect(decided).toMatchObject({
      kind: "same_person",
      effects: [{ unit: field, did: "took", write: { [field]: value } }],
    });
  }
});

test("R29 name and e-mail that change together never rename a person: another one is made and proposed", () => {
  expect(view({ ...same, navn: "Carl Dam", email: "carl@dam.dk" })).toEqual({
    kind: "make",
    values: { navn: "Carl Dam", email: "carl@dam.dk", mobil: "20123456" },
    primary: false,
  });
});

test("R29 a new name with the address emptied, or a new address with the name emptied, is another person too", () => {
  expect(view({ ...same, navn: "Carl Dam", email: null })).toMatchObject({
    kind: "make",
    values: { navn: "Carl Dam" },
  });
  expect(view({ ...same, navn: null, email: "carl@dam.dk" })).toMatchObject({
    kind: "make",
    values: { navn: "carl@dam.dk" },
  });
});

test("R29 an address of another contact never goes to the primary one: that contact is proposed", () => {
  expect(view({ ...same, email: "bo@holm.dk" })).toEqual({ kind: "propose", contactId: "bo" });
  expect(view({ ...same, navn: "Bo Holm", email: "bo@holm.dk" })).toEqual({ kind: "propose", contactId: "bo" });
  const nameless = contact({ ...ada, email: null });
  expect(view({ ...same, email: "bo@holm.dk" }, { primary: nameless })).toEqual({ kind: "propose", contactId: "bo" });
});

test("R29 our own write of another name and address coming back makes nobody", () => {
  const images = [
    {
      attempt: 1,
      values: { "primaer.navn": "Carl Dam", "primaer.email": "carl@dam.dk" },
      versions: { "primaer.navn": 3, "primaer.email": 3 },
    },
  ];
  const primary = contact({ ...ada, navn: "Eva Friis", email: "eva@friis.dk" }, 4);
  const decided = view({ ...same, navn: "Carl Dam", email: "carl@dam.dk" }, { link: { ...known, images }, primary });
  expect(decided).toMatchObject({
    kind: "same_person",
    effects: [
      { unit: "navn", did: "own" },
      { unit: "email", did: "own" },
    ],
  });
});

test("R29 a person keeps the name that a remote emptied", () => {
  expect(view({ ...same, navn: null })).toMatchObject({
    kind: "same_person",
    effects: [{ unit: "navn", did: "lost", rule: "R8:required" }],
  });
});

test("R29 where nobody is primary, a flat claim makes the first contact, proposes the one who has the address, and empties nobody", () => {
  const alone = { primary: null, contacts: [] };
  expect(view({ navn: "Carl Dam", email: null }, { ...alone, link: link() })).toEqual({
    kind: "make",
    values: { navn: "Carl Dam" },
    primary: true,
  });
  expect(view({ email: "carl@dam.dk" }, { ...alone, link: link() })).toMatchObject({
    kind: "make",
    values: { navn: "carl@dam.dk" },
  });
  expect(view({ email: "BO@holm.dk" }, { primary: null, link: link() })).toEqual({ kind: "propose", contactId: "bo" });
  expect(view({ navn: null, email: null }, { ...alone, link: link() })).toEqual({ kind: "none" });
});

test("R29 what was decided about already is not made again, also where only the address is mapped", () => {
  const mailOnly = mapping(["primaer.email"]);
  const own = link({ base: { "primaer.email": "carl@dam.dk" } });
  expect(view({ email: "carl@dam.dk" }, { primary: null, contacts: facts, link: own, mapping: mailOnly })).toEqual({
    kind: "none",
  });
});

test("R15 R29 the view obeys the flag of its emne, also one that comes with the data", () => {
  const own = directoryLane();
  const flagged = entity({ values: { maaOpdateresAutomatisk: false } });
  expect(view({ ...same, mobil: "20999999" }, { lane: own, entity: flagged })).toMatchObject({
    effects: [{ did: "proposed" }],
  });
  const change = { ...reading({ "primaer.mobil": "20999999", maaOpdateresAutomatisk: false }) };
  expect(view({}, { lane: own, reading: change })).toMatchObject({ effects: [{ did: "proposed", rule: "R15:flag" }] });
});

test("R29 what is owed to the view counts in the contact's versions, and survives a record whose version happens to be equal", () => {
  const decided = view({ ...same, mobil: "20999999" });
  if (decided.kind !== "same_person") throw new Error("Not the same person");
  const after = applyToEntity(contact(), decided.effects, byLedger).entity;
  const shown = (version: number): Link =>
    applyToLink(known, effectsForLink(flat, decided.effects, after.version), entity({ version }));
  const own = shown(after.version);
  expect(own.base["primaer.mobil"]).toBe("20999999");
  for (const { decided: versions } of [own, shown(9)])
    expect(versions).toEqual({ "primaer.navn": 3, "primaer.email": 3, "primaer.mobil": 4 });
  const seen = viewLink(flat, own, "ada");
  expect(owed(after, seen, lane(), viewMapping(flat), NOW).units).toEqual([]);
  const moved = contact({ ...after.values, navn: "Ada Bech" }, 5);
  expect(owed(moved, seen, lane(), viewMapping(flat), NOW).units).toEqual(["navn"]);
});

test("R29 versions of another contact do not count for the one who is primary now", () => {
  expect(viewLink(flat, known, "ada").decided).toEqual({ navn: 3, email: 3, mobil: 3 });
  expect(viewLink(flat, known, "bo").decided).toEqual({});
});

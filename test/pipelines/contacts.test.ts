import { afterEach, expect, test } from "vitest";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { person } from "../support/engine.ts";
import { company, keeper, type Stage, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const withContact = { Kontakt: "Bo Holm", Email: "bo@aeroe.example", Mobil: "20304050" };
const one = { rows: { Debitorer: [company("1", withContact)] } };

const contacts = ({ ask }: Stage) => ask("select id, navn, email, mobil, primaer from kontaktpersoner order by navn");

test("R29 the flat contact of an account becomes the primary contact, and its edits are that person's", async () => {
  const stage = await start(one);
  const { engine, erp } = stage;
  expect(await contacts(stage)).toMatchObject([{ navn: "Bo Holm", email: "bo@aeroe.example", primaer: true }]);
  erp.control.put("Debitorer", "1", { Mobil: "20304051" });
  await engine.settle();
  expect(await contacts(stage)).toMatchObject([{ navn: "Bo Holm", mobil: "20304051", primaer: true }]);
  erp.control.put("Debitorer", "1", { Kontakt: "Bo Holm Jensen" });
  await engine.settle();
  expect(await contacts(stage)).toMatchObject([{ navn: "Bo Holm Jensen", email: "bo@aeroe.example" }]);
  expect(erp.log.writes("Debitorer", "1")).toEqual([]);
});

test("R29 an edit of the primary contact here is the account's flat contact there", async () => {
  const stage = await start(one);
  const { engine, erp } = stage;
  const [bo] = await contacts(stage);
  await editEntity(engine.deps, {
    entity: "kontaktperson",
    id: String(bo?.id),
    patch: { mobil: "20304052" },
    by: person,
  });
  await engine.work();
  expect(stage.bodies("1")).toEqual([{ Mobil: "20304052" }]);
  await engine.settle();
  expect(stage.bodies("1")).toHaveLength(1);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Kontakt: "Bo Holm", Email: "bo@aeroe.example" });
});

test("R29 name and e-mail that change together are another person: nobody is renamed, a person says who is primary", async () => {
  const stage = await start(one);
  const { engine, erp, reviews } = stage;
  erp.control.put("Debitorer", "1", { Kontakt: "Ida Lund", Email: "ida@aeroe.example" });
  await engine.settle();
  expect(await contacts(stage)).toMatchObject([
    { navn: "Bo Holm", email: "bo@aeroe.example", primaer: true },
    { navn: "Ida Lund", email: "ida@aeroe.example", primaer: false },
  ]);
  const [ida] = (await contacts(stage)).filter((each) => each.navn === "Ida Lund");
  expect(await reviews("primary_contact")).toMatchObject([
    { reason: "R29:another_person", detail: { contactId: ida?.id } },
  ]);
  await engine.settle();
  expect(await reviews("primary_contact")).toHaveLength(1);
  expect(erp.log.writes("Debitorer", "1")).toEqual([]);
});

test("R29 an e-mail that is another contact's own never renames the primary one", async () => {
  const stage = await start(one);
  const { engine, erp, record, reviews } = stage;
  await createEntity(engine.deps, {
    entity: "kontaktperson",
    parentId: String((await record("1")).id),
    values: { navn: "Ida Lund", email: "ida@aeroe.example" },
    by: person,
  });
  await engine.work();
  erp.control.put("Debitorer", "1", { Email: "ida@aeroe.example" });
  await engine.settle();
  expect(await contacts(stage)).toMatchObject([
    { navn: "Bo Holm", email: "bo@aeroe.example", primaer: true },
    { navn: "Ida Lund", email: "ida@aeroe.example", primaer: false },
  ]);
  expect(await reviews("primary_contact")).toHaveLength(1);
});

test("R29 without a primary contact the flat fields are neither sent nor cleared", async () => {
  const stage = await start(one);
  const { engine, erp, edit } = stage;
  const [bo] = await contacts(stage);
  await editEntity(engine.deps, { entity: "kontaktperson", id: String(bo?.id), patch: { primaer: false }, by: person });
  await edit("1", { firmanavn: "Ærø Skibsværft" });
  await engine.work();
  await engine.settle();
  expect(stage.bodies("1")).toEqual([{ Navn: "Ærø Skibsværft" }]);
  expect(erp.control.row("Debitorer", "1")).toMatchObject(withContact);
  expect(await contacts(stage)).toMatchObject([{ navn: "Bo Holm", email: "bo@aeroe.example" }]);
});

test("R29 another contact made primary here stands in the account's flat fields there", async () => {
  const stage = await start(one);
  const { engine, erp, record } = stage;
  const { id } = await createEntity(engine.deps, {
    entity: "kontaktperson",
    parentId: String((await record("1")).id),
    values: { navn: "Ida Lund", email: "ida@aeroe.example" },
    by: person,
  });
  await editEntity(engine.deps, { entity: "kontaktperson", id, patch: { primaer: true }, by: person });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({
    Kontakt: "Ida Lund",
    Email: "ida@aeroe.example",
    Mobil: "",
  });
  await engine.settle();
  expect(await contacts(stage)).toMatchObject([
    { navn: "Bo Holm", mobil: "20304050", primaer: false },
    { navn: "Ida Lund", mobil: null, primaer: true },
  ]);
  expect(erp.log.writes("Debitorer", "1")).toHaveLength(1);
  // From then on the account speaks of her.
  erp.control.put("Debitorer", "1", { Mobil: "60708090" });
  await engine.settle();
  expect(await contacts(stage)).toMatchObject([{ mobil: "20304050" }, { navn: "Ida Lund", mobil: "60708090" }]);
  expect(await stage.reviews()).toEqual([]);
});

test("R29 two accounts of one company speak of one contact: equal e-mails are one person", async () => {
  const stage = await start({
    rows: { Debitorer: [company("1", withContact)], Kreditorer: [company("7", { ...withContact, Mobil: "" })] },
    objects: {
      debitor: { direction: "both", firstMeeting: "remote", create: "in" },
      kreditor: { direction: "both", firstMeeting: "remote", create: "in" },
    },
  });
  expect(await contacts(stage)).toMatchObject([{ navn: "Bo Holm", mobil: "20304050", primaer: true }]);
  expect(stage.erp.control.row("Kreditorer", "7")).toMatchObject({ Mobil: "20304050" });
  expect(await stage.reviews()).toEqual([]);
});

test("R19 a contact is created at the CRM only when its Kundeemne stands there", async () => {
  const stage = await start({
    objects: {},
    crm: { contacts: { direction: "both", firstMeeting: "crm", create: "both" } },
  });
  const { engine, crm } = stage;
  if (crm === undefined) throw new Error("No CRM");
  crm.control.addFault({
    fault: { kind: "status", status: 503, retryAfter: 60 },
    function: "KundeEmner",
    verb: "post",
    times: 1,
  });
  const { id } = await createEntity(engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Ny Havn ApS" },
    by: person,
  });
  await createEntity(engine.deps, { entity: "kontaktperson", parentId: id, values: { navn: "Ida Lund" }, by: person });
  await engine.work();
  expect(crm.log.entries({ method: "POST", function: "Kontaktpersoner" })).toEqual([]);
  await stage.ahead(61_000);
  await engine.work();
  const [emne] = crm.control.rows("KundeEmner");
  expect(emne).toMatchObject({ Navn: "Ny Havn ApS" });
  expect(crm.control.rows("Kontaktpersoner")).toMatchObject([{ Navn: "Ida Lund", EmneNr: emne?.Kontonr }]);
});

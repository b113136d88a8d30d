import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let [nord, syd]: [string, string] = ["", ""];

const emne = (Kontonr: string, Navn: string) => ({
  Kontonr,
  Navn,
  Søgenavn: Navn,
  EmneType: "lead",
  MaaOpdateresAuto: "1",
});
const theirs = (Id: string, EmneNr: string, Navn: string, Email: string) => ({ Id, EmneNr, Navn, Email, Primaer: "0" });

beforeAll(async () => {
  shop = await openShop({
    kundeemner: [emne("1", "Nord Tagdækning ApS"), emne("2", "Syd Tagdækning ApS")],
    kontaktpersoner: [
      theirs("11", "1", "Ida Bro", "ida@tag.example"),
      theirs("21", "2", "Ida Bro", "ida@tag.example"),
      theirs("12", "1", "Ole Bak", ""),
    ],
  });
  nord = (await shop.find("crm", "kundeemne", "1")).meta.id;
  syd = (await shop.find("crm", "kundeemne", "2")).meta.id;
});

afterAll(() => shop?.close());

type Contact = Readonly<{ navn: string; meta: { id: string; samePerson: readonly object[] } }>;
const contacts = async (id: string): Promise<Contact[]> =>
  (await shop.api("GET", `/v1/kundeemner/${id}/kontaktpersoner`)).body.items;
const contact = async (id: string, navn: string): Promise<Contact> => {
  const found = (await contacts(id)).filter((each) => each.navn === navn);
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} contacts are named ${navn}`);
  return one;
};

test("S26 a contact belongs to exactly one emne: one person at two emner is two contacts that name each other", async () => {
  const [here, there] = [await contact(nord, "Ida Bro"), await contact(syd, "Ida Bro")];
  expect(here.meta.id).not.toBe(there.meta.id);
  expect(here.meta.samePerson).toEqual([{ id: there.meta.id, kundeemneId: syd }]);
  expect(there.meta.samePerson).toEqual([{ id: here.meta.id, kundeemneId: nord }]);
  expect((await contact(nord, "Ole Bak")).meta.samePerson).toEqual([]);
  // What changes at one of them is not the other's.
  await shop.api("PATCH", `/v1/kundeemner/${nord}/kontaktpersoner/${here.meta.id}`, { body: { titel: "Mester" } });
  await shop.settle();
  expect(shop.crm.control.row("Kontaktpersoner", "11")).toMatchObject({ Titel: "Mester" });
  expect(shop.crm.control.row("Kontaktpersoner", "21")?.Titel).toBe("");
  const strange = await shop.api("GET", `/v1/kundeemner/${syd}/kontaktpersoner/${here.meta.id}`);
  expect(strange.status).toBe(404);
});

test("S27 an edit of a contact reaches the other system from either side, and comes back as no change", async () => {
  const ole = await contact(nord, "Ole Bak");
  const path = `/v1/kundeemner/${nord}/kontaktpersoner/${ole.meta.id}`;
  await shop.api("PATCH", path, { body: { mobil: "20 30 40 50" } });
  await shop.settle();
  expect(shop.crm.control.row("Kontaktpersoner", "12")).toMatchObject({ Mobil: "20 30 40 50" });
  shop.crm.control.put("Kontaktpersoner", "12", { Titel: "Svend" });
  await shop.settle();
  const changed = await shop.api("GET", path);
  expect(changed.body).toMatchObject({ titel: "Svend", mobil: "20 30 40 50" });
  const writes = shop.crm.log.writes("Kontaktpersoner").length;
  await shop.settle();
  expect(shop.crm.log.writes("Kontaktpersoner")).toHaveLength(writes);
  expect((await shop.api("GET", path)).body.meta.version).toBe(changed.body.meta.version);
});

test("S27 a new contact of theirs is matched by its e-mail within its emne, and never by its name alone", async () => {
  const made = await shop.api("POST", `/v1/kundeemner/${syd}/kontaktpersoner`, {
    body: { navn: "Eva Lund", email: "eva@tag.example" },
  });
  expect(made.status).toBe(201);
  // Before ours has gone out somebody types the same person there, and a namesake.
  shop.crm.control.create("Kontaktpersoner", { EmneNr: "2", Navn: "Eva Lund Holm", Email: "EVA@tag.example" });
  shop.crm.control.create("Kontaktpersoner", { EmneNr: "2", Navn: "Ida Bro", Email: "" });
  await shop.settle();
  await shop.settle();
  const own = await contacts(syd);
  expect(own.filter((each) => each.meta.id === made.body.meta.id)).toHaveLength(1);
  expect(own.filter((each) => each.navn === "Ida Bro")).toHaveLength(2);
  const evas = shop.crm.control.rows("Kontaktpersoner").filter((row) => row.Email?.toLowerCase() === "eva@tag.example");
  expect(evas).toHaveLength(1);
});

test("S27 a contact that is deleted on one side is unlinked, not deleted, on the other", async () => {
  const ida = await contact(nord, "Ida Bro");
  shop.crm.control.remove("Kontaktpersoner", "11");
  await shop.settle();
  await shop.engine.settle();
  expect((await contact(nord, "Ida Bro")).meta.id).toBe(ida.meta.id);
  const ole = await contact(nord, "Ole Bak");
  const gone = await shop.api("DELETE", `/v1/kundeemner/${nord}/kontaktpersoner/${ole.meta.id}`);
  expect(gone.status).toBe(204);
  await shop.settle();
  expect(shop.crm.control.row("Kontaktpersoner", "12")).toMatchObject({ Navn: "Ole Bak" });
  // Read again, it does not come back to life here.
  await shop.settle();
  expect((await contacts(nord)).map((each) => each.navn)).toEqual(["Ida Bro"]);
  expect(shop.crm.log.writes("Kontaktpersoner").filter((entry) => entry.method === "DELETE")).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let id: string;

beforeAll(async () => {
  shop = await openShop({
    debitorer: [
      {
        Kontonr: "1001",
        Navn: "Nordhavn El A/S",
        Søgenavn: "NORDHAVN",
        SE_Nr: "12345674",
        Kontakt: "Jens Holm",
        Email: "jens@nordhavn.example",
        Mobil: "20304050",
        Att: "Indkøb",
      },
    ],
  });
  id = (await shop.find("erp", "debitor", "1001")).meta.id;
});

afterAll(() => shop?.close());

const contacts = async (): Promise<
  { navn: string; email: string; mobil: string; primaer: boolean; id: string; meta: { id: string } }[]
> => (await shop.api("GET", `/v1/kundeemner/${id}/kontaktpersoner`)).body.items;

test("S21 attention is a field of its own, beside the primary contact, both ways", async () => {
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.attention).toBe("Indkøb");
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { attention: "Bogholderiet" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Att: "Bogholderiet", Kontakt: "Jens Holm" });
  shop.erp.control.put("Debitorer", "1001", { Att: "Værkstedet" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.attention).toBe("Værkstedet");
});

test("S22 there is at most one primary contact, flat fields mirror it, and removing it promotes nobody", async () => {
  const [jens] = await contacts();
  expect(jens).toMatchObject({ navn: "Jens Holm", email: "jens@nordhavn.example", primaer: true });
  const made = await shop.api("POST", `/v1/kundeemner/${id}/kontaktpersoner`, {
    body: { navn: "Mette Ås", email: "mette@nordhavn.example", primaer: true },
  });
  expect(made.status).toBe(201);
  expect((await contacts()).filter((each) => each.primaer).map((each) => each.navn)).toEqual(["Mette Ås"]);
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({
    Kontakt: "Mette Ås",
    Email: "mette@nordhavn.example",
  });
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { primaerKontaktId: null } });
  await shop.settle();
  expect((await contacts()).filter((each) => each.primaer)).toEqual([]);
  // No primary: the flat fields are neither sent nor cleared.
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Kontakt: "Mette Ås" });
  const mette = (await contacts()).find((each) => each.navn === "Mette Ås");
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { primaerKontaktId: mette?.meta.id } });
  await shop.settle();
});

test("S23 telephone numbers are kept as typed and compared by what they dial, titles go along", async () => {
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { telefon: "+45 70 10 20 30" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Telefon: "+45 70 10 20 30" });
  const writes = shop.erp.log.writes("Debitorer", "1001").length;
  shop.erp.control.put("Debitorer", "1001", { Telefon: "70102030" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.telefon).toBe("+45 70 10 20 30");
  expect(shop.erp.log.writes("Debitorer", "1001").length).toBe(writes);
  const primary = (await contacts()).find((each) => each.primaer);
  const changed = await shop.api("PATCH", `/v1/kundeemner/${id}/kontaktpersoner/${primary?.meta.id}`, {
    body: { titel: "Indkøbschef", mobil: "40 50 60 70", fax: "70102031" },
  });
  expect(changed.body).toMatchObject({ titel: "Indkøbschef", mobil: "40 50 60 70" });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Mobil: "40 50 60 70", Fax: "70102031" });
  const inCrm = shop.crm.control.rows("Kontaktpersoner").find((row) => row.Navn === "Mette Ås");
  expect(inCrm).toMatchObject({ Titel: "Indkøbschef", Mobil: "40 50 60 70" });
});

test("S24 the accounts address is a field apart from the contact's, and each keeps to its own remote field", async () => {
  await shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { bogholderiEmail: "faktura@nordhavn.example" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({
    EmailBoghFak: "faktura@nordhavn.example",
    Email: "mette@nordhavn.example",
  });
  shop.erp.control.put("Debitorer", "1001", { EmailBoghFak: "bogholderi@nordhavn.example" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.bogholderiEmail).toBe("bogholderi@nordhavn.example");
  expect((await contacts()).every((each) => each.email !== "bogholderi@nordhavn.example")).toBe(true);
});

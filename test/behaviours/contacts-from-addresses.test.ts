import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({
    objects: { kundeemne: { create: "in" }, kontaktperson: { create: "in" } },
    config: { contacts: { ownDomains: ["vores-firma.dk"] } },
  });
});
afterAll(() => shop?.close());

let messages = 0;
const send = async (address: string, more: Record<string, unknown> = {}) => {
  messages += 1;
  const body = { address, messageId: `<${messages}@mail>`, ...more };
  const answer = await shop.api("POST", "/v1/connections/crm/inbound/email", { body });
  expect(answer.status).toBe(200);
  return answer.body.items[0];
};
const make = async (firmanavn: string, ...emailDomaener: string[]): Promise<string> => {
  const answer = await shop.api("POST", "/v1/kundeemner", { body: { firmanavn, emailDomaener } });
  expect(answer.status).toBe(201);
  return answer.body.meta.id;
};
const contactsOf = async (id: string) => (await shop.api("GET", `/v1/kundeemner/${id}/kontaktpersoner`)).body.items;
const asked = async () => (await shop.api("GET", "/v1/reviews?kind=unknown_address")).body.items;
const decide = (id: number, body: Record<string, unknown>) => shop.api("POST", `/v1/reviews/${id}/decision`, { body });

test("S25 an address of one company's domain becomes a contact there, once, without consent and not as the primary one", async () => {
  const id = await make("Nordhavn El ApS", "nordhavn-el.dk");
  const before = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  const first = await send("Jens.Hansen@mail.nordhavn-el.dk");
  expect(first).toMatchObject({ outcome: "made", kundeemneId: id });
  const again = await send("jens.hansen@mail.nordhavn-el.dk", { name: "Jens H." });
  expect(again).toMatchObject({ outcome: "known", kontaktpersonId: first.kontaktpersonId });
  expect(await contactsOf(id)).toMatchObject([
    { navn: "Jens Hansen", email: "Jens.Hansen@mail.nordhavn-el.dk", primaer: false, oprettetVia: "domaene" },
  ]);
  const after = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  expect([after.tilladKampagne, after.gdprOk]).toEqual([before.tilladKampagne, before.gdprOk]);
  expect(after.primaerKontaktId).toBeNull();
  const named = await send("bo@nordhavn-el.dk", { name: "Bo Berg" });
  expect(await contactsOf(id)).toContainEqual(expect.objectContaining({ navn: "Bo Berg" }));
  expect(named.outcome).toBe("made");
});

test("S25 the same address by many at once is one contact, and one that a person made already is known", async () => {
  const id = await make("Samtidig ApS", "samtidig.dk");
  const path = `/v1/kundeemner/${id}/kontaktpersoner`;
  await shop.api("POST", path, { body: { navn: "Åse", email: "aase@samtidig.dk" } });
  expect((await send("AASE@samtidig.dk")).outcome).toBe("known");
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => send("mange@samtidig.dk")));
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["known", "known", "known", "known", "known", "made"]);
  expect(await contactsOf(id)).toHaveLength(2);
});

test("S25 public mail, our own domain, and addresses of offices and machines make nobody and ask nobody", async () => {
  const id = await make("Kontor ApS", "kontor-firma.dk");
  const reasons = [];
  for (const address of [
    "per@gmail.com",
    "ida@stofanet.dk",
    "bo@vores-firma.dk",
    "info@kontor-firma.dk",
    "no-reply@kontor-firma.dk",
  ])
    reasons.push(await send(address));
  expect(reasons.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ["ignored", "public_mail_domain"],
    ["ignored", "public_mail_domain"],
    ["ignored", "own_domain"],
    ["ignored", "role_address"],
    ["ignored", "role_address"],
  ]);
  expect(await contactsOf(id)).toEqual([]);
  expect(await asked()).toEqual([]);
});

test("S25 a public mail domain is refused as the domain of a company, and a domain is kept as its registrable part", async () => {
  const refused = await shop.api("POST", "/v1/kundeemner", {
    body: { firmanavn: "Gratis ApS", emailDomaener: ["firma.dk", "hotmail.dk"] },
    headers: { "accept-language": "da" },
  });
  expect(refused.body).toMatchObject({
    status: 422,
    errors: [{ pointer: "/emailDomaener", code: "email_domain_public" }],
  });
  expect(refused.body.errors[0].detail).toMatch(/Udelad det/);
  const id = await make("Blåbær ApS", "Mail.BLÅBÆR.dk", "blåbær.dk");
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.emailDomaener).toEqual(["blåbær.dk"]);
  expect(await send("bo@xn--blbr-roah.dk")).toMatchObject({ outcome: "made", kundeemneId: id });
});

test("S25 a domain that several companies have, or none, is asked about once, and the answer stands for later messages", async () => {
  const [a, b] = [await make("Koncern A/S", "koncern.dk"), await make("Koncern Drift ApS", "koncern.dk")];
  expect((await send("per@koncern.dk", { name: "Per" })).outcome).toBe("asked");
  expect((await send("per@koncern.dk")).outcome).toBe("asked");
  expect((await send("fremmed@ingen-kender.dk")).outcome).toBe("asked");
  const [none, several] = await asked();
  expect(several).toMatchObject({
    reason: "S25:several_companies",
    detail: { address: "per@koncern.dk", candidates: [a, b] },
  });
  expect(none).toMatchObject({ reason: "S25:no_company", decisions: ["link", "ignore"], detail: { candidates: [] } });
  expect((await decide(several.id, { decision: "link" })).body.code).toBe("bad_value");
  expect((await decide(several.id, { decision: "link", target: b })).status).toBe(200);
  expect((await decide(none.id, { decision: "ignore", why: "En sælger" })).status).toBe(200);
  expect(await contactsOf(b)).toMatchObject([{ navn: "Per", oprettetVia: "domaene" }]);
  expect(await send("per@koncern.dk")).toMatchObject({ outcome: "known", kundeemneId: b });
  expect(await send("fremmed@ingen-kender.dk")).toMatchObject({ outcome: "ignored", reason: "said_no" });
  expect(await asked()).toEqual([]);
});

test("S28 contacts made so are listed with their evidence, and taken away where nobody has changed or used them", async () => {
  const id = await make("Bevis ApS", "bevis.dk");
  const [one, two, three] = [
    await send("en@bevis.dk", { sentAt: "2026-01-02T10:00:00+01:00" }),
    await send("to@bevis.dk"),
    await send("tre@bevis.dk"),
  ];
  const list = (await shop.api("GET", `/v1/domain-contacts?kundeemne=${id}`)).body.items;
  expect(list).toHaveLength(3);
  const first = list.find((each: { kontaktpersonId: string }) => each.kontaktpersonId === one.kontaktpersonId);
  expect(first).toMatchObject({
    ...{ state: "made", domain: "bevis.dk", connection: "crm", messageId: one.messageId, by: "test admin" },
    sentAt: "2026-01-02T09:00:00.000Z",
  });
  const undone = await shop.api("POST", `/v1/domain-contacts/${first.id}/undo`);
  expect(undone.body).toMatchObject({ state: "undone", undoneBy: "test admin", kundeemneId: null });
  expect((await shop.api("POST", `/v1/domain-contacts/${first.id}/undo`)).status).toBe(200);
  expect(await send("en@bevis.dk")).toMatchObject({ outcome: "ignored", reason: "said_no" });
  const path = `/v1/kundeemner/${id}/kontaktpersoner/${two.kontaktpersonId}`;
  await shop.api("PATCH", path, { body: { mobil: "20202020" } });
  await shop.api("POST", `/v1/kundeemner/${id}/noter`, {
    body: { tekst: "Ringede", kontaktpersonId: three.kontaktpersonId },
  });
  const rest = (await shop.api("POST", "/v1/domain-contacts/undo", { body: { filter: { kundeemne: id } } })).body;
  expect(rest).toMatchObject({ undone: 0, left: [{ code: "record_moved" }, { code: "record_moved" }], next: null });
  expect(await contactsOf(id)).toHaveLength(2);
  await send("fire@bevis.dk");
  const many = (await shop.api("POST", "/v1/domain-contacts/undo", { body: { filter: { domain: "bevis.dk" } } })).body;
  expect(many).toMatchObject({ undone: 1, left: [{}, {}] });
});

test("S25 many addresses go in one request; one that is none, and a connection that is not there, are told", async () => {
  const id = await make("Flere ApS", "flere.dk");
  const body = ["a", "b", "a"].map((local, n) => ({ address: `${local}@flere.dk`, messageId: `<m${n}@x>` }));
  const { items } = (await shop.api("POST", "/v1/connections/crm/inbound/email", { body })).body;
  expect(items.map((each: { outcome: string }) => each.outcome)).toEqual(["made", "made", "known"]);
  expect(await contactsOf(id)).toHaveLength(2);
  const wrong = await shop.api("POST", "/v1/connections/crm/inbound/email", {
    body: { address: "ikke en", messageId: "1" },
  });
  expect(wrong.status).toBe(422);
  const nowhere = await shop.api("POST", "/v1/connections/nej/inbound/email", { body: body[0] });
  expect(nowhere.status).toBe(404);
});

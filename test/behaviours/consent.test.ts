import { afterEach, beforeEach, expect, test } from "vitest";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeEach(async () => {
  shop = await openShop({});
});
afterEach(() => shop?.close());

const post = (path: string, body: Record<string, unknown>) => shop.api("POST", path, { body });
const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Copenhagen", dateStyle: "short" }).format(
  new Date(),
);

/** A company that may be advertised to, and its contact. */
async function company(fields: Record<string, unknown> = {}, email = "jens@nordisk-trae.dk") {
  const approved = {
    tilladKampagne: true,
    gdprOk: true,
    gdprDato: "2026-06-01",
    kundetype: "BTB",
    virksomhedsform: "80",
  };
  const { meta } = await ok(post("/v1/kundeemner", { firmanavn: "Nordisk Træ ApS", ...approved, ...fields }), 201);
  const contact = await ok(
    post(`/v1/kundeemner/${meta.id}/kontaktpersoner`, { navn: "Jens Holm", email, mobil: "20102030" }),
    201,
  );
  // CVR has been asked: the company is not protected.
  await shop.engine.deps.db.sql.unsafe("update kundeemner set reklamebeskyttet_vaerdi = false where id = $1", [
    meta.id,
  ]);
  return { id: String(meta.id), contact: String(contact.meta.id) };
}
const ask = (id: string, query: string) => ok(shop.api("GET", `/v1/kundeemner/${id}/eligibility?${query}`));
const codes = async (id: string, query: string): Promise<string[]> =>
  (await ask(id, query)).reasons.map(({ code }: { code: string }) => code);
const permit = (id: string, contact: string, more: Record<string, unknown> = {}) =>
  ok(
    post(`/v1/kundeemner/${id}/samtykker`, {
      ...{
        channel: "email",
        kind: "given",
        kontaktpersonId: contact,
        evidence: "form v3, 2026-06-01",
        optOutOffered: true,
      },
      ...more,
    }),
    201,
  );

test("S60 without tilladKampagne nobody is reached for marketing, whatever was consented; a service message is no campaign", async () => {
  const { id, contact } = await company({ tilladKampagne: false });
  await permit(id, contact);
  expect(await codes(id, `channel=email&kontaktpersonId=${contact}`)).toEqual(["campaigns_not_allowed"]);
  expect(await ask(id, `channel=email&purpose=service&kontaktpersonId=${contact}`)).toMatchObject({
    allowed: true,
    reasons: [],
  });
});

test("S62 the verdict is that of the moment: consent given, withdrawn at another record with the address, and given anew", async () => {
  const one = await company();
  const query = `channel=email&kontaktpersonId=${one.contact}`;
  expect(await codes(one.id, query)).toEqual(["consent_missing"]);
  await permit(one.id, one.contact, { at: "2026-06-01T10:00:00Z" });
  expect(await ask(one.id, query)).toEqual({ allowed: true, reasons: [], warnings: [] });
  // The same person at another company says no: the address is meant, in whatever spelling.
  const other = await company({ firmanavn: "Havnens Is ApS" }, "JENS@Nordisk-Trae.dk");
  await ok(
    post(`/v1/kundeemner/${other.id}/samtykker`, {
      channel: "email",
      kind: "withdrawn",
      kontaktpersonId: other.contact,
    }),
    201,
  );
  expect(await codes(one.id, query)).toEqual(["consent_withdrawn"]);
  await permit(one.id, one.contact, { evidence: "called us" });
  expect(await codes(one.id, query)).toEqual([]);
  // Another channel is another consent.
  expect(await codes(one.id, `channel=sms&kontaktpersonId=${one.contact}`)).toEqual(["consent_missing"]);
});

test("S66 a permission takes evidence and the way out, and keeps both; a withdrawal takes nothing", async () => {
  const { id, contact } = await company();
  const send = (body: Record<string, unknown>) =>
    post(`/v1/kundeemner/${id}/samtykker`, { channel: "email", kontaktpersonId: contact, ...body });
  expect(await send({ kind: "given" })).toMatchObject({
    ...{ status: 422 },
    body: {
      errors: [
        { pointer: "/evidence", code: "missing" },
        { pointer: "/optOutOffered", code: "missing" },
      ],
    },
  });
  const whole = { evidence: "form v3", optOutOffered: true };
  expect(await send({ kind: "given", ...whole, at: "2099-01-01T00:00:00Z" })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/at" }] },
  });
  expect(await send({ kind: "requested", ...whole })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/kind", code: "contradiction" }] },
  });
  expect(await send({ kind: "given", ...whole, address: "ingen adresse" })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/address" }] },
  });
  const noted = await ok(send({ kind: "given", ...whole, source: "webshop" }), 201);
  expect(noted).toMatchObject({
    address: "jens@nordisk-trae.dk",
    evidence: "form v3",
    source: "webshop",
    by: expect.any(String),
    kontaktpersonId: contact,
  });
  await ok(send({ kind: "withdrawn" }), 201);
  const { items } = await ok(shop.api("GET", `/v1/kundeemner/${id}/samtykker`));
  expect(items.map(({ kind }: { kind: string }) => kind)).toEqual(["withdrawn", "given"]);
});

test("S67 an approval is told to be old after a year, and one that is missing refuses", async () => {
  const { id, contact } = await company({ gdprDato: "2024-01-01" });
  await permit(id, contact);
  expect(await ask(id, `channel=email&kontaktpersonId=${contact}`)).toMatchObject({
    allowed: true,
    warnings: [{ code: "gdpr_old" }],
  });
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { gdprOk: false } }));
  expect(await codes(id, `channel=email&kontaktpersonId=${contact}`)).toEqual(["gdpr_not_ok"]);
});

test("S72 an objection overrides every consent, in words of the caller's language", async () => {
  const { id, contact } = await company();
  await permit(id, contact);
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { indsigelse: today } }));
  const { body } = await shop.api("GET", `/v1/kundeemner/${id}/eligibility?channel=email&kontaktpersonId=${contact}`, {
    headers: { "accept-language": "da" },
  });
  expect(body).toMatchObject({
    allowed: false,
    reasons: [{ code: "objection", text: "Der er gjort indsigelse mod markedsføring." }],
  });
});

test("S72 a restricted record is stored and nothing else: nothing is taken in, sent or refreshed until it is lifted", async () => {
  shop.erp.control.create("Debitorer", {
    Kontonr: "1001",
    Navn: "Nordisk Træ ApS",
    SE_Nr: "12345674",
    Telefon: "62521234",
  });
  await shop.settle();
  const { meta } = await shop.find("erp", "debitor", "1001");
  const restricted = await ok(post(`/v1/kundeemner/${meta.id}/restrict`, { reason: "the registrant's wish" }));
  expect(restricted).toMatchObject({
    meta: { states: { restricted: true } },
    begraenset: { vaerdi: true, aarsag: "the registrant's wish", dato: today },
  });
  shop.erp.control.put("Debitorer", "1001", { Telefon: "70102030" });
  await ok(shop.api("PATCH", `/v1/kundeemner/${meta.id}`, { body: { attention: "Lageret" } }));
  const writes = shop.erp.log.writes("Debitorer").length;
  await shop.settle();
  expect((await ok(shop.api("GET", `/v1/kundeemner/${meta.id}`))).telefon).toBe("62521234");
  expect(shop.erp.log.writes("Debitorer")).toHaveLength(writes);
  expect(await codes(meta.id, "channel=phone&purpose=service")).toEqual(["restricted"]);
  // Restricted already: nothing changes.
  expect((await ok(post(`/v1/kundeemner/${meta.id}/restrict`, { reason: "again" }))).begraenset.aarsag).toBe(
    "the registrant's wish",
  );
  expect(await post(`/v1/kundeemner/${meta.id}/restrict`, {})).toMatchObject({ status: 422 });
  await ok(post(`/v1/kundeemner/${meta.id}/unrestrict`, { reason: "settled" }));
  await shop.settle();
  expect((await ok(shop.api("GET", `/v1/kundeemner/${meta.id}`))).telefon).toBe("70102030");
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Att: "Lageret" });
});

test("the accounts office is in no campaign, not even for service", async () => {
  const { id, contact } = await company({ bogholderiEmail: "Jens@nordisk-trae.dk" });
  await permit(id, contact);
  expect(await codes(id, `channel=email&purpose=service&kontaktpersonId=${contact}`)).toEqual(["accounts_address"]);
});

test("an unknown record, a contact of another and a merged one are told", async () => {
  const { id } = await company();
  const other = await company({ firmanavn: "Havnens Is ApS" }, "ida@havnens-is.dk");
  expect(
    (await shop.api("GET", `/v1/kundeemner/${id}/eligibility?channel=email&kontaktpersonId=${other.contact}`)).status,
  ).toBe(404);
  expect(
    (await shop.api("GET", "/v1/kundeemner/00000000-0000-7000-8000-000000000000/eligibility?channel=email")).status,
  ).toBe(404);
  expect((await shop.api("GET", `/v1/kundeemner/${id}/eligibility?channel=raven`)).status).toBe(400);
});

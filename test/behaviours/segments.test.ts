import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { noteConsent } from "../../src/pipelines/consents.ts";
import { person } from "../support/engine.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

vi.setConfig({ testTimeout: 120_000 });

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ armed: true });
});
afterAll(() => shop?.close());

const post = (path: string, body: Record<string, unknown> = {}) => shop.api("POST", path, { body });

let count = 0;
/** A company that may be advertised to, and a contact who has consented to e-mail. */
async function company(postnr: string, fields: Record<string, unknown> = {}, consented = true) {
  count += 1;
  const approved = {
    tilladKampagne: true,
    gdprOk: true,
    gdprDato: "2026-06-01",
    kundetype: "BTB",
    virksomhedsform: "80",
  };
  const { meta } = await ok(
    post("/v1/kundeemner", { firmanavn: `Firma ${count} ApS`, postnr, ...approved, ...fields }),
    201,
  );
  const contact = await ok(
    post(`/v1/kundeemner/${meta.id}/kontaktpersoner`, {
      navn: `Person ${count}`,
      email: `p${count}@firma${count}.dk`,
      mobil: "20102030",
    }),
    201,
  );
  await shop.engine.deps.db.sql.unsafe("update kundeemner set reklamebeskyttet_vaerdi = false where id = $1", [
    meta.id,
  ]);
  const id = String(meta.id);
  const person_ = String(contact.meta.id);
  if (consented) await consent(id, person_);
  return { id, person: person_ };
}
const consent = (id: string, kontaktpersonId: string) =>
  ok(
    post(`/v1/kundeemner/${id}/samtykker`, {
      ...{ channel: "email", kind: "given", kontaktpersonId, evidence: "form v3", optOutOffered: true },
    }),
    201,
  );
const withdraw = (id: string, kontaktpersonId: string) =>
  ok(post(`/v1/kundeemner/${id}/samtykker`, { channel: "email", kind: "withdrawn", kontaktpersonId }), 201);
const segment = async (filter: string, more: Record<string, unknown> = {}): Promise<string> =>
  (await ok(post("/v1/segments", { name: "Prøve", level: "kontaktperson", channel: "email", filter, ...more }), 201))
    .id;
const run = (id: string) => ok(post(`/v1/segments/${id}/run`));
const members = async (id: string): Promise<string[]> =>
  (await ok(shop.api("GET", `/v1/segments/${id}/members`))).items.map(({ entityId }: { entityId: string }) => entityId);

test("S57 a saved criterion gives the same members each time, those it refuses with their reasons, and a run shows the difference", async () => {
  const a = await company("1111");
  const b = await company("1112");
  const refused = await company("1113", {}, false);
  await company("2222");
  const id = await segment("postnr in 1111..1119");
  expect(await run(id)).toMatchObject({ members: 2, added: 2, removed: 0, refused: { consent_missing: 1 } });
  expect(await members(id)).toEqual([a.person, b.person].toSorted());
  expect(await run(id)).toMatchObject({ members: 2, added: 0, removed: 0 });
  const { items } = await ok(shop.api("GET", `/v1/segments/${id}/refused`, { headers: { "accept-language": "da" } }));
  expect(items).toEqual([
    {
      entityId: refused.person,
      kundeemneId: refused.id,
      reasons: [{ code: "consent_missing", text: "Samtykke til kanalen mangler." }],
    },
  ]);
  await ok(shop.api("PATCH", `/v1/kundeemner/${a.id}`, { body: { postnr: "3333" } }));
  await consent(refused.id, refused.person);
  expect(await run(id)).toMatchObject({ members: 2, added: 1, removed: 1, refused: {} });
  expect(await members(id)).toEqual([b.person, refused.person].toSorted());
  const events = (await ok(shop.api("GET", `/v1/segments/${id}/events`))).items;
  expect(events.map(({ change, reason }: Record<string, string>) => `${change} ${reason}`)).toEqual([
    ...["added criterion", "added criterion", "added criterion", "removed criterion"],
  ]);
  expect((await ok(shop.api("GET", `/v1/segments/${id}/events?after=${events[2].id}`))).items).toEqual([events[3]]);
});

test("S62 the rule is asked again when members are handed over: who has withdrawn meanwhile is put out, not handed over", async () => {
  const a = await company("1211");
  const b = await company("1212");
  const id = await segment("postnr in 1211..1219");
  await run(id);
  await withdraw(a.id, a.person);
  await ok(shop.api("PATCH", `/v1/kundeemner/${b.id}`, { body: { telefon: "62521234" } }));
  const { items } = await ok(shop.api("GET", `/v1/segments/${id}/members`));
  expect(items).toMatchObject([
    { entityId: b.person, why: "criterion", firmanavn: expect.any(String), email: expect.stringContaining("@") },
  ]);
  expect((await ok(shop.api("GET", `/v1/segments/${id}`))).members).toBe(1);
  const events = (await ok(shop.api("GET", `/v1/segments/${id}/events`))).items;
  expect(events.at(-1)).toMatchObject({ entityId: a.person, change: "removed", reason: "consent_withdrawn" });
});

test("S61 somebody is put in by hand whatever the criterion says, but passes the same rule, and is refused with every reason", async () => {
  const a = await company("4444");
  const b = await company("4445", { tilladKampagne: false }, false);
  const id = await segment("none");
  await ok(post(`/v1/segments/${id}/members`, { entityId: a.person }), 204);
  expect(await members(id)).toEqual([a.person]);
  expect(await post(`/v1/segments/${id}/members`, { entityId: b.person })).toMatchObject({
    status: 422,
    body: { errors: [{ code: "campaigns_not_allowed" }, { code: "consent_missing" }] },
  });
  expect(await post(`/v1/segments/${id}/members`, { entityId: a.id })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/entityId" }] },
  });
  // A run keeps whom a person wants, as long as the rule lets it.
  expect(await run(id)).toMatchObject({ members: 1, added: 0, removed: 0 });
  await withdraw(a.id, a.person);
  expect(await run(id)).toMatchObject({ members: 0, removed: 1 });
  await consent(a.id, a.person);
  expect(await run(id)).toMatchObject({ members: 1, added: 1 });
  await ok(shop.api("DELETE", `/v1/segments/${id}/members/${a.person}`), 204);
  expect(await members(id)).toEqual([]);
  expect((await shop.api("DELETE", `/v1/segments/${id}/members/${a.person}`)).status).toBe(404);
});

test("S64 companies and contacts are segments of their own, and without tilladKampagne nobody is in one", async () => {
  const a = await company("5551", { telefon: "62521234" });
  const b = await company("5552", { telefon: "62521235", tilladKampagne: false });
  const companies = await segment("postnr in 5551..5559", { level: "kundeemne", channel: "phone" });
  await run(companies);
  expect(await members(companies)).toEqual([a.id]);
  const service = await segment("postnr in 5551..5559", { level: "kundeemne", channel: "phone", purpose: "service" });
  await run(service);
  expect(await members(service)).toEqual([a.id, b.id].toSorted());
  // The archived are in none.
  await ok(post(`/v1/kundeemner/${a.id}/archive`, { reason: "moved" }));
  expect(await members(service)).toEqual([b.id]);
  expect(await run(companies)).toMatchObject({ members: 0, removed: 1 });
});

test("a segment is changed as a new version, keeps its level, is listed and deleted; a criterion that cannot be read is told", async () => {
  const id = await segment("findesDeb", { name: "Kunder" });
  const wish = {
    name: "Kunder i Jylland",
    level: "kontaktperson",
    channel: "email",
    filter: "findesDeb and postnr >= 6000",
  };
  expect(await ok(shop.api("PUT", `/v1/segments/${id}`, { body: wish }))).toMatchObject({
    ...{ version: 2, name: "Kunder i Jylland", filter: 'findesDeb = true and postnr >= "6000"' },
  });
  expect(await shop.api("PUT", `/v1/segments/${id}`, { body: { ...wish, level: "kundeemne" } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/level", code: "immutable_field" }] },
  });
  expect(await post("/v1/segments", { ...wish, filter: "postnr 8000" })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/filter", code: "filter_syntax" }] },
  });
  expect((await ok(shop.api("GET", "/v1/segments"))).items.map(({ name }: { name: string }) => name)).toContain(
    "Kunder i Jylland",
  );
  await ok(shop.api("DELETE", `/v1/segments/${id}`), 204);
  for (const path of ["", "/members", "/refused", "/events"])
    expect((await shop.api("GET", `/v1/segments/${id}${path}`)).status).toBe(404);
  expect((await post(`/v1/segments/${id}/run`)).status).toBe(404);
});

test("S62 whatever was said in whatever order, nobody is handed over whom the rule refuses at that moment", async () => {
  const people = [
    await company("6661", {}, false),
    await company("6662", {}, false),
    await company("6663", { tilladKampagne: false }, false),
  ];
  const id = await segment("postnr in 6661..6669");
  const step = fc.record({
    who: fc.nat(2),
    does: fc.constantFrom("given", "withdrawn", "complained", "run", "forbid", "permit"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      for (const { who, does } of steps) {
        const { id: kundeemneId, person: kontaktpersonId } = people[who] ?? { id: "", person: "" };
        if (does === "run") await run(id);
        else if (does === "forbid" || does === "permit")
          await ok(shop.api("PATCH", `/v1/kundeemner/${kundeemneId}`, { body: { tilladKampagne: does === "permit" } }));
        else
          await noteConsent(shop.engine.deps, {
            ...{ kundeemneId, kontaktpersonId, channel: "email", purpose: "markedsfoering", kind: does, by: person },
            ...(does === "given" ? { evidence: "form", optOutOffered: true } : {}),
          });
      }
      for (const member of await members(id)) {
        const owner = people.find((each) => each.person === member);
        const verdict = await ok(
          shop.api("GET", `/v1/kundeemner/${owner?.id}/eligibility?channel=email&kontaktpersonId=${member}`),
        );
        expect(verdict).toMatchObject({ allowed: true });
      }
    }),
    { numRuns: 15 },
  );
});

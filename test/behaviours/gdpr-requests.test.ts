import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({});
});
afterAll(() => shop?.close());

const ok = async (answer: ReturnType<Shop["api"]>, status = 200) => {
  const { status: got, body } = await answer;
  expect(got, JSON.stringify(body)).toBe(status);
  return body;
};
const post = (path: string, body: Record<string, unknown>) => shop.api("POST", path, { body });

async function company(name: string) {
  const id = (await ok(post("/v1/kundeemner", { firmanavn: name, telefon: "33123456" }), 201)).meta.id;
  const person = async (navn: string, email: string) =>
    (await ok(post(`/v1/kundeemner/${id}/kontaktpersoner`, { navn, email }), 201)).meta.id;
  const [jens, mette] = [await person("Jens Holm", "jens@bundt.dk"), await person("Mette Friis", "mette@bundt.dk")];
  return { id, jens, mette };
}

test("S72 a request is due a month after it came, extended once by two, and listed by urgency", async () => {
  const { id } = await company("Frist ApS");
  const first = await ok(post("/v1/gdpr-requests", { kind: "access", kundeemneId: id, receivedOn: "2026-01-31" }), 201);
  expect(first).toMatchObject({ dueOn: "2026-02-28", state: "open", overdue: true });
  const second = await ok(
    post("/v1/gdpr-requests", { kind: "portability", kundeemneId: id, receivedOn: "2026-01-15" }),
    201,
  );
  const listed = await ok(shop.api("GET", "/v1/gdpr-requests?overdue=true"));
  expect(listed.items.map((each: { id: string }) => each.id)).toEqual([second.id, first.id]);
  const why = { why: "Mange systemer" };
  expect(await ok(post(`/v1/gdpr-requests/${first.id}/extend`, why))).toMatchObject({ dueOn: "2026-04-30" });
  await ok(post(`/v1/gdpr-requests/${first.id}/extend`, why), 409);
  await ok(post(`/v1/gdpr-requests/${first.id}/close`, { state: "refused" }), 422);
  const refused = await ok(
    post(`/v1/gdpr-requests/${first.id}/close`, { state: "refused", outcome: "Ukendt identitet" }),
  );
  expect(refused).toMatchObject({ state: "refused", overdue: false, closedBy: "test admin" });
  await ok(post(`/v1/gdpr-requests/${first.id}/close`, { state: "done" }), 409);
  await ok(post("/v1/gdpr-requests", { kind: "access", kundeemneId: id, receivedOn: "2099-01-01" }), 422);
});

test("S72 art. 15 and 20: the bundle has data, sources, activities, consents and recipients, and other people are struck out", async () => {
  const { id, jens, mette } = await company("Bundt ApS");
  await ok(
    post(`/v1/kundeemner/${id}/noter`, {
      tekst: "Jens Holm ringede; Mette Friis (mette@bundt.dk) er på ferie",
      kontaktpersonId: jens,
    }),
    201,
  );
  await ok(post(`/v1/kundeemner/${id}/noter`, { tekst: "Mettes egen note", kontaktpersonId: mette }), 201);
  await ok(
    post(`/v1/kundeemner/${id}/samtykker`, {
      channel: "email",
      kind: "withdrawn",
      kontaktpersonId: jens,
      source: "telefonen",
    }),
    201,
  );
  await shop.settle();
  const bundle = await ok(shop.api("GET", `/v1/kundeemner/${id}/bundle?kontaktpersonId=${jens}`));
  expect(bundle).toMatchObject({
    of: { kundeemneId: id, kontaktpersonId: jens },
    data: { navn: "Jens Holm", email: "jens@bundt.dk" },
    sources: { email: { kind: "api" } },
    activities: { noter: [{ tekst: "Jens Holm ringede; […] ([…]) er på ferie" }] },
    consents: [{ kind: "withdrawn", source: "telefonen" }],
    recipients: {
      systems: [{ connection: "crm", object: "kontaktperson", state: "linked" }],
      campaigns: [],
      files: [],
    },
    others: 1,
  });
  expect(JSON.stringify(bundle)).not.toMatch(/mette/i);
  const whole = await ok(shop.api("GET", `/v1/kundeemner/${id}/bundle`));
  expect(whole).toMatchObject({ data: { firmanavn: "Bundt ApS" }, others: 2 });
  expect(JSON.stringify(whole)).not.toMatch(/jens holm|mette/i);
  expect((await shop.api("GET", "/v1/audit?kind=read")).body.items[0]).toMatchObject({
    action: "GET /v1/kundeemner/{id}/bundle",
    target: id,
  });
});

test("S72 art. 16 and 19: what is rectified goes on to every linked system by itself", async () => {
  const { id } = await company("Rettes ApS");
  await shop.settle();
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: "Rettet ApS" } }));
  await shop.settle();
  expect(await shop.rowOf(id, "kundeemne")).toMatchObject({ Navn: "Rettet ApS" });
});

test("S72 art. 17, 18 and 21: closing a request as done erases, restricts or notes the objection, once", async () => {
  const { id, jens } = await company("Udføres ApS");
  const ask = async (kind: string, more: Record<string, unknown> = {}) =>
    (await ok(post("/v1/gdpr-requests", { kind, kundeemneId: id, note: "ringede", ...more }), 201)).id;
  const done = async (request: string) => ok(post(`/v1/gdpr-requests/${request}/close`, { state: "done" }));
  await done(await ask("objection", { receivedOn: "2026-02-01" }));
  expect(await ok(shop.api("GET", `/v1/kundeemner/${id}`))).toMatchObject({ indsigelse: "2026-02-01" });
  await done(await ask("restriction"));
  expect(await ok(shop.api("GET", `/v1/kundeemner/${id}`))).toMatchObject({ begraenset: { vaerdi: true } });
  const erasure = await done(await ask("erasure", { kontaktpersonId: jens }));
  expect(erasure).toMatchObject({ state: "done", note: null, erasureId: expect.any(String) });
  expect(await ok(shop.api("GET", `/v1/kundeemner/${id}`))).toMatchObject({
    kontaktpersoner: [{ navn: "Mette Friis" }],
  });
  await done(await ask("erasure"));
  await ok(post("/v1/gdpr-requests", { kind: "access", kundeemneId: id }), 410);
  const notes = await shop.engine.deps.db.sql.unsafe(
    "select note from gdpr_requests where kundeemne_id = $1 and note is not null",
    [id],
  );
  expect(notes).toEqual([]);
});

test("S72 art. 5 and 25: a text that may hold a CPR number is warned of", async () => {
  const { id } = await company("Advarsel ApS");
  await ok(
    shop.api("PATCH", `/v1/kundeemner/${id}`, {
      body: { bemaerk1: "Kunden har cpr 010180-1234", bemaerk2: "ordre 20102030" },
    }),
  );
  const { warnings } = (await ok(shop.api("GET", `/v1/kundeemner/${id}`))).meta;
  expect(warnings).toEqual([{ field: "bemaerk1", code: "cpr_like" }]);
});

test("S72 art. 5: leads with which nothing has happened for long are listed, and nothing is erased by that", async () => {
  const { id } = await company("Glemt Lead ApS");
  const { id: busy } = await company("Aktivt Lead ApS");
  const { sql } = shop.engine.deps.db;
  await sql.unsafe("update kundeemner set created_at = created_at - interval '25 months' where id = any($1::uuid[])", [
    [id, busy],
  ]);
  await ok(post(`/v1/kundeemner/${busy}/noter`, { tekst: "Ringede i dag" }), 201);
  const { items } = await ok(shop.api("GET", "/v1/gdpr/idle-leads"));
  expect(items).toMatchObject([{ id, firmanavn: "Glemt Lead ApS" }]);
  expect((await ok(shop.api("GET", "/v1/gdpr/idle-leads?months=30"))).items).toEqual([]);
  expect(await ok(post(`/v1/kundeemner/${id}/erase`, { ground: "retention" }))).toMatchObject({ ground: "retention" });
  expect((await ok(shop.api("GET", "/v1/gdpr/idle-leads"))).items).toEqual([]);
});

test("S72 art. 30: the record of processing names each system with the personal data that it gives and gets", async () => {
  const register = await ok(shop.api("GET", "/v1/gdpr/processing-register"));
  expect(register).toMatchObject({ deletion: { inbox: 30 }, bookkeeping: { years: 5, financialYearEnds: "12-31" } });
  const contacts = register.entries.find(({ object }: { object: string }) => object === "kontaktperson");
  expect(contacts).toMatchObject({ connection: "crm", side: "crm", registered: "kontaktperson" });
  expect(contacts.from).toEqual(expect.arrayContaining(["email", "navn"]));
  expect(contacts.to).toEqual(expect.arrayContaining(["email", "navn"]));
});

test("S72 art. 14: who came from elsewhere is to be told within a month, and is on the list until that is noted", async () => {
  const { id, jens } = await company("Oplyst ApS");
  const { sql } = shop.engine.deps.db;
  await sql.unsafe(
    "update kontaktpersoner set oprettet_via = 'domaene', created_at = '2026-01-31T10:00:00Z' where id = $1",
    [jens],
  );
  const { items } = await ok(shop.api("GET", "/v1/gdpr/not-informed"));
  expect(items).toEqual([
    {
      ...{ entity: "kontaktperson", id: jens, kundeemneId: id, name: "Jens Holm", from: "domaene" },
      ...{ since: "2026-01-31T10:00:00.000Z", dueOn: "2026-02-28" },
    },
  ]);
  await ok(post("/v1/gdpr/informed", { entityIds: [jens], how: "email", on: "2099-01-01" }), 422);
  expect(await ok(post("/v1/gdpr/informed", { entityIds: [jens], how: "email" }))).toEqual({ noted: 1 });
  expect(await ok(post("/v1/gdpr/informed", { entityIds: [jens], how: "letter" }))).toEqual({ noted: 0 });
  expect((await ok(shop.api("GET", "/v1/gdpr/not-informed"))).items).toEqual([]);
});

test("S72 art. 14: a one-person company made from a directory is on the list, a company of several is not", async () => {
  const { sql } = shop.engine.deps.db;
  const made = [await company("Én Person"), await company("Flere Personer ApS")];
  const directory = '{"kind":"connection","side":"directory","connection":"cvr","from":0,"to":0}';
  for (const [n, form] of ["10", "80"].entries())
    await sql.unsafe(
      "with h as (update history set by = $2::text::json where entity_id = $1 and version = 1) update kundeemner set virksomhedsform = $3 where id = $1",
      [made[n]?.id ?? "", directory, form],
    );
  const { items } = await ok(shop.api("GET", "/v1/gdpr/not-informed"));
  expect(items).toMatchObject([{ entity: "kundeemne", id: made[0]?.id, from: "cvr" }]);
});

test("S73 approvals that are missing, refused or older than a year are listed by a filter, current ones are not", async () => {
  const made = async (name: string, fields: Record<string, unknown>) =>
    (await ok(post("/v1/kundeemner", { firmanavn: name, ...fields }), 201)).meta.id;
  const dayAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const [missing, old, current] = [
    await made("Mangler S73", {}),
    await made("Gammel S73", { gdprOk: true, gdprDato: dayAgo(400) }),
    await made("Gyldig S73", { gdprOk: true, gdprDato: dayAgo(100) }),
  ];
  const filter = encodeURIComponent("gdprOk is empty or gdprOk = false or gdprDato is empty or gdprDato < today-365d");
  const { items } = await ok(shop.api("GET", `/v1/kundeemner?limit=100&filter=${filter}`));
  const ids = items.map(({ meta }: { meta: { id: string } }) => meta.id);
  expect(ids).toEqual(expect.arrayContaining([missing, old]));
  expect(ids).not.toContain(current);
});

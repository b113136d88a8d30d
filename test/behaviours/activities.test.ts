import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { changeDealing } from "../../src/pipelines/dealings.ts";
import { createEntity, deleteContact, editEntity } from "../../src/pipelines/edit.ts";
import { setNow } from "../../src/store/clock.ts";
import { testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const NOW = new Date("2026-11-23T11:00:00Z");

let engine: Engine;
let api: CheckedClient;
let id: string;

beforeAll(async () => {
  engine = await startEngine({ connections: {} });
  const { deps } = engine;
  const { as } = testApi(deps.db, {
    gateway: {
      createEntity: (act) => createEntity(deps, act),
      editEntity: (act) => editEntity(deps, act),
      deleteContact: (act) => deleteContact(deps, act),
      changeDealing: (act) => changeDealing(deps, act),
    },
    now: () => NOW,
  });
  api = await as("admin");
  await setNow(deps.db.sql, NOW);
});
afterAll(() => engine.close());

beforeEach(async () => {
  id = (await api("POST", "/v1/kundeemner", { body: { firmanavn: "Ærø Bådværft K/S" } })).body.meta.id;
});

const add = async (kind: string, body: object) => {
  const answer = await api("POST", `/v1/kundeemner/${id}/${kind}`, { body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
const read = async () => (await api("GET", `/v1/kundeemner/${id}`)).body;

test("S5 activities are added, tilbud too, and both count in what the record adds up", async () => {
  const call = await add("aktiviteter", { type: "opkald", dato: "2026-11-20", saelger: "Ida", vaerdi: "12500.50" });
  expect(call).toMatchObject({ type: "opkald", udfald: "aaben", kundeemneId: id, meta: { version: 1 } });
  const offer = await add("tilbud", { nr: "T-1", dato: "2026-11-19", beloeb: "40000" });
  expect(offer).toMatchObject({ status: "aabent", valuta: "DKK", kurs: null });
  expect(await read()).toMatchObject({ tilbudKr: "40000", vaerdi: "12500.5", nyesteAkt: "2026-11-20" });
});

test("S50 sums follow every change at once, and nobody can write them", async () => {
  const { meta } = await add("aktiviteter", { type: "moede", dato: "2026-11-20", vaerdi: "100" });
  const path = `/v1/aktiviteter/${meta.id}`;
  await api("PATCH", path, { body: { vaerdi: "250.25", dato: "2026-11-21" } });
  expect(await read()).toMatchObject({ vaerdi: "250.25", nyesteAkt: "2026-11-21" });
  await api("PATCH", path, { body: { udfald: "tabt" } });
  expect(await read()).toMatchObject({ vaerdi: "0", nyesteAkt: "2026-11-21" });
  expect((await api("DELETE", path)).status).toBe(204);
  expect(await read()).toMatchObject({ vaerdi: "0", nyesteAkt: null });
  const refused = await api("PATCH", `/v1/kundeemner/${id}`, {
    body: { vaerdi: "1", tilbudKr: "2", nyesteAkt: "2026-01-01" },
  });
  expect(refused.status).toBe(422);
  expect(refused.body.errors.map((each: { code: string }) => each.code)).toEqual(Array(3).fill("computed_field"));
});

test("S51 tasks and activities are listed per emne, per contact and per seller, and history names each of them", async () => {
  const contact = (await api("POST", `/v1/kundeemner/${id}/kontaktpersoner`, { body: { navn: "Bo Lund" } })).body.meta
    .id;
  const meeting = await add("aktiviteter", {
    type: "moede",
    dato: "2026-11-01",
    saelger: "Åse",
    kontaktpersonId: contact,
  });
  const call = await add("aktiviteter", { type: "opkald", dato: "2026-11-02", saelger: "Ib" });
  const task = await add("opgaver", { tekst: "Ring igen", ansvarlig: "Åse", opfoelgningsdato: "2026-12-01" });
  const note = await add("noter", { tekst: "Vil have\n10 % rabat", kontaktpersonId: contact });
  const ids = async (path: string) =>
    (await api("GET", path)).body.items.map((each: { meta: { id: string } }) => each.meta.id);
  expect(await ids(`/v1/kundeemner/${id}/aktiviteter`)).toEqual([call.meta.id, meeting.meta.id]);
  expect(await ids(`/v1/kundeemner/${id}/aktiviteter?type=moede`)).toEqual([meeting.meta.id]);
  expect(await ids(`/v1/aktiviteter?kontaktpersonId=${contact}`)).toEqual([meeting.meta.id]);
  expect(await ids(`/v1/aktiviteter?saelger=${encodeURIComponent("Åse")}&dato[gte]=2026-11-01`)).toEqual([
    meeting.meta.id,
  ]);
  expect(await ids(`/v1/opgaver?ansvarlig=${encodeURIComponent("Åse")}&status=aaben`)).toEqual([task.meta.id]);
  expect(await ids(`/v1/noter?kontaktpersonId=${contact}`)).toEqual([note.meta.id]);
  await api("PATCH", `/v1/opgaver/${task.meta.id}`, { body: { status: "udfoert" } });
  const { items } = (await api("GET", `/v1/kundeemner/${id}/history`)).body;
  expect(items.map((each: { kind: string }) => each.kind)).toEqual([
    "opgave_changed",
    "note_added",
    "opgave_added",
    "aktivitet_added",
    "aktivitet_added",
    "created",
  ]);
  expect(items[0]).toMatchObject({
    by: { kind: "api", actor: "test admin" },
    fields: { opgaver: { from: task.meta.id, to: task.meta.id } },
  });
});

test("S4 notes hang on the emne and are append-only: written by who asks, never changed nor taken away", async () => {
  const note = await add("noter", { tekst: "Første" });
  expect(note).toMatchObject({ tekst: "Første", forfatter: "test admin", meta: { createdBy: "test admin" } });
  const { key } = await testApi(engine.deps.db).keyOf(["write"]);
  for (const method of ["PATCH", "DELETE", "PUT"]) {
    const answer = await testApi(engine.deps.db).app.request(`/v1/noter/${note.meta.id}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(method === "DELETE" ? {} : { body: JSON.stringify({ tekst: "Anden" }) }),
    });
    expect(answer.status, method).toBe(404);
  }
  const forged = await api("POST", `/v1/kundeemner/${id}/noter`, { body: { tekst: "x", forfatter: "en anden" } });
  expect(forged.body.errors).toMatchObject([{ pointer: "/forfatter", code: "computed_field" }]);
  expect((await api("GET", `/v1/noter/${note.meta.id}`)).body.tekst).toBe("Første");
});

test("S53 how active the relation is can be read: activities of the last 90 and 365 days", async () => {
  for (const dato of ["2026-11-23", "2026-08-26", "2026-08-25", "2025-11-24", "2025-11-23", "2026-11-24"])
    await add("aktiviteter", { type: "mail", dato });
  expect((await read()).aktiviteterSidste).toEqual({ days90: 2, days365: 4 });
});

test("S54 TilbudKr is exact kroner at each tilbud's own rate, without what is cancelled, and 0 when there is none", async () => {
  expect((await read()).tilbudKr).toBe("0");
  await add("tilbud", { nr: "1", dato: "2026-01-01", beloeb: "0.10" });
  await add("tilbud", { nr: "2", dato: "2026-01-01", beloeb: "0.20", status: "afvist" });
  await add("tilbud", { nr: "3", dato: "2026-01-01", beloeb: "12345678901.2345", valuta: "EUR", kurs: "746.051234" });
  await add("tilbud", { nr: "4", dato: "2026-01-01", beloeb: "100", valuta: "EUR", kurs: "743.5" });
  const cancelled = await add("tilbud", { nr: "5", dato: "2026-01-01", beloeb: "99999", status: "annulleret" });
  expect((await read()).tilbudKr).toBe("92105090532.13762848373");
  await api("PATCH", `/v1/tilbud/${cancelled.meta.id}`, { body: { status: "aabent", beloeb: "-0.30" } });
  expect((await read()).tilbudKr).toBe("92105090531.83762848373");
  const items = (await api("GET", `/v1/kundeemner?tilbudKr[gt]=92105090531.8&tilbudKr[lt]=92105090531.9`)).body.items;
  expect(items.map((each: { meta: { id: string } }) => each.meta.id)).toEqual([id]);
});

test("S55 Værdi is the sum of the activities' values, without what is lost, and 0 when there is none", async () => {
  expect((await read()).vaerdi).toBe("0");
  await add("aktiviteter", { type: "moede", dato: "2026-11-20", vaerdi: 0.1, salgsprojekt: "Havn" });
  await add("aktiviteter", { type: "moede", dato: "2026-12-20", vaerdi: "0.20", udfald: "vundet" });
  await add("aktiviteter", { type: "moede", dato: "2026-11-20", vaerdi: "1000", udfald: "tabt" });
  await add("aktiviteter", { type: "opkald", dato: "2026-11-20" });
  expect((await read()).vaerdi).toBe("0.3");
});

test("S56 NyesteAkt is the newest past date in Copenhagen, planned ones excluded, null when there is none", async () => {
  expect((await read()).nyesteAkt).toBeNull();
  await add("aktiviteter", { type: "opkald", dato: "2026-11-24" });
  expect((await read()).nyesteAkt).toBeNull();
  const late = await add("aktiviteter", { type: "opkald", tidspunkt: "2026-11-22T23:30:00Z" });
  expect(late).toMatchObject({ dato: "2026-11-23", tidspunkt: "2026-11-22T23:30:00.000Z" });
  expect((await read()).nyesteAkt).toBe("2026-11-23");
  await add("aktiviteter", { type: "mail", dato: "2026-11-20" });
  expect((await read()).nyesteAkt).toBe("2026-11-23");
});

test.each([
  ["aktiviteter", { type: "moede" }, ["/dato missing"]],
  ["aktiviteter", { type: "brev", dato: "2026-01-01" }, ["/type not_allowed"]],
  ["aktiviteter", { type: "mail", dato: "2026-11-22", tidspunkt: "2026-11-22T23:30:00Z" }, ["/dato contradiction"]],
  ["aktiviteter", { type: "mail", dato: "2026-02-30", vaerdi: "1.234" }, ["/dato date_invalid", "/vaerdi bad_value"]],
  ["aktiviteter", { type: "mail", dato: "2026-02-03", tilbudKr: 1 }, ["/tilbudKr unknown_field"]],
  ["opgaver", { ansvarlig: "Ib" }, ["/tekst missing"]],
  ["tilbud", { nr: "1", dato: "2026-01-01", beloeb: "10", valuta: "EUR" }, ["/kurs incomplete"]],
  ["tilbud", { nr: "1", dato: "2026-01-01", beloeb: "10", valuta: "EUR", kurs: "0" }, ["/kurs bad_value"]],
  ["tilbud", { nr: "1", dato: "2026-01-01", beloeb: "10", kurs: "746" }, ["/kurs contradiction"]],
  [
    "tilbud",
    { nr: "1", dato: "2026-01-01", beloeb: "ti", valuta: "XXQ" },
    ["/beloeb bad_value", "/valuta currency_unknown"],
  ],
  ["noter", { tekst: " " }, ["/tekst missing"]],
])("a %s %o is refused with every fault, in Danish and English", async (kind, body, faults) => {
  for (const language of ["da", "en"]) {
    const answer = await api("POST", `/v1/kundeemner/${id}/${kind}`, {
      body,
      headers: { "accept-language": language },
    });
    expect(answer.status).toBe(422);
    const told: { pointer: string; code: string; detail: string }[] = answer.body.errors;
    expect(told.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(faults);
    expect(told.every(({ detail }) => detail.length > 5 && !detail.includes("{"))).toBe(true);
  }
});

test("a dealing is changed at the version that was seen, and hangs on an emne and its own contacts only", async () => {
  const { meta } = await add("opgaver", { tekst: "Ring" });
  const path = `/v1/opgaver/${meta.id}`;
  expect((await api("PATCH", path, { body: { ansvarlig: "Ib" }, headers: { "if-match": '"1"' } })).status).toBe(200);
  const stale = await api("PATCH", path, { body: { ansvarlig: "Bo" }, headers: { "if-match": '"1"' } });
  expect(stale.body).toMatchObject({ status: 412, currentVersion: 2 });
  const version = (await read()).meta.version;
  await api("PATCH", path, { body: { ansvarlig: "Ib" } });
  expect((await read()).meta.version).toBe(version);
  const other = (await api("POST", "/v1/kundeemner", { body: { firmanavn: "Anden" } })).body.meta.id;
  const stranger = (await api("POST", `/v1/kundeemner/${other}/kontaktpersoner`, { body: { navn: "Fremmed" } })).body;
  const refused = await api("PATCH", path, { body: { kontaktpersonId: stranger.meta.id } });
  expect(refused.body.errors).toMatchObject([{ pointer: "/kontaktpersonId", code: "bad_value" }]);
  expect((await api("GET", `/v1/opgaver/${other}`)).status).toBe(404);
  expect((await api("POST", `/v1/kundeemner/${meta.id}/opgaver`, { body: { tekst: "x" } })).status).toBe(404);
});

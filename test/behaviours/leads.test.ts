import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { archive } from "../../src/pipelines/archive.ts";
import { createEntity } from "../../src/pipelines/edit.ts";
import { takeLead } from "../../src/pipelines/leads.ts";
import { setNow } from "../../src/store/clock.ts";
import { type TestApi, testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const NOW = new Date("2026-11-23T11:00:00Z");
const PAGE = "https://www.nordhavn.dk";

let engine: Engine;
let api: CheckedClient;
let stage: TestApi;

beforeAll(async () => {
  engine = await startEngine({
    connections: {},
    leads: { origins: [PAGE], limit: { requests: 3, per: "1m" } },
  });
  const { deps } = engine;
  stage = testApi(deps.db, {
    gateway: {
      createEntity: (act) => createEntity(deps, act),
      archive: (act) => archive(deps, act),
      takeLead: (act) => takeLead(deps, act),
    },
    now: () => NOW,
    leadOrigins: [PAGE],
  });
});
afterAll(() => engine.close());

let minute = 0;
/** Each test a minute of its own: what was sent before does not count. */
beforeEach(async () => {
  minute += 1;
  await setNow(engine.deps.db.sql, new Date(NOW.getTime() + minute * 120_000));
  api = await stage.as("admin");
});

const lead = (more: object = {}) => ({
  kilde: "hjemmeside",
  submissionId: randomUUID(),
  kundeemne: { firmanavn: `Firma ${randomUUID()}` },
  ...more,
});
const count = async (): Promise<number> => {
  const [row] = await engine.deps.db.sql`select count(*)::int as n from kundeemner`;
  return row?.n;
};

test.each(["messe", "hjemmeside", "telefon", "kampagne", "reference"])(
  "S65 a lead from %s makes a record that says source, detail and date, with who asked and what was said",
  async (kilde) => {
    const answer = await api("POST", "/v1/leads", {
      body: lead({
        ...{ kilde, detalje: "Herning, stand 12", dato: "2026-11-20", besked: "Ring om priser" },
        kontaktperson: { navn: "Åse Lund", email: `${randomUUID()}@nordhavn.dk` },
      }),
    });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.lead).toMatchObject({ outcome: "made", kilde, dato: "2026-11-20", duplicates: [] });
    const record = (await api("GET", `/v1/kundeemner/${answer.body.lead.kundeemneId}`)).body;
    expect(record).toMatchObject({
      ...{ leadkilde: kilde, leadkildeDetalje: "Herning, stand 12", leadkildeDato: "2026-11-20" },
      ...{ emnetyper: ["lead"], nyesteAkt: "2026-11-20", tilladKampagne: false, gdprOk: null },
      kontaktpersoner: [{ navn: "Åse Lund", primaer: true }],
    });
    const { items } = (await api("GET", `/v1/kundeemner/${answer.body.lead.kundeemneId}/aktiviteter`)).body;
    expect(items).toMatchObject([{ notat: "Ring om priser", kontaktpersonId: record.kontaktpersoner[0].meta.id }]);
    expect((await api("GET", `/v1/leads?kundeemneId=${record.meta.id}`)).body.items).toEqual([answer.body.lead]);
  },
);

test("S65 a submission is taken in once: again, and by many at once, it is the same lead; other content is told", async () => {
  const body = lead();
  const before = await count();
  const answers = await Promise.all(Array.from({ length: 6 }, () => api("POST", "/v1/leads", { body })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
  expect(new Set(answers.map((each) => each.body.id)).size).toBe(1);
  expect(await count()).toBe(before + 1);
  const other = await api("POST", "/v1/leads", { body: { ...body, besked: "noget andet" } });
  expect(other.body).toMatchObject({ status: 422, code: "submission_reused" });
  // Another source has numbers of its own.
  expect((await api("POST", "/v1/leads", { body: { ...body, kilde: "messe" } })).status).toBe(201);
});

test("S65 a known company gets the lead as an activity and keeps its values; one in doubt is made and told to a person", async () => {
  const known = (
    await api("POST", "/v1/kundeemner", {
      body: { firmanavn: "Kendt Firma A/S", cvrNr: "13748136", telefon: "70 10 20 30" },
    })
  ).body.meta.id;
  const company = { firmanavn: "KENDT FIRMA", cvrNr: "DK 13748136", telefon: "86 12 34 56" };
  const kontaktperson = { navn: "Bo", email: "bo@kendt.dk" };
  const first = (await api("POST", "/v1/leads", { body: lead({ kundeemne: company, kontaktperson }) })).body.lead;
  expect(first).toMatchObject({ outcome: "matched", kundeemneId: known });
  const second = (
    await api("POST", "/v1/leads", {
      body: lead({ kilde: "messe", kundeemne: company, kontaktperson: { navn: "Bo L.", email: "BO@kendt.dk" } }),
    })
  ).body.lead;
  expect(second.kontaktpersonId).toBe(first.kontaktpersonId);
  const record = (await api("GET", `/v1/kundeemner/${known}`)).body;
  expect(record).toMatchObject({ firmanavn: "Kendt Firma A/S", telefon: "70 10 20 30", leadkilde: "hjemmeside" });
  expect(record.kontaktpersoner).toHaveLength(1);
  const renamed = { firmanavn: "Et Helt Andet Navn", cvrNr: "13748136" };
  const doubted = (await api("POST", "/v1/leads", { body: lead({ kundeemne: renamed }) })).body.lead;
  expect(doubted).toMatchObject({ outcome: "made", duplicates: [known] });
  const { items } = (await api("GET", "/v1/reviews?kind=duplicate")).body;
  expect(items).toMatchObject([
    {
      reason: "S65:possible_duplicate",
      entityId: doubted.kundeemneId,
      detail: { candidates: [known, doubted.kundeemneId] },
    },
  ]);
});

test("S69 a lead of an archived company neither finds nor revives it", async () => {
  const old = (await api("POST", "/v1/kundeemner", { body: { firmanavn: "Gammel", cvrNr: "45123456" } })).body.meta.id;
  await api("POST", `/v1/kundeemner/${old}/archive`, { body: { reason: "ophørt" } });
  const taken = (
    await api("POST", "/v1/leads", { body: lead({ kundeemne: { firmanavn: "Gammel", cvrNr: "45123456" } }) })
  ).body.lead;
  expect(taken).toMatchObject({ outcome: "made", duplicates: [] });
  expect((await api("GET", `/v1/kundeemner/${old}`)).body.meta.states.archived).toBe(true);
});

test("S65 a key sends only so many in a time, whatever the process, and is told when there is room again", async () => {
  const mine = await stage.as("lead");
  const answers = await Promise.all(Array.from({ length: 5 }, () => mine("POST", "/v1/leads", { body: lead() })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 429, 429]);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.body).toMatchObject({ code: "too_many_leads", retryable: true });
  expect(Number(refused?.headers.get("retry-after"))).toBe(60);
  expect((await api("POST", "/v1/leads", { body: lead() })).status).toBe(201);
  await setNow(engine.deps.db.sql, new Date(NOW.getTime() + minute * 120_000 + 60_000));
  expect((await mine("POST", "/v1/leads", { body: lead() })).status).toBe(201);
});

test("S65 a key of scope lead sends leads and is told nothing of what is known", async () => {
  const mine = await stage.as("lead");
  const answer = await mine("POST", "/v1/leads", { body: lead() });
  expect(answer.body).toEqual({ id: expect.any(String), repeated: false });
  for (const path of ["/v1/leads", "/v1/kundeemner", `/v1/leads?kundeemneId=${answer.body.id}`])
    expect((await mine("GET", path)).status).toBe(403);
  expect((await (await stage.as("read"))("POST", "/v1/leads", { body: lead() })).status).toBe(403);
});

test("S65 the browsers of listed pages may send, others are refused, and servers need no page", async () => {
  const { key } = await stage.keyOf(["lead"]);
  const preflight = (origin: string) =>
    stage.app.request("/v1/leads", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const asked = await preflight(PAGE);
  expect(asked.status).toBe(204);
  expect(asked.headers.get("access-control-allow-origin")).toBe(PAGE);
  expect(asked.headers.get("access-control-allow-headers")).toContain("authorization");
  expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
  const send = (origin: string, body: object) =>
    stage.app.request("/v1/leads", {
      method: "POST",
      headers: { origin, authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const sent = await send(PAGE, lead());
  expect([sent.status, sent.headers.get("access-control-allow-origin")]).toEqual([201, PAGE]);
  const faulty = await send(PAGE, {});
  expect([faulty.status, faulty.headers.get("access-control-allow-origin")]).toEqual([422, PAGE]);
  expect((await send("https://evil.example", lead())).status).toBe(403);
});

test.each([
  [{ kilde: "avis" }, ["/kilde not_allowed"]],
  [{ dato: "2026-11-24" }, ["/dato date_ahead"]],
  [{ kundeemne: {} }, ["/kundeemne/firmanavn missing"]],
  [{ kundeemne: { firmanavn: "A", cvrNr: "13748137" } }, ["/kundeemne/cvrNr cvr_check_digit"]],
  [{ kundeemne: { firmanavn: "A", tilladKampagne: true } }, ["/kundeemne/tilladKampagne not_allowed"]],
  [{ kontaktperson: { navn: "A", primaer: true } }, ["/kontaktperson/primaer not_allowed"]],
  [{ kontaktperson: { email: "a@b" } }, ["/kontaktperson/navn missing", "/kontaktperson/email bad_value"]],
])("a lead with %o is refused with every fault", async (more, faults) => {
  const answer = await api("POST", "/v1/leads", { body: lead(more), headers: { "accept-language": "da" } });
  expect(answer.status).toBe(422);
  const told: { pointer: string; code: string }[] = answer.body.errors;
  expect(told.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(faults);
});

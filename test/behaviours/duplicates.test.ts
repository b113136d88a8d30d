import { afterAll, beforeAll, expect, test } from "vitest";
import { workDuplicateSearch } from "../../src/pipelines/duplicates.ts";
import { loadDistinct } from "../../src/store/distinct-pairs.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ objects: { kundeemne: { create: "in" }, kontaktperson: { create: "in" } } });
});
afterAll(() => shop?.close());

const make = async (body: Record<string, unknown>): Promise<string> => {
  const answer = await shop.api("POST", "/v1/kundeemner", { body });
  expect(answer.status).toBe(201);
  return answer.body.meta.id;
};
/** A lead of a company that is known under another name: who it may be, is a person's to say. */
const lead = async (kundeemne: Record<string, unknown>, submissionId: string): Promise<string> => {
  const body = { kilde: "messe", submissionId, dato: "2026-01-02", kundeemne };
  const taken = (await shop.api("POST", "/v1/leads", { body })).body.lead;
  expect(taken.outcome).toBe("made");
  return taken.kundeemneId;
};
const open = async (kind: string) => (await shop.api("GET", `/v1/reviews?kind=${kind}`)).body.items;
const decide = (id: number, body: Record<string, unknown>) => shop.api("POST", `/v1/reviews/${id}/decision`, { body });
const stateOf = async (id: string) => {
  const answer = await shop.api("GET", `/v1/kundeemner/${id}`);
  return answer.status === 410 ? answer.body.mergedInto : "itself";
};

test("R28 a duplicate that is found leads to a merge from the review queue, into the record that is named", async () => {
  const known = await make({ firmanavn: "Kendt A/S", cvrNr: "13748136" });
  const made = await lead({ firmanavn: "Helt Andet Navn", cvrNr: "13748136", telefon: "70102030" }, "1");
  const [review] = await open("duplicate");
  expect(review).toMatchObject({ decisions: ["merge", "not_same"], detail: { candidates: [known, made] } });
  const stranger = await make({ firmanavn: "Fremmed ApS" });
  expect((await decide(review.id, { decision: "merge", target: stranger })).body).toMatchObject({ code: "bad_value" });
  expect((await decide(review.id, { decision: "merge", target: known })).status).toBe(200);
  expect(await stateOf(made)).toBe(known);
  expect((await shop.api("GET", `/v1/kundeemner/${known}`)).body).toMatchObject({
    telefon: "70102030",
    firmanavn: "Kendt A/S",
  });
  expect((await shop.api("GET", `/v1/reviews/${review.id}`)).body).toMatchObject({
    ...{ state: "decided", decision: "merge", decidedBy: "test admin" },
  });
  expect((await decide(review.id, { decision: "merge" })).body.code).toBe("side_moved");
});

test("R25 what a person has called two companies is remembered, and neither is touched", async () => {
  const known = await make({ firmanavn: "To A/S", cvrNr: "45123456" });
  const made = await lead({ firmanavn: "Noget Ganske Andet", cvrNr: "45123456" }, "2");
  const [review] = await open("duplicate");
  expect((await decide(review.id, { decision: "not_same" })).status).toBe(200);
  expect(await Promise.all([known, made].map(stateOf))).toEqual(["itself", "itself"]);
  const apart = await loadDistinct(shop.engine.deps.db.sql, [known]);
  expect(apart).toEqual(new Map([[known, new Set([made])]]));
});

test("R28 many duplicates are merged by one filter, into the older of each; what hinders one is told, and it waits on", async () => {
  const olds = [
    await make({ firmanavn: "Alfa A/S", cvrNr: "12345674" }),
    await make({ firmanavn: "Beta A/S", cvrNr: "25313763" }),
  ];
  const news = [
    await lead({ firmanavn: "Omdøbt Et", cvrNr: "12345674" }, "3"),
    await lead({ firmanavn: "Omdøbt To", cvrNr: "25313763" }, "4"),
  ];
  // Meanwhile the one turns out to be another company.
  await shop.api("PATCH", `/v1/kundeemner/${news[1]}`, { body: { cvrNr: "10150817" } });
  const body = { filter: { kind: "duplicate" }, decision: "merge", why: "Samme CVR-nummer" };
  const done = (await shop.api("POST", "/v1/reviews/decisions", { body })).body;
  expect(done).toMatchObject({ found: 2, decided: 1, failures: [{ kind: "duplicate", code: "merge_refused" }] });
  expect(done.failures[0].detail).toContain("CVR");
  expect(await Promise.all(news.map(stateOf))).toEqual([olds[0], "itself"]);
  expect(await open("duplicate")).toHaveLength(1);
});

test("R24 R28 a match case says that its records are one: they are merged, and the object stands for that one", async () => {
  const [a, b] = [
    await make({ firmanavn: "Tvilling A/S", cvrNr: "29189757", telefon: "33123456" }),
    await make({ firmanavn: "Tvilling A/S", cvrNr: "29189757", attention: "Bo" }),
  ];
  shop.erp.control.create("Debitorer", { Kontonr: "900", Navn: "Tvilling A/S", SE_Nr: "29189757", Land: "DK" });
  await shop.settle();
  const [review] = await open("match_case");
  expect(review.decisions).toEqual(["link", "merge", "not_same", "new", "ignore"]);
  expect((await decide(review.id, { decision: "merge", target: b, why: "To oprettelser" })).status).toBe(200);
  await shop.settle();
  expect(await stateOf(a)).toBe(b);
  expect(await shop.find("erp", "debitor", "900")).toMatchObject({
    meta: { id: b },
    ...{ telefon: "33123456", attention: "Bo", findesDeb: true },
  });
  expect((await shop.api("GET", `/v1/reviews/${review.id}`)).body).toMatchObject({
    state: "decided",
    decision: "merge",
  });
  expect(await open("match_case")).toEqual([]);
});

test("R28 duplicates are looked for in the background: the search is ordered, followed, and its case leads to a merge", async () => {
  const same = { adresse1: "Havnen 7", postnr: "9900", telefon: "98123456" };
  const [a, b] = [
    await make({ firmanavn: "Skagens Røgeri", ...same }),
    await make({ firmanavn: "Skagens Rogeri", ...same }),
  ];
  const ordered = await shop.api("POST", "/v1/duplicates/searches", { body: { all: true } });
  expect(ordered).toMatchObject({ status: 202, body: { since: null, endedAt: null, looked: 0 } });
  expect((await shop.api("POST", "/v1/duplicates/searches", { body: {} })).body.id).toBe(ordered.body.id);
  await workDuplicateSearch(shop.engine.deps);
  const [search] = (await shop.api("GET", "/v1/duplicates/searches")).body.items;
  expect(search).toMatchObject({ id: ordered.body.id, looked: search.records, endedAt: expect.any(String) });
  const found = (await open("duplicate")).find((each: { detail: { candidates: string[] } }) =>
    each.detail.candidates.includes(a),
  );
  expect(found.detail.candidates.toSorted()).toEqual([a, b].toSorted());
  expect((await decide(found.id, { decision: "merge", target: a })).status).toBe(200);
  expect(await stateOf(b)).toBe(a);
});

import { afterEach, expect, test } from "vitest";
import { startCreditBureau } from "../../simulators/directories/kob.ts";
import { startCompanySearch } from "../../simulators/directories/krak.ts";
import { startNne } from "../../simulators/directories/tdc.ts";
import { setNow } from "../../src/store/clock.ts";
import { adverts, nneCompanies, reported } from "../support/directories.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

const DAY = 86_400_000;
const kept: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of kept.splice(0).reverse()) await close();
});

async function open(connections: Record<string, unknown>): Promise<Shop> {
  const shop = await openShop({ connections });
  kept.push(() => shop.close());
  return shop;
}

interface Waiting {
  readonly id: number;
  readonly unit: string;
  readonly revision: number;
}

/** Looks a record up, accepts all that is proposed, and gives the record before and after. */
async function lookedUp(shop: Shop, connection: string, fields: Record<string, unknown>) {
  const { meta } = await ok(shop.api("POST", "/v1/kundeemner", { body: fields }), 201);
  const record = () => ok(shop.api("GET", `/v1/kundeemner/${meta.id}`));
  const before = await record();
  const found = await ok(shop.api("POST", `/v1/kundeemner/${meta.id}/lookup`, { body: { connection } }));
  const { items } = await ok(shop.api("GET", `/v1/reviews?kundeemne=${meta.id}&state=open&kind=proposal`));
  for (const { id, revision } of items as Waiting[])
    await ok(
      shop.api("POST", `/v1/reviews/${id}/decision`, { body: { decision: "take_theirs", revision, why: "seen" } }),
    );
  return { found, before, after: await record() };
}

const changed = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  Object.keys(after)
    .filter(
      (field) => !["meta", "links"].includes(field) && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
    )
    .sort();

test("S74 a record is looked up by its KRAK-ID, and only what is mapped is filled", async () => {
  const krak = await startCompanySearch(adverts);
  kept.push(() => krak.close());
  const { baseUrl, profile, key } = krak;
  const shop = await open({
    krak: {
      connector: "krak",
      settings: { baseUrl, profile, key, acceptUnverifiedContract: true },
      objects: { firma: { direction: "in" } },
    },
  });
  const { found, before, after } = await lookedUp(shop, "krak", { firmanavn: "Træhandlen", krakId: "10000001" });
  expect(found).toMatchObject({ state: "taken", externalId: "10000001" });
  expect(after).toMatchObject({
    firmanavn: "Nordisk Træ ApS",
    cvrNr: "12345674",
    adresse1: "Nørregade 12",
    telefon: "62 52 12 34",
  });
  expect(changed(before, after)).toEqual([
    "adresse1",
    "bynavn",
    "cvrNr",
    "firmanavn",
    "land",
    "landekode",
    "postnr",
    "soegenavn",
    "telefon",
  ]);
  expect(krak.log.every(({ query }) => query.get("search_word") === "10000001")).toBe(true);
});

test("S75 a record is looked up by its KOB-ID, only what is mapped is filled, and no credit judgement is kept", async () => {
  const kob = await startCreditBureau(reported);
  kept.push(() => kob.close());
  const { baseUrl, key } = kob;
  const shop = await open({
    kob: {
      connector: "kob",
      settings: { baseUrl, key, purpose: "Nye kunder", acceptUnverifiedContract: true },
      objects: { firma: { direction: "in" } },
    },
  });
  const { found, before, after } = await lookedUp(shop, "kob", { firmanavn: "Træhandlen", kobId: "KOB-77" });
  expect(found).toMatchObject({ state: "taken", externalId: "KOB-77" });
  expect(after).toMatchObject({ firmanavn: "Nordisk Træ ApS", cvrNr: "12345674", telefon: "62 52 12 34" });
  expect(changed(before, after)).toEqual([
    ...["adresse1", "antalMedarbejdere", "bynavn", "cvrNr", "firmanavn", "land", "landekode"],
    ...["postnr", "soegenavn", "telefon"],
  ]);
  expect(JSON.stringify(after)).not.toMatch(/66600|"D"/);
  expect(kob.charged).toMatchObject([{ id: "KOB-77", purpose: "Nye kunder" }]);
});

test("S80 what may be charged is read again only where a budget was set for it", async () => {
  const kob = await startCreditBureau(reported);
  kept.push(() => kob.close());
  const { baseUrl, key } = kob;
  const bureau = {
    connector: "kob",
    settings: { baseUrl, key, purpose: "Nye kunder", acceptUnverifiedContract: true },
    objects: { firma: { direction: "in" } },
  };
  const shop = await open({ kob: bureau, kobmed: { ...bureau, refresh: { perDay: 5 } } });
  for (const [connection, externalId] of [
    ["kob", "KOB-77"],
    ["kobmed", "KOB-78"],
  ])
    await ok(shop.api("POST", "/v1/lookups", { body: { connection, externalId } }), 201);
  expect(kob.charged.map(({ id }) => id)).toEqual(["KOB-77", "KOB-78"]);
  for (const { id } of reported) kob.expire(id);
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 31 * DAY));
  for (const connection of ["kob", "kobmed"]) await shop.engine.settle(connection);
  expect(kob.charged.map(({ id }) => id)).toEqual(["KOB-77", "KOB-78", "KOB-78"]);
});

test("S76 a record is looked up by its TDC-ID, and only what is mapped is filled", async () => {
  const tdc = await startNne(nneCompanies);
  kept.push(() => tdc.close());
  const shop = await open({
    tdc: {
      connector: "tdc",
      settings: { baseUrl: tdc.baseUrl, key: tdc.key, acceptUnverifiedContract: true },
      objects: { firma: { direction: "in" } },
    },
  });
  const { found, before, after } = await lookedUp(shop, "tdc", { firmanavn: "Træhandlen", tdcId: "200000001" });
  expect(found).toMatchObject({ state: "taken", externalId: "200000001" });
  expect(after).toMatchObject({ firmanavn: "Nordisk Træ ApS", cvrNr: "12345674", hjemmeside: "www.nordisk-trae.dk" });
  expect(changed(before, after)).toEqual([
    ...[
      "adresse1",
      "bynavn",
      "cvrNr",
      "firmanavn",
      "hjemmeside",
      "land",
      "landekode",
      "postnr",
      "soegenavn",
      "telefon",
    ],
  ]);
  // A head office and its branch have one CVR number: a person chooses.
  const several = await lookedUp(shop, "tdc", { firmanavn: "Isboden", cvrNr: "45123456" });
  expect(several.found).toMatchObject({ state: "several" });
  expect(changed(several.before, several.after)).toEqual([]);
});

test("S81 a KRAK-ID stands for one Kundeemne: a hit whose id a record has is that record", async () => {
  const krak = await startCompanySearch(adverts);
  kept.push(() => krak.close());
  const { baseUrl, profile, key } = krak;
  const shop = await open({
    krak: {
      connector: "krak",
      settings: { baseUrl, profile, key, acceptUnverifiedContract: true },
      objects: { firma: { direction: "in" } },
    },
  });
  const { meta } = await ok(
    shop.api("POST", "/v1/kundeemner", { body: { firmanavn: "Helt Andet Navn", krakId: "10000001" } }),
    201,
  );
  const taken = await ok(shop.api("POST", "/v1/lookups", { body: { connection: "krak", externalId: "10000001" } }));
  expect(taken).toMatchObject({ outcome: "linked", kundeemneId: meta.id });
});
